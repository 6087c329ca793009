export * from './amounts.js';
export * from '../../../runtime/math/integers.js';
