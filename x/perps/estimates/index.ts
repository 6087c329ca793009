export * from './account.js';
export * from './columns.js';
export * from './side.js';
