import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import { Presets, SingleBar } from 'cli-progress';
import { table } from '../../cmd/plimsolld/output.js';
import { simulate, type Tally } from './simulation.js';

interface Flags {
  readonly seed?: string;
  readonly seeds: number;
  readonly first: number;
  readonly blocks: number;
  readonly actors: number;
  readonly jobs: number;
  readonly shadow: boolean;
  readonly verbose: boolean;
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('expected a positive integer.');
  return value;
}

function summary(tally: Tally): string {
  const rows = [...tally.sent].sort().map(([name, { accepted, refused }]) => [name, `${accepted}`, `${refused}`]);
  const events = [...tally.events].sort().map(([name, count]) => `${name.replace('Event', '')} ${count}`);
  return `${table([['sent', 'accepted', 'refused'], ...rows])}\n\n${events.join(', ')}\nrestarts ${tally.restarts}, exports ${tally.exports}`;
}

/** Shares the seeds out among processes, each of which says what it found. */
async function inParallel({ first, seeds, blocks, actors, jobs, shadow }: Flags): Promise<void> {
  const share = Math.ceil(seeds / jobs);
  const runs = Array.from({ length: Math.ceil(seeds / share) }, (_, job) => {
    const mine = Math.min(share, seeds - job * share);
    const args = ['--first', first + job * share, '--seeds', mine, '--blocks', blocks, '--actors', actors].map(String);
    const all = [...process.execArgv, fileURLToPath(import.meta.url), ...args, ...(shadow ? ['--shadow'] : [])];
    // Without a terminal a process writes lines, which do not overwrite each other.
    const child = spawn(process.execPath, all, { stdio: ['ignore', 'inherit', 'pipe'] });
    child.stderr.pipe(process.stderr, { end: false });
    return new Promise<boolean>((resolve) => child.once('exit', (code) => resolve(code === 0)));
  });
  const held = await Promise.all(runs);
  process.exitCode = held.every(Boolean) ? 0 : 1;
}

async function main(flags: Flags): Promise<void> {
  if (flags.jobs > 1 && flags.seed === undefined) return inParallel(flags);
  const seeds =
    flags.seed === undefined
      ? Array.from({ length: flags.seeds }, (_, index) => String(flags.first + index))
      : [flags.seed];
  const bar = new SingleBar(
    {
      format: '{bar} seed {seed}  {value}/{total} blocks  {note}  {eta_formatted} left',
      stream: process.stderr,
      noTTYOutput: false,
    },
    Presets.shades_classic,
  );
  bar.start(seeds.length * flags.blocks, 0, { seed: seeds[0], note: '' });
  let failures = 0;
  for (const [index, seed] of seeds.entries()) {
    const started = process.hrtime.bigint();
    try {
      const tally = await simulate({
        seed,
        blocks: flags.blocks,
        actors: flags.actors,
        shadow: flags.shadow,
        onBlock: (block, { events }) => {
          if (block % 20 !== 0 && block !== flags.blocks) return;
          const liquidations = events.get('EventLiquidation') ?? 0;
          const deficits = events.get('EventDeficit') ?? 0;
          bar.update(index * flags.blocks + block, {
            seed,
            note: `${liquidations} liquidations, ${deficits} deficits`,
          });
        },
      });
      const perSecond = (flags.blocks * 1e9) / Number(process.hrtime.bigint() - started);
      if (!process.stderr.isTTY || flags.verbose)
        process.stderr.write(`seed ${seed}: ${flags.blocks} blocks hold, ${perSecond.toFixed(0)} a second\n`);
      if (flags.verbose || seeds.length === 1) {
        process.stdout.write(`${summary(tally)}\n`);
        if (flags.verbose) for (const [name, reason] of tally.reasons) process.stdout.write(`${name}: ${reason}\n`);
      }
    } catch (error) {
      failures++;
      process.stderr.write(`\n${(error as Error).message}\n`);
      if (flags.verbose) process.stderr.write(`${((error as Error).cause as Error | undefined)?.stack ?? ''}\n`);
    }
  }
  bar.stop();
  process.stdout.write(`${seeds.length - failures} of ${seeds.length} seeds hold for ${flags.blocks} blocks each\n`);
  process.exitCode = failures === 0 ? 0 : 1;
}

await new Command('simulation')
  .description('random people on the real chain in random weather: every block is recounted and judged')
  .option('--seed <text>', 'one seed, to see a failure again')
  .option('--seeds <n>', 'so many seeds, counted from --first', positive, 1)
  .option('--first <n>', 'the first of them', positive, 1)
  .option('--blocks <n>', 'blocks for each seed', positive, 1_000)
  .option('--actors <n>', 'people who send transactions', positive, 40)
  .option('--jobs <n>', 'processes that share the seeds', positive, 1)
  .option('--shadow', 'a second application without derived indexes executes every block too', false)
  .option('--verbose', 'what was sent, accepted and refused, and why', false)
  .addHelpText(
    'after',
    `
Exit status: 0 when every identity and invariant held after every block of every seed.

Examples:
  node --import tsx test/simulation/run.ts --seed 7 --blocks 2000 --verbose
  node --import tsx test/simulation/run.ts --seeds 100 --blocks 10000 --jobs 2`,
  )
  .action(main)
  .parseAsync();
