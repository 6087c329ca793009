import type { Market } from '../../gen/plimsoll/perps/v1/types.js';
import type { Stores } from '../../runtime/store/collection.js';
import { isAnyDue } from './block/due.js';
import { standingOf } from './breakers/index.js';
import { classFromProto } from './codecs.js';
import type { PerpsKeeper } from './keeper.js';
import type { MarketId, SolvencyClass } from './types.js';

/** Does the market trade normally, or is it over: settled, with nothing left open? */
function isNormal(from: Stores, market: Market): boolean {
  const { mode, state } = standingOf(from, market);
  return mode === 'normal' || state?.settlement?.done === true;
}

/** What other modules ask of markets: how they are classed, and whether they trade normally. */
export class ListedMarkets {
  constructor(readonly keeper: PerpsKeeper) {}

  /** Undefined for a market that is not listed. */
  classOf(from: Stores, id: MarketId): SolvencyClass | undefined {
    const market = this.keeper.market(from, id);
    return market === undefined ? undefined : classFromProto(market.class);
  }

  /**
   * Do the markets that a tranche stands behind, but for settled ones, all
   * trade normally, and is no account in them waiting to be taken over? risk-model section 12.5.
   * O(markets + residual accounts * positions).
   */
  isCalm(
    from: Stores,
    { kind, number }: { readonly kind: 'market' | 'class' | 'global'; readonly number: number },
  ): boolean {
    // Classes are numbered as their names are in the protobuf enumeration.
    const concerns = (market: Market): boolean =>
      kind === 'global' || (kind === 'market' ? market.id : Number(market.class)) === number;
    const ids = new Set<MarketId>();
    for (const market of this.keeper.allMarkets(from)) {
      if (!concerns(market)) continue;
      if (!isNormal(from, market)) return false;
      ids.add(market.id);
    }
    return !isAnyDue(from, this.keeper, ({ positions }) => positions.some(({ marketId }) => ids.has(marketId)));
  }
}
