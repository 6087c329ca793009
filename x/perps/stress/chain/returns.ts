import type { MarketReturn } from '../../../../gen/plimsoll/perps/v1/stress.js';
import type { Context } from '../../../../runtime/baseapp/context.js';
import { isFrozen } from '../../breakers/freeze.js';
import type { Deps } from '../../deps.js';
import { isStale } from '../../keeper.js';
import { signedReturn } from '../../loadings/returns.js';
import { forMarket } from '../../market-failure.js';
import { ratesStore } from '../../rates/store.js';
import { sigmaOf } from '../../volatility/index.js';
import { historyLength, stretchMinutes, stretchMs } from '../rules/history.js';
import { stressStore } from './store.js';

/**
 * At the first block of each 15 minutes, keeps where all markets are and how
 * they moved since the last ones, and forgets what is 500 stretches old.
 * What an outage hides is not a move of 15 minutes. O(markets) then, O(1)
 * otherwise. risk-model section 19.1.
 */
export function keepReturns(ctx: Context, { keeper }: Deps): void {
  const stretch = ctx.block.timeMs / stretchMs;
  if (stressStore.vector(ctx, stretch) !== undefined) return;
  const params = keeper.params(ctx);
  const before = new Map<number, MarketReturn>();
  for (const each of stressStore.vector(ctx, stretch - 1n)?.returns ?? []) before.set(each.marketId, each);
  const returns: MarketReturn[] = [];
  for (const { id } of [...keeper.allMarkets(ctx)]) {
    const state = keeper.marketState(ctx, id);
    if (state.oraclePrice === 0n || isStale(state, params, ctx.block.timeMs) || isFrozen(ctx, id)) continue;
    const price = state.oraclePrice;
    const first = before.get(id)?.price ?? 0n;
    const moved = (): Pick<MarketReturn, 'returnPpb' | 'sigmaPpb'> => ({
      returnPpb: first === 0n ? 0n : signedReturn(first, price),
      sigmaPpb: first === 0n ? 0n : sigmaOf(ratesStore.volatility(ctx, id), stretchMinutes),
    });
    returns.push({ marketId: id, price, ...forMarket(id, 'returns', moved) });
  }
  // A chain without a price has nothing to remember.
  if (returns.length === 0) return;
  stressStore.keepVector(ctx, { stretch, returns });
  const old: bigint[] = [];
  for (const { stretch: each } of stressStore.history(ctx)) {
    if (each + BigInt(historyLength) > stretch) break;
    old.push(each);
  }
  for (const each of old) stressStore.dropVector(ctx, each);
}
