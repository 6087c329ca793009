export * from './advance.js';
export * from './impact.js';
export * from './mark-price.js';
export * from './time-average.js';
