import type { Market, Params } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { BlockLook, lookAtMarket } from '../breakers/look.js';
import { standingOf } from '../breakers/index.js';
import type { Deps } from '../deps.js';
import { isStale, marketViewOf } from '../keeper.js';
import { depthCap, followCap } from '../margin/index.js';
import { noImpact } from '../mark/index.js';
import { openingCapOf } from '../classes/daily.js';
import { forMarket } from '../market-failure.js';
import { moveRates } from '../rates/begin-block.js';
import { price, quote, type MarketView, type Quote } from '../types.js';
import { min } from '../units/index.js';
import { openInterestBound } from '../stress/chain/cap.js';
import { stressTest } from '../stress/chain/sweep.js';
import { priceCollateral } from './collateral.js';
import { fundingMinute } from './funding.js';
import { markMarket, readImpact } from './mark.js';

/**
 * Takes over the block's oracle prices, marks the markets and accrues
 * funding. A market whose oracle price is stale keeps its mark; the book of a
 * halted one says nothing; in neither does funding accrue. O(markets * price levels up to the impact notional).
 */
export function beginBlock(ctx: Context, deps: Deps): void {
  const { keeper } = deps;
  if (keeper.ledger(ctx).haltedReason !== '') return;
  priceCollateral(ctx, deps);
  const params = keeper.params(ctx);
  const look = new BlockLook(ctx, deps, params);
  for (const market of [...keeper.allMarkets(ctx)]) {
    const { mode, frozen } = standingOf(ctx, market);
    // A market that is being settled has its last price.
    if (mode !== 'settlement' && !frozen)
      forMarket(market.id, 'prices and funding', () => beginMarket(ctx, deps, params, look, market));
  }
  moveRates(ctx, deps);
  stressTest(ctx, deps);
}

/** One market's prices, breakers, mark and funding. */
function beginMarket(ctx: Context, deps: Deps, params: Params, look: BlockLook, market: Market): void {
  const { keeper, oracle } = deps;
  let state = keeper.marketState(ctx, market.id);
  const known = state.oracleTimeMs;
  const rates = keeper.ratesView(ctx, market);
  const voted = oracle.price(ctx, market.oraclePairId);
  if (voted !== undefined && voted.timeMs !== state.oracleTimeMs) {
    state = {
      ...state,
      oraclePrice: price(voted.price),
      oracleTimeMs: voted.timeMs,
      openInterestCap: followCap(
        state.openInterestCap,
        capTarget(ctx, deps, market, marketViewOf(market, state, rates)),
        ctx.block.timeMs,
      ),
    };
  }
  if (voted === undefined || state.oraclePrice === 0n) return;
  const view = marketViewOf(market, state, rates);
  const stale = isStale(state, params, ctx.block.timeMs);
  const standing = lookAtMarket(look, market, state, view, state.oracleTimeMs !== known);
  // Orders that wait for a call auction cross: such a book says nothing.
  const trades = !stale && standing.permits('match') === 'yes';
  const impact = trades ? readImpact(ctx, deps, view, params.mark!.maxImpactLevels) : noImpact;
  if (!stale) state = { ...state, markPrice: markMarket(ctx, view, state, impact, voted.perpPrice) };
  const accrues = !stale && standing.permits('fund') === 'yes';
  keeper.setMarketState(ctx, fundingMinute(ctx, deps, market, view, state, impact, params, accrues));
}

/** The market's cap, or less when the market outside is too thin for it, or insurance, or what circulates. */
function capTarget(ctx: Context, deps: Deps, market: Market, view: MarketView): Quote {
  const listed = min(BigInt(market.openInterestCap), openingCapOf(ctx, market));
  const cap = quote(min(listed, openInterestBound(ctx, deps, market, view)));
  const depth = deps.oracle.statistics(ctx, market.oraclePairId)?.depthP10Usd ?? 0n;
  if (depth === 0n) return cap;
  return quote(min(cap, depthCap(depth, view.floorRate)));
}
