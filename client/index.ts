export * from './amounts.js';
export * from './plimsoll.js';
export * from './solvency/index.js';
export * from './trace/index.js';
