export * from './heap.js';
export * from './reach.js';
