export { readInputs, type ReplayFlags, type ReplayInputs } from './inputs.js';
export { progress } from './progress.js';
export { requireWritable, statusOf, writeReport, type ReplayReport } from './report.js';
export { replay, type ReplayOptions, type ReplayOutcome } from './run.js';
