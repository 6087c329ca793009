export * from './allocate.js';
export * from './contributions.js';
export * from './haircut.js';
export * from './limits.js';
export * from './penalty.js';
export * from './plan-close.js';
export * from './trigger.js';
export * from './water-fill.js';
