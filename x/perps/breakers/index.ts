export { collarOf, type Collar } from './rules/call-auction.js';
export * from './rules/modes.js';
export * from './standing.js';
