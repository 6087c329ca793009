import type { MarketTally, TrancheTally } from '../../../../gen/plimsoll/perps/v1/stress.js';
import { CollateralKind } from '../../../../gen/plimsoll/perps/v1/collateral.js';
import type { Context } from '../../../../runtime/baseapp/context.js';
import { cdiv, max, million } from '../../../../runtime/math/integers.js';
import type { Deps } from '../../deps.js';
import { assetValue, concentration, equity, maintenanceMargin } from '../../margin/index.js';
import { quote, type AccountView, type MarketId, type Markets, type MarketView, type Quote } from '../../types.js';
import { notional, positionValue } from '../../units/index.js';
import { liquidationDistance } from '../rules/distance.js';
import { shortfalls, type StressAccount } from '../rules/shortfall.js';
import { count, type Tally } from '../rules/tally.js';
import type { Frozen } from './basis.js';
import { stressStore, type TrancheRef } from './store.js';
import { classTrancheOf, globalTranche, isShared, marketTranche } from './tranches.js';

/** Distances at which projected liquidations are counted, ppm: what positions a move of 2, 5 and 10 % would liquidate. */
export const bandDistances = [20_000n, 50_000n, 100_000n] as const;
/** Largest positions that are kept of each market. */
const largestKept = 10;

interface MarketCount {
  readonly bands: { longs: bigint; shorts: bigint }[];
  largest: bigint[];
  notional: bigint;
  positions: bigint;
}

/** What a block adds to the counts of a round: each count is read once and written once. */
export class Round {
  readonly #ctx: Context;
  readonly #frozen: Frozen;
  readonly #markets: Markets;
  readonly #penaltyMin: bigint;
  /** How collateral moves: with which market, or as stable-coins do. */
  readonly #assets: ReadonlyMap<number, { readonly place: number | undefined; readonly stable: boolean }>;
  readonly #tallies = new Map<string, { readonly id: TrancheRef; readonly tally: Tally }>();
  readonly #counts = new Map<MarketId, MarketCount>();

  constructor(ctx: Context, { keeper }: Deps, frozen: Frozen) {
    this.#ctx = ctx;
    this.#frozen = frozen;
    this.#markets = keeper.markets(ctx);
    this.#penaltyMin = BigInt(keeper.params(ctx).penaltyMinPpm);
    const assets = new Map<number, { readonly place: number | undefined; readonly stable: boolean }>();
    for (const { id, marketId, kind } of keeper.collateral.assets(ctx))
      assets.set(id, { place: frozen.places.get(marketId), stable: kind === CollateralKind.COLLATERAL_KIND_STABLE });
    this.#assets = assets;
  }

