export * from './index-accrual.js';
export * from './premium.js';
export * from './rate.js';
