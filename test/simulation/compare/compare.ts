import { LeverageQueue } from '../baselines/leverage-queue.js';
import { StaticMargin } from '../baselines/static-margin.js';
import { meanOf, type VenueFigures } from './figures.js';
import { ours } from './ours.js';
import { setupOf, type Case } from './setup.js';

/** The same path for three venues. */
export interface Compared {
  readonly static: VenueFigures;
  readonly queue: VenueFigures;
  readonly ours: VenueFigures;
}

export async function compareOnce(each: Case, seed: string, holders: number): Promise<Compared> {
  const setup = setupOf(each, seed, holders);
  return {
    static: new StaticMargin(setup, seed).run(),
    queue: new LeverageQueue(setup).run(),
    ours: await ours(setup, seed),
  };
}

/** Means over seeds 1 to n. */
export async function compare(
  each: Case,
  seeds: number,
  holders: number,
  say: (text: string) => void,
): Promise<Compared> {
  const runs: Compared[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    runs.push(await compareOnce(each, String(seed), holders));
    say(`  ${each.title}: seed ${seed} of ${seeds}`);
  }
  return {
    static: meanOf(runs.map((run) => run.static)),
    queue: meanOf(runs.map((run) => run.queue)),
    ours: meanOf(runs.map((run) => run.ours)),
  };
}
