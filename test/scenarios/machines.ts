import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { scenario, type Scenario } from './scenario.js';
import { digestOf, type Digest } from './support/digest.js';
import { atLeast } from './support/figures.js';

const program = fileURLToPath(new URL('./support/hash-chain.ts', import.meta.url));
const seed = '5';

/** A process that differs from the others in what must not matter. */
interface Machine {
  readonly name: string;
  /** Of the engine. */
  readonly flags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Nothing compiled, a small stack and heap, one thread, and a language in which i and I are different letters. */
const strangest: Machine = {
  name: 'interpreted, 700 kB of stack, one thread',
  flags: ['--jitless', '--stack-size=700', '--max-semi-space-size=1', '--single-threaded'],
  env: { TZ: 'Pacific/Kiritimati', LC_ALL: 'tr_TR.UTF-8', UV_THREADPOOL_SIZE: '1' },
};

const others: readonly Machine[] = [
  {
    name: 'never optimised, 16 threads of input and output',
    flags: ['--no-opt'],
    env: { TZ: 'America/St_Johns', LC_ALL: 'de_DE.UTF-8', UV_THREADPOOL_SIZE: '16' },
  },
  {
    name: 'optimised at once, 300 MB of heap',
    flags: ['--always-sparkplug', '--interrupt-budget=1000', '--max-old-space-size=300'],
    env: { TZ: 'Australia/Adelaide', LC_ALL: 'ar_EG.UTF-8', UV_THREADPOOL_SIZE: '4' },
  },
];

/** The same chain in a process of its own. */
async function runOn({ flags, env }: Machine, blocks: number): Promise<Digest> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...flags, '--import', 'tsx', program, seed, `${blocks}`],
    { env: { ...process.env, NODE_OPTIONS: '', ...env } },
  );
  return JSON.parse(stdout) as Digest;
}

/** The same blocks by engines, languages, time zones, heaps and thread counts that differ. */
async function differentMachines(machines: readonly Machine[], blocks: number) {
  const [here, ...elsewhere] = await Promise.all([
    digestOf(seed, blocks),
    ...machines.map((machine) => runOn(machine, blocks)),
  ]);
  const seen: Record<string, string> = {};
  let different = 0;
  for (const [at, machine] of machines.entries()) {
    const there = elsewhere[at]!;
    assert.equal(there.timeZone, machine.env['TZ'], `${machine.name}: the time zone did not take hold`);
    assert.equal(there.locale.slice(0, 2), machine.env['LC_ALL']!.slice(0, 2), `${machine.name}: nor did the language`);
    seen[machine.name] = `${there.hash.slice(0, 16)}, ${there.locale}, ${there.timeZone}`;
    if (there.hash !== here.hash) different++;
  }
  return {
    blocks,
    'transactions accepted': here.accepted,
    fills: here.fills,
    'hash over all app hashes': here.hash.slice(0, 16),
    ...seen,
    'processes that differ': different,
  };
}

export const machines: readonly Scenario[] = [
  scenario({
    id: 'T-D8-ENGINES',
    title: 'the same blocks on machines that differ in all that must not matter',
    source: 'non-determinism in the gallery of attacks',
    expectation: 'engine settings, language, time zone, heap, stack and threads change no app hash of any block',
    run: (size) =>
      size === 'test' ? differentMachines([strangest], 120) : differentMachines([strangest, ...others], 1_000),
    check(figures) {
      assert.equal(figures['processes that differ'], 0);
      atLeast(figures, 'transactions accepted', 2 * figures.blocks);
      atLeast(figures, 'fills', 1);
    },
  }),
];
