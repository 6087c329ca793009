import { LeverageQueue } from '../baselines/leverage-queue.js';
import { StaticMargin, type AdlOrder } from '../baselines/static-margin.js';
import type { VenueFigures } from './figures.js';
import { ours } from './ours.js';
import { ourPieces, type Pieces } from './pieces.js';
import type { Setup } from './setup.js';

/** A venue, or ours without a piece, or another venue with a piece of ours. */
export interface Cell {
  readonly id: string;
  readonly title: string;
  /** @param rates our maintenance rate by step on this path, parts of notional */
  run(setup: Setup, seed: string, rates: readonly number[]): Promise<VenueFigures> | VenueFigures;
}

/** The chain with these pieces changed. */
const chain = (id: string, title: string, pieces: Partial<Pieces>): Cell => ({
  id,
  title,
  run: async (setup, seed) => (await ours(setup, seed, { ...ourPieces, ...pieces })).figures,
});

type Margin = 'floor' | 'moving';
/** Margin of another engine: ours at the floor, or ours as it moved. */
const ratesOf = (setup: Setup, margin: Margin, rates: readonly number[]): readonly number[] =>
  margin === 'moving' ? rates : [setup.case.maintenance];

const staticEngine = (id: string, title: string, margin: Margin, order: AdlOrder): Cell => ({
  id,
  title,
  run: (setup, seed, rates) => new StaticMargin(setup, seed, { rates: ratesOf(setup, margin, rates), order }).run(),
});

const queueEngine = (id: string, title: string, margin: Margin): Cell => ({
  id,
  title,
  run: (setup, _seed, rates) => new LeverageQueue(setup, ratesOf(setup, margin, rates)).run(),
});

const withoutKeepers = chain('no-keepers', 'ours without keepers', { keepers: false });

/** The venues as they are, for the comparison. */
export const venues: readonly Cell[] = [
  { id: 'static', title: '(a) static', run: (setup, seed) => new StaticMargin(setup, seed).run() },
  { id: 'queue', title: '(b) queue', run: (setup) => new LeverageQueue(setup).run() },
  withoutKeepers,
];

/** Ours is run first, because others borrow its rates. */
export const oursId = 'ours';

/** Section 21.5: one piece taken away at a time, and other engines with our margin or our order of deleveraging. */
export const ablations: readonly Cell[] = [
  chain('static-margin', 'ours, margin at the floor', { dynamic: false }),
  chain('no-brackets', 'ours without brackets', { brackets: false }),
  withoutKeepers,
  chain('breakers', 'ours with breakers', { breakers: true }),
  chain('whole-vault', 'ours, vault of 15 % of open interest', { wholeVault: true }),
  {
    id: 'a-one-price',
    title: '(a), each close at one price',
    run: (setup, seed) => new StaticMargin(setup, seed, { onePrice: true }).run(),
  },
  staticEngine('a-floor-random', '(a), our floor, random', 'floor', 'random'),
  staticEngine('a-floor-queue', '(a), our floor, queue', 'floor', 'queue'),
  staticEngine('a-floor-fill', '(a), our floor, water-fill', 'floor', 'water-fill'),
  staticEngine('a-moving-random', '(a), our moving margin, random', 'moving', 'random'),
  staticEngine('a-moving-queue', '(a), our moving margin, queue', 'moving', 'queue'),
  staticEngine('a-moving-fill', '(a), our moving margin, water-fill', 'moving', 'water-fill'),
  queueEngine('b-floor', '(b), our floor', 'floor'),
  queueEngine('b-moving', '(b), our moving margin', 'moving'),
];

const cells = [...venues, ...ablations];

/** Figures of these cells, and of ours, on one path. @throws Error naming a cell that does not exist */
export async function runCells(
  setup: Setup,
  seed: string,
  ids: readonly string[],
): Promise<Readonly<Record<string, VenueFigures>>> {
  const { figures, rates } = await ours(setup, seed, ourPieces);
  const found: Record<string, VenueFigures> = { [oursId]: figures };
  for (const id of ids) {
    const cell = cells.find((each) => each.id === id);
    if (cell === undefined) throw new Error(`there is no ${id}; there are ${cells.map((each) => each.id).join(', ')}`);
    found[id] = await cell.run(setup, seed, rates);
  }
  return found;
}
