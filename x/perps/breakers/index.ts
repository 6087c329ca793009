export { collarOf, type Collar } from './call-auction.js';
export * from './modes.js';
export * from './standing.js';
