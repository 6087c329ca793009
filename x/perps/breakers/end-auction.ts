import { CancelReason } from '../../../gen/plimsoll/perps/v1/events.js';
import { TimeInForce } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import type { Deps } from '../deps.js';
import type { BookOrder, PerpsKeeper } from '../keeper.js';
import { markBand } from '../mark/index.js';
import { endsWithBlock } from '../msgs/auction-terms.js';
import { dropOrder } from '../msgs/cancel.js';
import { ratesStore } from '../rates/store.js';
import type { MarketId, MarketView } from '../types.js';
import { sigmaOf } from '../volatility/index.js';
import { collarOf, type Collar } from './rules/call-auction.js';
import { heldCancels } from './held-cancels.js';
import { statusMode } from './standing.js';
import { afterAuction } from './rules/outcomes.js';
import { breakerStore } from './store.js';
import { tellChanges } from './tell.js';

/** What one market's auction came to. */
export interface CallResult {
  /** Undefined when nothing crosses. */
  readonly price: bigint | undefined;
  /** False when nothing traded because the price lay outside the collar. */
  readonly inside: boolean;
}

/** Ends an order that no block leaves on the book. */
export function dropEnded(ctx: Context, keeper: PerpsKeeper, order: BookOrder): void {
  const isWhole = order[1].timeInForce === TimeInForce.TIME_IN_FORCE_FOK;
  dropOrder(ctx, keeper, order, isWhole ? CancelReason.CANCEL_REASON_FOK : CancelReason.CANCEL_REASON_IOC);
}

/**
 * Clears a call auction within its collar, or extends it, or gives up: then
 * the market only reduces for a while, and what could open and came for the
 * auction is cancelled. Cancels that waited for the end are worked off.
 * risk-model section 14.3. O(orders of the market).
 */
export function clearCallAuction(
  ctx: Context,
  { keeper }: Deps,
  market: MarketView,
  run: (collar: Collar) => CallResult,
): void {
  const { id } = market;
  const { height, timeMs } = ctx.block;
  const state = breakerStore.market(ctx, id)!;
  const auction = state.auction!;
  const sigma = sigmaOf(ratesStore.volatility(ctx, id), 1n);
  const collar = collarOf(market.oraclePrice, markBand(market), sigma, auction.extensions);
  const { price, inside } = run(collar);
  // A failure of the matching halted the market meanwhile.
  if (breakerStore.market(ctx, id)?.auction === undefined) return;
  const status = statusMode(keeper.market(ctx, id)!);
  const params = keeper.params(ctx).breakers!;
  const ended = afterAuction(state, inside, timeMs, status, params);
  breakerStore.setMarket(ctx, ended.state);
  ctx.emit('plimsoll.perps.v1.EventCallAuction', {
    marketId: id,
    auction: ended.state.auction ?? auction,
    price: price ?? 0n,
    ...collar,
    outcome: ended.outcome,
  });
  tellChanges(ctx, id, state.mode, ended.state.mode, ended.changes);
  releaseCancels(ctx, keeper, id);
  if (ended.outcome === 'extended') return;
  for (const side of ['buy', 'sell'] as const) {
    for (const order of [...keeper.bookSide(ctx, id, side)]) {
      const [at, terms] = order;
      // What came before a halt was looked at anew by the auction, like all others; what the auction collected stood for it.
      if (endsWithBlock(terms)) dropEnded(ctx, keeper, order);
      else if (
        ended.outcome === 'failed' &&
        !terms.reduceOnly &&
        at.height >= auction.startHeight &&
        at.height <= height
      )
        dropOrder(ctx, keeper, order, CancelReason.CANCEL_REASON_BREAKER);
    }
  }
}

/** Works off the cancels that waited for the end of a market's call auction. O(those). */
export function releaseCancels(ctx: Context, keeper: PerpsKeeper, market: MarketId): void {
  for (const id of [...heldCancels.of(ctx, market)]) {
    heldCancels.delete(ctx, id);
    const order = keeper.order(ctx, id);
    if (order !== undefined) dropOrder(ctx, keeper, order, CancelReason.CANCEL_REASON_USER);
  }
}
