import { riskBench } from './risk.js';

// A million accounts need more heap than Node takes by itself: see index.ts, which starts this.
process.send!(await riskBench());
process.disconnect();
