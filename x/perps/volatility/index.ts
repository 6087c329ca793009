export * from './coverage.js';
export * from './measure.js';
export * from './variance.js';
