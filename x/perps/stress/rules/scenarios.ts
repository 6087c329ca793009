import { abs, clamp, million } from '../../../../runtime/math/integers.js';
import type { MarketId, Ppb, Quote, SolvencyClass } from '../../types.js';
import { classStress } from './class-stress.js';

/** A market as scenarios see it. */
export interface StressMarket {
  readonly id: MarketId;
  readonly class: SolvencyClass;
  readonly cluster: number;
  /** Standard deviation forecast for a day. */
  readonly sigmaDay: Ppb;
  /** Slope of its returns on the index's, ppm; undefined while nobody has measured it long enough. */
  readonly beta: bigint | undefined;
  readonly openInterest: Quote;
}

/** One joint move of all markets. */
export interface Scenario {
  readonly name: string;
  /** Move of each market in ppm, in the order of the markets that it was made for. */
  readonly shocks: readonly bigint[];
  /** Move of stable-coins that are collateral, ppm. */
  readonly stableShock: bigint;
  /** Closing costs as if books were half as deep. */
  readonly thinBook: boolean;
}

/** No price falls by more than this or rises by more than that, ppm. */
const farthestFall = -950_000n;
const farthestRise = 2_000_000n;
/** A wild market moves at most so many times as far as the calmest, ppm. */
const widestRatio = 5_000_000n;
const widestBeta = 5_000_000n;
/** What others do in a fall of class A, in halves of their beta. */
const betaHalves = 3n;
/** Clusters and markets that are stressed alone: those with the most open interest. */
const mostClusters = 4;
const mostMarkets = 8;

const uniform = [50_000n, 100_000n, 200_000n, 300_000n] as const;
const classAFall = -150_000n;
const decoupledRise = 100_000n;
const decoupledFall = -200_000n;
const stableFall = -50_000n;
const thinFall = -200_000n;

/**
 * Moves of 30 minutes and of a day on the days of section 21.3, by class, in
 * thousandths: rounded by hand, worst of what markets of such a size did.
 */
const crashes: readonly (readonly [name: string, moves: Readonly<Record<SolvencyClass, bigint>>])[] = [
  ['2020-03-12 30m', { A: -180n, B: -220n, C: -250n, D: -300n }],
  ['2020-03-12 24h', { A: -400n, B: -450n, C: -500n, D: -550n }],
  ['2021-05-19 30m', { A: -140n, B: -180n, C: -220n, D: -280n }],
  ['2021-05-19 24h', { A: -300n, B: -400n, C: -450n, D: -550n }],
  ['2022-05-11 30m', { A: -60n, B: -100n, C: -180n, D: -500n }],
  ['2022-05-11 24h', { A: -120n, B: -200n, C: -350n, D: -950n }],
  ['2022-11-09 30m', { A: -60n, B: -90n, C: -150n, D: -350n }],
  ['2022-11-09 24h', { A: -170n, B: -220n, C: -350n, D: -750n }],
  ['2024-08-05 30m', { A: -80n, B: -110n, C: -130n, D: -180n }],
  ['2024-08-05 24h', { A: -160n, B: -220n, C: -280n, D: -350n }],
  ['2025-10-10 30m', { A: -120n, B: -180n, C: -550n, D: -750n }],
  ['2025-10-10 24h', { A: -140n, B: -220n, C: -500n, D: -650n }],
];

const bounded = (shock: bigint): bigint => clamp(shock, farthestFall, farthestRise);

/** How much wilder each market is than the calmest of the best class, ppm: never calmer. */
export function sigmaRatios(markets: readonly Pick<StressMarket, 'class' | 'sigmaDay'>[]): bigint[] {
  let best: SolvencyClass = 'D';
  for (const each of markets) if (each.class < best) best = each.class;
  let calmest = 0n;
  for (const { class: name, sigmaDay } of markets)
    if (name === best && sigmaDay > 0n && (calmest === 0n || sigmaDay < calmest)) calmest = sigmaDay;
  return markets.map(({ sigmaDay }) =>
    calmest === 0n ? million : clamp((sigmaDay * million) / calmest, million, widestRatio),
  );
}

