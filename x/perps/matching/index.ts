export * from './auction.js';
export * from './fill.js';
