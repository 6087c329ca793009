export * from './explain.js';
export type { Check } from './sheet.js';
