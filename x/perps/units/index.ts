export * from './amounts.js';
export * from './rounding.js';
