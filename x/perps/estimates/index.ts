export * from './account.js';
export * from './columns.js';
export * from './screen.js';
export * from './side.js';
