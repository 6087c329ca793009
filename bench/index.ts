import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { table } from '../cmd/plimsolld/output.js';
import { abciBench } from './abci.js';
import { marginBench } from './margin.js';
import { matchingBench } from './matching.js';
import { quick, verificationsPerSecond, type Measurements } from './measure.js';
import { networkBench } from './network.js';
import { replayBench } from './replay.js';
import { statesyncBench } from './statesync.js';
import { storeBench } from './store.js';
import { throughputBench } from './throughput.js';

/** Runs every benchmark, prints a table and writes bench/results.json. docs/performance.md says what the figures mean. */
async function main(): Promise<void> {
  const say = (text: string): boolean => process.stderr.write(`${text}\n`);
  if (quick) say('PLIMSOLL_BENCH_QUICK=1: short runs, nothing above 10,000 accounts or keys');
  say('signatures ...');
  const verifications = verificationsPerSecond();
  let results: Measurements = {};
  const benches: readonly (readonly [name: string, run: () => Measurements | Promise<Measurements>])[] = [
    ['matching', matchingBench],
    ['margin', marginBench],
    ['throughput', () => throughputBench(verifications)],
    ['store', storeBench],
    ['abci', abciBench],
    ['statesync', statesyncBench],
    ['replay', () => replayBench(verifications)],
    ['network', networkBench],
    ['risk', riskInItsOwnProcess],
  ];
  for (const [name, run] of benches) {
    say(`${name} ...`);
    results = { ...results, ...(await run()) };
  }
  const path = join('bench', 'results.json');
  writeFileSync(path, `${JSON.stringify(results, null, 2)}\n`);
  const rows = Object.entries(results).map(([name, { value, unit, baseline, ratio }]) => [
    name,
    `${value}`,
    unit,
    `${baseline}`,
    `${ratio}`,
  ]);
  process.stdout.write(`${table([['name', 'value', 'unit', 'baseline', 'ratio'], ...rows])}\n`);
  say(`written to ${path}`);
}

/** Megabytes of heap for a million accounts. */
const riskHeap = 8_192;

/** The risk benchmark with a heap of its own. */
function riskInItsOwnProcess(): Promise<Measurements> {
  const self = fileURLToPath(import.meta.url);
  const child = fork(self.replace(/index\.(js|ts)$/, `risk-process${extname(self)}`), {
    execArgv: [...process.execArgv, `--max-old-space-size=${riskHeap}`],
    stdio: 'inherit',
  });
  return new Promise((resolve, reject) => {
    child.once('message', (results) => resolve(results as Measurements));
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      reject(new Error(`the risk benchmark ended early: ${signal ?? `status ${code}`}`)),
    );
  });
}

await main();
