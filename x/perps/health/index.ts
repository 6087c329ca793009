export * from './can-fail.js';
export * from './heap.js';
export * from './reach.js';
