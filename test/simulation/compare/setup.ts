import { Randomness, type Draws } from '../../../cmd/plimsolld/replay/random.js';
import type { ClassName } from '../../../x/perps/params.js';

/** A way down, or down and up again. risk-model section 21.4. */
export interface Case {
  readonly id: string;
  readonly title: string;
  readonly kind: 'crash' | 'vee' | 'grind';
  readonly className: ClassName;
  /** First price, USD. */
  readonly price: number;
  /** The lowest point, as a part of the first price: -0.14. */
  readonly fall: number;
  readonly stepSeconds: number;
  /** Steps that the fall takes; a vee takes as many to come back. */
  readonly steps: number;
  /** Initial and maintenance margin in calm, as parts of notional: the same leverage for every venue. */
  readonly initial: number;
  readonly maintenance: number;
  /** Of the notional of positions, USDC. */
  readonly median: number;
}

const major = { className: 'A', price: 60_000, initial: 0.025, maintenance: 0.0125, median: 30_000 } as const;
const alt = { className: 'C', price: 2.5, initial: 0.1, maintenance: 0.05, median: 10_000 } as const;

export const cases: readonly Case[] = [
  {
    ...major,
    id: 'major-crash',
    title: 'major -14 % in 30 min',
    kind: 'crash',
    fall: -0.14,
    stepSeconds: 10,
    steps: 180,
  },
  {
    ...major,
    id: 'major-vee',
    title: 'major -7 % in 3 min, and back',
    kind: 'vee',
    fall: -0.07,
    stepSeconds: 10,
    steps: 18,
  },
  { ...major, id: 'major-grind', title: 'major -20 % in 12 h', kind: 'grind', fall: -0.2, stepSeconds: 60, steps: 720 },
  { ...alt, id: 'alt-crash', title: 'alt -55 % in 30 min', kind: 'crash', fall: -0.55, stepSeconds: 10, steps: 180 },
  {
    ...alt,
    id: 'alt-vee',
    title: 'alt -25 % in 3 min, and back',
    kind: 'vee',
    fall: -0.25,
    stepSeconds: 10,
    steps: 18,
  },
  { ...alt, id: 'alt-grind', title: 'alt -35 % in 12 h', kind: 'grind', fall: -0.35, stepSeconds: 60, steps: 720 },
];

/** Somebody with a position when the path begins. USDC. */
export interface Holder {
  readonly long: boolean;
  readonly notional: number;
  readonly equity: number;
  /** What it adds once when its margin runs short; zero for most. */
  readonly reserve: number;
}

/** What every venue gets: the same people, prices and books. */
export interface Setup {
  readonly case: Case;
  readonly holders: readonly Holder[];
  /** USD, for each step; beyond the last step that is run, what came in the hour after. */
  readonly path: readonly number[];
  /** Steps that venues run. */
  readonly steps: number;
  /** USDC on each side of the book within one per cent of the price, at each step. */
  readonly depth: readonly number[];
  /** Open interest, one side, USDC. */
  readonly interest: number;
  /** Capital that stands behind the market, in whatever form a venue keeps it. USDC. */
  readonly capital: number;
}

/** Steps of calm before, and minutes after the event that are run. */
const calmSteps = 6;
const afterMinutes = 5;
const hourSeconds = 3_600;
/** Capital behind a market, as a part of open interest. */
const capitalPart = 0.015;
/** Depth within one per cent in calm, as a part of open interest, and what is left of it at worst. */
const calmDepth = { A: 0.12, B: 0.08, C: 0.05, D: 0.03 } as const;
const worstDepth = 0.06;

const unit = (draws: Draws): number => draws.below(1_000_000) / 1_000_000;
/** Nearly normal: the sum of twelve uniform draws. */
const normal = (draws: Draws): number => Array.from({ length: 12 }, () => unit(draws)).reduce((a, b) => a + b, -6);

export function setupOf(each: Case, seed: string, holders: number): Setup {
  const random = new Randomness(`compare ${each.id} ${seed}`);
  const people = crowd(each, random.at(0, 1), holders);
  const interest = people.filter(({ long }) => long).reduce((sum, { notional }) => sum + notional, 0);
  const path = pathOf(each, random.at(0, 2));
  const event = calmSteps + each.steps * (each.kind === 'vee' ? 2 : 1);
  return {
    case: each,
    holders: people,
    path,
    steps: event + Math.ceil((afterMinutes * 60) / each.stepSeconds),
    depth: depthOf(each, path, interest),
    interest,
    capital: interest * capitalPart,
  };
}

/** Pairs of a long and a short of the same size; one in five has a reserve; leverage from a tenth of what is allowed to nearly all. */
function crowd({ initial, median }: Case, draws: Draws, count: number): Holder[] {
  return Array.from({ length: Math.ceil(count / 2) }, () => {
    const notional = Math.round(median * Math.exp(normal(draws)));
    return [true, false].map((long): Holder => {
      // Twice as many use much of what is allowed as use little of it.
      const used = 0.1 + 0.85 * Math.sqrt(unit(draws));
      const equity = (notional * initial) / used;
      return { long, notional, equity, reserve: unit(draws) < 0.2 ? equity : 0 };
    });
  }).flat();
}

/** Calm, the event along a straight line in logarithms with noise on it, and an hour of what came after. */
function pathOf({ kind, price, fall, stepSeconds, steps }: Case, draws: Draws): number[] {
  const depth = Math.log(1 + fall);
  const noise = (Math.abs(depth) / Math.sqrt(steps)) * 0.2;
  const tail = Math.ceil(((afterMinutes + 60) * 60) / stepSeconds) + 1;
  const path = [price];
  let wander = 0;
  const push = (level: number, jitter: number): void => {
    wander += normal(draws) * jitter;
    // The noise is pulled back, so that the lowest point is nearly what the case says.
    wander *= 0.9;
    path.push(price * Math.exp(level + wander));
  };
  const calm = 0.0002 * Math.sqrt(stepSeconds / 10);
  for (let step = 0; step < calmSteps; step++) push(0, calm);
  for (let step = 1; step <= steps; step++) push((depth * step) / steps, noise);
  if (kind === 'vee') for (let step = 1; step <= steps; step++) push(depth * (1 - (0.9 * step) / steps), noise);
  const level = kind === 'vee' ? depth * 0.1 : depth;
  // A tenth of the fall comes back within the hour.
  for (let step = 1; step <= tail; step++) push(level * (1 - (0.1 * step) / tail), calm * 2);
  return path;
}

/** Books get thin as fast as prices move, and come back within minutes. */
function depthOf({ className, stepSeconds }: Case, path: readonly number[], interest: number): number[] {
  const decay = Math.exp(-stepSeconds / 300);
  let speed = 0;
  return path.map((price, step) => {
    const move = step === 0 ? 0 : Math.abs(Math.log(price / path[step - 1]!));
    speed = speed * decay + move;
    return interest * calmDepth[className] * Math.max(worstDepth, 1 / (1 + 40 * speed));
  });
}

/** Price an hour after a step, if the path goes so far. */
export const anHourAfter = ({ path, case: { stepSeconds } }: Setup, step: number): number | undefined =>
  path[step + Math.ceil(hourSeconds / stepSeconds)];

/** Quotes on one side of the book: distance from the price, and USDC there. Cumulated they grow in proportion to the distance. */
const distances = [0.0002, 0.0005, 0.001, 0.002, 0.0035, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.1] as const;
export const ladder = (depth: number): readonly (readonly [distance: number, notional: number])[] =>
  distances.map((distance, index) => [distance, depth * 100 * (distance - (distances[index - 1] ?? 0))] as const);
