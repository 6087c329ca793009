export * from './amounts.js';
export * from './plimsoll.js';
