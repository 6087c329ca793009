export { verifyBooks, verifyInclusion, type Verdict } from './verify.js';
