export type { AuctionFill } from './allocate.js';
export * from './auction.js';
export * from './fill.js';
export * from './levels.js';
export * from './net.js';
export type { SelfTrade } from './self-trade.js';