  /**
   * Counts an account with positions. O(positions * (1 + scenarios in which it may be short)).
   * @returns losses of a position in a scenario that were computed
   */
  add(account: AccountView): number {
    const worth = equity(account, this.#markets);
    const slack = worth - maintenanceMargin(account, this.#markets);
    const views = account.positions.map(({ marketId }) => this.#markets(marketId));
    const legs: StressAccount['legs'] = account.positions.map(({ quantity }, index) => {
      const market = views[index]!;
      const size = notional(market, quantity);
      this.#countPosition(market, size, quantity > 0n, slack);
      return {
        place: this.#frozen.places.get(market.id),
        value: positionValue(market, quantity),
        ...this.#costs(market, size),
      };
    });
    const stressed: StressAccount = {
      equity: worth,
      legs,
      holdings: account.collateral.map(({ assetId, amount }) => ({
        ...this.#assets.get(assetId)!,
        value: assetValue(this.#markets.asset(assetId), amount),
      })),
    };
    let counters: Counters | undefined;
    const computed = shortfalls(stressed, this.#frozen, (k, _whole, parts) => {
      counters ??= this.#countersOf(views);
      countShortfall(counters, k, parts);
    });
    return computed * legs.length;
  }

  /** What closing a position costs: the least penalty, and what depth makes of its size (section 4.2). Rounded up. */
  #costs(market: MarketView, size: Quote): { readonly cost: bigint; readonly thinCost: bigint } {
    const fee = cdiv(size * this.#penaltyMin, million);
    const thin = { ...market, depthUnit: quote(max(1n, market.depthUnit / 2n)) };
    return { cost: fee + concentration(market, size), thinCost: fee + concentration(thin, size) };
  }

  /** Where an account's shortfalls are counted: each position's market, then every tranche that several of them share. */
  #countersOf(views: readonly MarketView[]): Counters {
    const shared = new Map<string, { readonly tally: Tally; readonly legs: number[] }>();
    const share = (id: TrancheRef, leg: number): void => {
      const key = keyOf(id);
      const known = shared.get(key);
      if (known === undefined) shared.set(key, { tally: this.#tally(id), legs: [leg] });
      else known.legs.push(leg);
    };
    for (const [leg, { class: name }] of views.entries()) {
      const id = classTrancheOf(name);
      if (id !== undefined) share(id, leg);
      if (isShared(name)) share(globalTranche, leg);
    }
    return { own: views.map(({ id }) => this.#tally(marketTranche(id))), shared: [...shared.values()] };
  }

  #countPosition(market: MarketView, size: bigint, long: boolean, slack: bigint): void {
    const of = this.#count(market.id);
    of.notional += size;
    of.positions++;
    const least = of.largest.at(-1);
    if (of.largest.length < largestKept || size > least!) {
      of.largest.push(size);
      of.largest.sort((a, b) => (a > b ? -1 : a < b ? 1 : 0));
      if (of.largest.length > largestKept) of.largest.pop();
    }
    const distance = liquidationDistance(slack, size, market, long);
    for (const [index, within] of bandDistances.entries()) {
      if (distance > within) continue;
      if (long) of.bands[index]!.longs += size;
      else of.bands[index]!.shorts += size;
    }
  }

  /** Writes what changed. */
  flush(): void {
    // In order, so that the store's history does not depend on whom the round met first.
    const tallies = [...this.#tallies.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [, { id, tally }] of tallies) stressStore.setTrancheTally(this.#ctx, tallyToProto(id, tally));
    const counts = [...this.#counts.entries()].sort(([a], [b]) => a - b);
    for (const [id, of] of counts) stressStore.setMarketTally(this.#ctx, countToProto(id, of));
  }

  #tally(id: TrancheRef): Tally {
    const key = keyOf(id);
    let known = this.#tallies.get(key);
    if (known === undefined) {
      known = { id, tally: tallyFromProto(stressStore.trancheTally(this.#ctx, id)) };
      this.#tallies.set(key, known);
    }
    return known.tally;
  }

  #count(id: MarketId): MarketCount {
    let known = this.#counts.get(id);
    if (known === undefined) {
      known = countFromProto(stressStore.marketTally(this.#ctx, id));
      this.#counts.set(id, known);
    }
    return known;
  }
}

interface Counters {
  readonly own: readonly Tally[];
  readonly shared: readonly { readonly tally: Tally; readonly legs: readonly number[] }[];
}

function countShortfall({ own, shared }: Counters, k: number, parts: readonly bigint[]): void {
  for (const [leg, part] of parts.entries()) if (part > 0n) count(own[leg]!, k, part);
  for (const { tally, legs } of shared) {
    let sum = 0n;
    for (const leg of legs) sum += parts[leg]!;
    if (sum > 0n) count(tally, k, sum);
  }
}

const keyOf = ({ kind, number }: TrancheRef): string => `${kind}/${number}`;

export function tallyFromProto(proto: TrancheTally | undefined): Tally {
  const tally: Tally = new Map();
  for (const { scenario, sum, first, second } of proto?.scenarios ?? [])
    tally.set(scenario, { sum: BigInt(sum), first: BigInt(first), second: BigInt(second) });
  return tally;
}

const tallyToProto = ({ kind, number }: TrancheRef, tally: Tally): TrancheTally => ({
  kind,
  number,
  scenarios: [...tally]
    .sort(([a], [b]) => a - b)
    .map(([scenario, { sum, first, second }]) => ({
      scenario,
      sum: sum.toString(),
      first: first.toString(),
      second: second.toString(),
    })),
});

function countFromProto(proto: MarketTally | undefined): MarketCount {
  return {
    bands: bandDistances.map((_, index) => {
      const band = proto?.bands[index];
      return { longs: BigInt(band?.longs ?? 0), shorts: BigInt(band?.shorts ?? 0) };
    }),
    largest: (proto?.largest ?? []).map(BigInt),
    notional: BigInt(proto?.notional ?? 0),
    positions: proto?.positions ?? 0n,
  };
}

const countToProto = (marketId: MarketId, of: MarketCount): MarketTally => ({
  marketId,
  bands: of.bands.map(({ longs, shorts }, index) => ({
    distancePpm: Number(bandDistances[index]!),
    longs: longs.toString(),
    shorts: shorts.toString(),
  })),
  largest: of.largest.map(String),
  notional: of.notional.toString(),
  positions: of.positions,
});