/**
 * The stress scenarios of risk-model section 19.1: 24 that every chain has,
 * and up to 24 in which one cluster or one market moves alone, those with
 * the most open interest. Pure: the same markets give the same list in the
 * same order. O(markets * scenarios).
 * @param markets in order of id
 */
export function stressScenarios(markets: readonly StressMarket[]): Scenario[] {
  const ratios = sigmaRatios(markets);
  const scenario = (
    name: string,
    shockOf: (market: StressMarket, place: number) => bigint,
    changes: Partial<Pick<Scenario, 'stableShock' | 'thinBook'>> = {},
  ): Scenario => ({
    name,
    shocks: markets.map((market, place) => bounded(shockOf(market, place))),
    stableShock: 0n,
    thinBook: false,
    ...changes,
  });
  const scaled = (shock: bigint) => (_: StressMarket, place: number) => (shock * ratios[place]!) / million;
  const found: Scenario[] = [];
  for (const size of uniform)
    for (const shock of [-size, size]) found.push(scenario(`all ${percent(shock)}`, scaled(shock)));
  found.push(
    scenario(`class A ${percent(classAFall)}, others by beta`, (market, place) =>
      market.class === 'A'
        ? classAFall
        : (classAFall * betaHalves * clamp(market.beta ?? ratios[place]!, 0n, widestBeta)) / (2n * million),
    ),
    scenario(`class A ${percent(decoupledRise)}, others ${percent(decoupledFall)}`, (market) =>
      market.class === 'A' ? decoupledRise : decoupledFall,
    ),
    scenario(`stable-coins ${percent(stableFall)}`, () => 0n, { stableShock: stableFall }),
    scenario(`all ${percent(thinFall)}, books half as deep`, scaled(thinFall), { thinBook: true }),
  );
  for (const [name, moves] of crashes) found.push(scenario(name, (market) => moves[market.class] * 1_000n));
  for (const cluster of largestClusters(markets)) {
    for (const sign of [-1n, 1n])
      found.push(
        scenario(`cluster ${cluster} ${sign < 0n ? 'falls' : 'rises'} by its gaps`, (market) =>
          market.cluster === cluster ? sign * classStress[market.class].gap : 0n,
        ),
      );
  }
  for (const { id, class: name } of largest(markets)) {
    for (const sign of [-1n, 1n]) {
      const shock = sign * classStress[name].gap;
      found.push(scenario(`market ${id} ${percent(shock)}`, (market) => (market.id === id ? shock : 0n)));
    }
  }
  return found;
}

/** "-15 %" of whole percents in ppm. */
const percent = (shock: bigint): string => `${shock < 0n ? '-' : '+'}${abs(shock) / 10_000n} %`;

/** The markets with the most open interest, in order of id. */
function largest(markets: readonly StressMarket[]): StressMarket[] {
  return [...markets]
    .sort((a, b) => (a.openInterest !== b.openInterest ? (a.openInterest > b.openInterest ? -1 : 1) : a.id - b.id))
    .slice(0, mostMarkets)
    .sort((a, b) => a.id - b.id);
}

/** Clusters of at least two markets with the most open interest, in order of number; a market alone is stressed as a market. */
function largestClusters(markets: readonly StressMarket[]): number[] {
  const sums = new Map<number, { interest: bigint; markets: number }>();
  for (const { cluster, openInterest } of markets) {
    const known = sums.get(cluster) ?? { interest: 0n, markets: 0 };
    sums.set(cluster, { interest: known.interest + openInterest, markets: known.markets + 1 });
  }
  return [...sums]
    .filter(([, { markets: count }]) => count > 1)
    .sort(([a, { interest: x }], [b, { interest: y }]) => (x !== y ? (x > y ? -1 : 1) : a - b))
    .slice(0, mostClusters)
    .map(([cluster]) => cluster)
    .sort((a, b) => a - b);
}
