export * from './acceptance.js';
export * from './concentration.js';
export * from './equity.js';
export * from './initial.js';
export * from './loading.js';
export * from './maintenance.js';
export * from './open-interest-cap.js';
