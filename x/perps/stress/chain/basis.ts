import type { StressBasis } from '../../../../gen/plimsoll/perps/v1/stress.js';
import type { Context } from '../../../../runtime/baseapp/context.js';
import { clamp, million } from '../../../../runtime/math/integers.js';
import { classFromProto } from '../../codecs.js';
import type { Deps } from '../../deps.js';
import { meansOf } from '../../loadings/moments.js';
import { ratesStore } from '../../rates/store.js';
import { clusterOf } from '../../rates/view.js';
import type { MarketId } from '../../types.js';
import { sigmaOf } from '../../volatility/index.js';
import { rescaled, stretchMinutes } from '../rules/history.js';
import { stressScenarios, type StressMarket } from '../rules/scenarios.js';
import { rangesOf, type FrozenShocks } from '../rules/shortfall.js';
import { stressStore } from './store.js';

const minutesPerDay = 1_440n;
const widestBeta = 10_000_000n;

/** The scenarios and moves of now, for a round over all accounts. O(markets * (scenarios + history)). risk-model section 19.1. */
export function basisOf(ctx: Context, deps: Deps): StressBasis {
  const params = deps.keeper.params(ctx).rates!;
  const index = meansOf(ratesStore.index(ctx)).slow;
  const markets = [...deps.keeper.allMarkets(ctx)];
  const views: StressMarket[] = markets.map((market) => {
    const { id } = market;
    const loadings = ratesStore.loadings(ctx, id);
    const known = loadings.returns >= BigInt(params.loadingMinReturns) && index > 0n;
    return {
      id,
      class: classFromProto(market.class),
      cluster: clusterOf(market),
      sigmaDay: sigmaOf(ratesStore.volatility(ctx, id), minutesPerDay),
      beta: known ? clamp((meansOf(loadings.withIndex!).slow * million) / index, -widestBeta, widestBeta) : undefined,
      openInterest: deps.keeper.marketView(ctx, id).openInterest,
    };
  });
  const scenarios = stressScenarios(views);
  const shocks = new Map<MarketId, bigint[]>();
  for (const [place, { id }] of views.entries()) {
    shocks.set(
      id,
      scenarios.map((each) => each.shocks[place]!),
    );
  }
  const sigmas = new Map(views.map(({ id }) => [id, sigmaOf(ratesStore.volatility(ctx, id), stretchMinutes)] as const));
  for (const { returns } of stressStore.history(ctx)) {
    if (returns.every(({ sigmaPpb }) => sigmaPpb === 0n)) continue;
    const moved = new Map(returns.map((each) => [each.marketId, each]));
    for (const [id, list] of shocks) {
      const each = moved.get(id);
      list.push(each === undefined ? 0n : rescaled(each.returnPpb, each.sigmaPpb, sigmas.get(id)!));
    }
  }
  return {
    scenarios: scenarios.map(({ name, stableShock, thinBook }) => ({ name, stableShockPpm: stableShock, thinBook })),
    markets: views.map(({ id }) => ({ marketId: id, shocksPpm: shocks.get(id)! })),
  };
}

/** A basis as rules want it. */
export interface Frozen extends FrozenShocks {
  readonly places: ReadonlyMap<MarketId, number>;
  readonly names: readonly string[];
}

/** Of a value that the store keeps decoded: made once for a round. */
const made = new WeakMap<StressBasis, Frozen>();

export function frozenOf(basis: StressBasis): Frozen {
  const known = made.get(basis);
  if (known !== undefined) return known;
  const { scenarios, markets } = basis;
  const length = markets[0]?.shocksPpm.length ?? scenarios.length;
  const shocks = Array.from({ length }, (_, k) => markets.map(({ shocksPpm }) => shocksPpm[k]!));
  const frozen: Frozen = {
    shocks,
    stableShocks: shocks.map((_, k) => scenarios[k]?.stableShockPpm ?? 0n),
    thinBooks: shocks.map((_, k) => scenarios[k]?.thinBook ?? false),
    stressCount: scenarios.length,
    stressRange: rangesOf(shocks, 0, scenarios.length, markets.length),
    historyRange: rangesOf(shocks, scenarios.length, length, markets.length),
    places: new Map(markets.map(({ marketId }, place) => [marketId, place])),
    names: scenarios.map(({ name }) => name),
  };
  made.set(basis, frozen);
  return frozen;
}
