import { compare, type Compared } from '../simulation/compare/compare.js';
import type { VenueFigures } from '../simulation/compare/figures.js';
import { cases, type Case } from '../simulation/compare/setup.js';
import { targetsOf } from '../simulation/compare/targets.js';
import type { Section } from './parts.js';
import { markdownTable } from './text.js';

/** Paths for each case, and people on each. */
const seeds = Number(process.env['COMPARE_SEEDS'] ?? 50);
const holders = Number(process.env['COMPARE_HOLDERS'] ?? 400);

const percent = (part: number): string => `${(100 * part).toFixed(1)} %`;
const points = (value: number): string => value.toFixed(2);

const rows: readonly (readonly [name: string, of: (figures: VenueFigures) => string])[] = [
  ['average leverage', ({ leverage }) => leverage.toFixed(1)],
  ['bad debt, bp', ({ badDebt }) => points(badDebt)],
  ['haircut, bp', ({ haircut }) => points(haircut)],
  ['overshoot', ({ overshoot }) => (overshoot === undefined ? 'nothing taken' : overshoot.toFixed(4))],
  ['bad debt and capital lost, bp', ({ loss }) => points(loss)],
  ['largest loss of capital', ({ drawdown }) => percent(drawdown)],
  ['deleveraged, part of open interest', ({ deleveraged }) => percent(deleveraged)],
  ['accounts liquidated', ({ liquidated }) => percent(liquidated)],
  ['of all accounts, liquidated unnecessarily', ({ unnecessary }) => percent(unnecessary)],
  ['equity left to the liquidated', ({ equityLeft }) => percent(equityLeft)],
  ['seconds under margin, mean', ({ unsafeMean }) => unsafeMean.toFixed(0)],
  ['seconds under margin, 99th percentile', ({ unsafeP99 }) => unsafeP99.toFixed(0)],
];

function text(each: Case, compared: Compared): string {
  const table = markdownTable([
    ['', '(a) static', '(b) queue', 'ours'],
    ...rows.map(([name, of]) => [name, of(compared.static), of(compared.queue), of(compared.ours)]),
  ]);
  const targets = targetsOf(each, compared.ours, compared.static);
  const verdicts = markdownTable([
    ['target of section 21.5', 'asked', 'got', ''],
    ...targets.map(({ name, asked, got, holds }) => [name, asked, got, holds ? 'holds' : '**missed**']),
  ]);
  return `Means over seeds 1 to ${seeds}, ${holders} accounts on each path.\n\n${table}\n\n${verdicts}`;
}

export const comparison: Section = {
  title: 'Side by side',
  introduction: [
    'The same people with the same leverage, the same prices and the same book at three venues: (a) static margin, where a close is filled, insured, or deleveraged at random; (b) a queue by profit and leverage with a vault; ours, the real chain with signed orders.',
    '(a) and (b) are our own small models of what the dYdX chain and Hyperliquid describe (`test/simulation/baselines`), not their code. One market of class A (major) or C (alt); every account pays the same initial margin at each venue, 2.5 % or 10 %, and the venues differ in what they call maintenance: (a) 60 % of it, (b) and ours 50 %, ours moving with volatility. Capital behind the market is 1.5 % of open interest everywhere: a fund for (a), a vault for (b), half of each for ours. The book grows in proportion to the distance from the price, is filled anew in each step, and gets thin as prices move, down to 6 % of what it is in calm. One account in five brings its equity a second time when it runs short. Steps are 10 s, in the slow cases 60 s. Amounts in basis points are of both sides of open interest.',
    'What is left out: keepers, new positions, several markets, and whatever a venue does by hand. `make compare` measures this section anew; `COMPARE_SEEDS` and `COMPARE_HOLDERS` say how often and with how many.',
  ].join('\n\n'),
  parts: cases.map((each) => ({
    id: `compare-${each.id}`,
    heading: each.title,
    write: async (say) => text(each, await compare(each, seeds, holders, say)),
  })),
};
