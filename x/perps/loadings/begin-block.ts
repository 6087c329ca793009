import type { Loadings } from '../../../gen/plimsoll/perps/v1/rates.js';
import type { RatesParams } from '../../../gen/plimsoll/perps/v1/rates_params.js';
import type { Market, Params } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { isFrozen } from '../breakers/freeze.js';
import { openingClass } from '../classes/standing.js';
import { classFromProto } from '../codecs.js';
import type { Deps } from '../deps.js';
import { forMarket } from '../market-failure.js';
import { ratesStore } from '../rates/store.js';
import { clusterOf } from '../rates/view.js';
import { estimate } from './estimate.js';
import { indexReturn, residuals, signedReturn, type Moved } from './returns.js';
import { addProduct, meansOf, momentsOf, type Means } from './moments.js';
import { announce, followLoadings, steerLoadings } from './ramp.js';

const msPerStretch = 300_000n;

/**
 * Every five minutes, compares how markets moved with the index and with
 * their clusters, and moves their loadings. Between, it only sees that the
 * five minutes are not over. O(markets) in five minutes. risk-model section 5.
 */
export function measureLoadings(ctx: Context, deps: Deps, { staleMs, rates }: Params): void {
  const params = rates!;
  const stretch = ctx.block.timeMs / msPerStretch;
  const markets = [...deps.keeper.allMarkets(ctx)].filter(({ id }) => !isFrozen(ctx, id));
  const moved: Moved[] = [];
  const befores = new Map<number, Loadings>();
  for (const market of markets) {
    const before = ratesStore.loadings(ctx, market.id);
    if (stretch <= before.stretch) continue;
    const state = deps.keeper.marketState(ctx, market.id);
    const price = ctx.block.timeMs - state.oracleTimeMs > staleMs ? 0n : state.oraclePrice;
    befores.set(market.id, { ...before, stretch, price });
    // What an outage hides is not the return of five minutes.
    if (before.price === 0n || price === 0n || stretch > before.stretch + 1n) continue;
    const { ticker, id } = market;
    moved.push({ id, ticker, cluster: clusterOf(market), return: signedReturn(before.price, price) });
  }
  if (befores.size === 0) return;
  const index = measureIndex(ctx, moved, params);
  const means = index?.means ?? meansOf(ratesStore.index(ctx));
  const measured = index === undefined ? befores : compare(befores, moved, index.return, index.means);
  for (const market of markets) {
    const loadings = measured.get(market.id);
    if (loadings !== undefined)
      forMarket(market.id, 'loadings', () => moveLoadings(ctx, market, loadings, means, params));
  }
}

/** The index's return and its moments with it; undefined when a part of it did not move or is not listed. */
function measureIndex(
  ctx: Context,
  moved: readonly Moved[],
  params: RatesParams,
): { readonly return: bigint; readonly means: Means } | undefined {
  const found = indexReturn(moved, params.index);
  if (found === undefined) return undefined;
  const means = addProduct(meansOf(ratesStore.index(ctx)), found, found);
  ratesStore.setIndex(ctx, momentsOf(means));
  return { return: found, means };
}

/** Adds this stretch's returns to the moments of the markets that moved. */
function compare(
  befores: ReadonlyMap<number, Loadings>,
  moved: readonly Moved[],
  index: bigint,
  means: Means,
): ReadonlyMap<number, Loadings> {
  const after = new Map(befores);
  const slopes = moved.map(({ id }) => ({
    covariance: meansOf(befores.get(id)!.withIndex!).slow,
    variance: means.slow,
  }));
  for (const [place, cluster] of residuals(moved, slopes, index).entries()) {
    const { id, return: own } = moved[place]!;
    const before = befores.get(id)!;
    after.set(id, {
      ...before,
      returns: before.returns + 1n,
      own: momentsOf(addProduct(meansOf(before.own!), own, own)),
      withIndex: momentsOf(addProduct(meansOf(before.withIndex!), own, index)),
      withCluster: momentsOf(addProduct(meansOf(before.withCluster!), own, cluster)),
      cluster: momentsOf(addProduct(meansOf(before.cluster!), cluster, cluster)),
    });
  }
  return after;
}

function moveLoadings(ctx: Context, market: Market, measured: Loadings, index: Means, params: RatesParams): void {
  const { timeMs } = ctx.block;
  const before = ratesStore.loadings(ctx, market.id);
  const followed = followLoadings(measured, timeMs);
  const name = openingClass(classFromProto(market.class), ratesStore.standing(ctx, market.id));
  let after = followed;
  if (name === 'A' || name === 'B') after = steerLoadings(followed, estimate(followed, index, params), timeMs, params);
  else after = released(followed, timeMs, params);
  ratesStore.setLoadings(ctx, after);
  if (after.schedule === before.schedule) return;
  ctx.emit('plimsoll.perps.v1.EventLoadings', {
    marketId: market.id,
    rhoPpm: after.rhoPpm,
    schedule: after.schedule,
  });
}

/** A market that is or will be of class C or D loses its offsets, by a way that ends before the class does. */
function released(loadings: Loadings, nowMs: bigint, params: RatesParams): Loadings {
  const { schedule } = loadings;
  const zero = loadings.rhoPpm.map(() => 0n);
  const done = schedule === undefined ? loadings.rhoPpm : schedule.toPpm;
  if (done.every((each) => each === 0n)) return loadings;
  return announce(loadings, zero, nowMs, params);
}
