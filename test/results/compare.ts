import { oursId, venues } from '../simulation/compare/cells.js';
import { meansOf, type Compared } from '../simulation/compare/compare.js';
import { cases, type Case } from '../simulation/compare/setup.js';
import { targetsOf } from '../simulation/compare/targets.js';
import type { Section } from './parts.js';
import { runAll } from './pool.js';
import { markdownTable } from './text.js';
import { venueRows } from './venue-rows.js';

/** People on each path. */
export const holders = Number(process.env['COMPARE_HOLDERS'] ?? 120);
/** Paths of a case: `COMPARE_SEEDS` for all, or for some, like 50,major-grind=10. */
export const seedsOf = (text: string, id: string): number => {
  const words = text.split(',').map((word) => word.split('='));
  return Number(words.find(([name, count]) => name === id && count !== undefined)?.[1] ?? words[0]!.at(-1));
};
const seeds = process.env['COMPARE_SEEDS'] ?? '50';

/** The same cells on paths 1 to n of a case. */
export function measure(
  each: Case,
  count: number,
  cells: readonly string[],
  say: (text: string) => void,
): Promise<Compared[]> {
  const paths = Array.from({ length: count }, (_, at) => ({
    caseId: each.id,
    seed: String(at + 1),
    holders,
    cells,
  }));
  return runAll(paths, (finished) => say(`  ${each.title}: ${finished} of ${count} paths`));
}

async function text(each: Case, say: (text: string) => void): Promise<string> {
  const count = seedsOf(seeds, each.id);
  const ids = venues.map(({ id }) => id);
  const runs = await measure(each, count, ids, say);
  const means = meansOf(runs, ids);
  const own = means[oursId]!;
  const columns = [...venues.slice(0, 2), { id: oursId, title: 'ours' }, ...venues.slice(2)];
  const table = markdownTable([
    ['', ...columns.map(({ title }) => title)],
    ...venueRows.map(([name, of]) => [name, ...columns.map(({ id }) => of(means[id]!))]),
  ]);
  const targets = targetsOf(each, own, means['static']!);
  const verdicts = markdownTable([
    ['target of section 21.5', 'asked', 'got', ''],
    ...targets.map(({ name, asked, got, holds }) => [name, asked, got, holds ? 'holds' : '**missed**']),
  ]);
  return `Means over seeds 1 to ${count}, ${holders} accounts on each path, average leverage ${own.leverage.toFixed(1)}.\n\n${table}\n\n${verdicts}`;
}

export const comparison: Section = {
  title: 'Side by side',
  introduction: [
    'The same people with the same leverage, the same prices and the same book at three venues: (a) static margin, where a close is filled, insured, or deleveraged at random; (b) a queue by profit and leverage with a vault; ours, the real chain with signed orders, with and without a keeper.',
    '(a) and (b) are our own small models of what the dYdX chain and Hyperliquid describe (`test/simulation/baselines`), not their code. One market of class A (major) or C (alt); every account pays the same initial margin at each venue, 2.5 % or 10 %, and the venues differ in what they call maintenance: (a) 60 % of it, (b) and ours 50 %, ours moving with volatility. The median position is 30,000 USDC (alt: 10,000), between median and mean of the accounts recorded on 10 October 2025. The book grows in proportion to the distance from the price, is filled anew in each step, and gets thin as prices move, down to 6 % of what it is in calm. One account in five brings its equity a second time when it runs short. Steps are 10 s, in the slow cases 60 s. (a) and (b) act once in a step; our chain makes a block each second while somebody is failing and something closes, ten in ten seconds at most, on the same quotes. Amounts in basis points are of both sides of open interest.',
    'Capital behind the market is 1.5 % of open interest everywhere: a fund for (a), a vault for (b); of ours half is the fund, and vault and keeper share the rest. The keeper runs the rules of `client/keeper`: it bids a tenth, a fifth and two fifths of the maintenance rate below the mark, holds twice what it has at most, sells a fifth of it a step within half a per cent, and stops when half is lost. Bad debt is how far accounts fell below zero, whoever paid for it, as in section 21.4; takers are those who take positions over. (a) keeps what a closed account has left, up to 1.5 % of the position, which is where its fund gains.',
    'What is left out: new positions, several markets, breakers (see the next section), and whatever a venue does by hand. `make compare` measures this section anew; `COMPARE_SEEDS` and `COMPARE_HOLDERS` say on how many paths and with how many accounts (`COMPARE_SEEDS=50,major-grind=10` takes fewer for one case), `JOBS` in how many processes. Why targets are missed is in [ADR 0027](adr/0027-side-by-side.md).',
  ].join('\n\n'),
  parts: cases.map((each) => ({
    id: `compare-${each.id}`,
    heading: each.title,
    write: (say) => text(each, say),
  })),
};
