import {
  NettingEnd,
  type MsgCancelNetting,
  type MsgCancelNettingResponse,
  type MsgRequestNetting,
  type MsgRequestNettingResponse,
} from '../../../gen/plimsoll/perps/v1/netting.js';
import type { Market } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { requireThawed, standingOf } from '../breakers/index.js';
import type { Deps } from '../deps.js';
import { errors } from '../errors.js';
import { requireMarket, requireSubaccountKey } from '../msgs/common.js';
import { endNetting } from './end.js';
import { nettings, nettingToProto, type Netting } from './store.js';

/**
 * Asks to close a position against the other side, at the oracle price of a
 * later block, while the market is stopped. Takes the place of what the
 * account asked for in this market before. It keeps nothing free: closing
 * needs no margin. risk-model section 14.1, docs/breakers.md
 * @throws perps/2, perps/4, perps/12, perps/26, perps/170, perps/196, perps/197
 */
export function requestNetting(ctx: Context, deps: Deps, msg: MsgRequestNetting): MsgRequestNettingResponse {
  const { keeper } = deps;
  keeper.requireRunning(ctx);
  const account = requireSubaccountKey(msg.owner, msg.subaccountNumber);
  const market = requireMarket(ctx, deps, msg.marketId);
  requireStopped(ctx, market);
  const held = keeper.position(ctx, account, market.id)?.quantity ?? 0n;
  if (held === 0n) throw errors.nothingToNet(`market_id: ${market.id}; the subaccount has no position in it`);
  const { stepSize } = keeper.marketView(ctx, market.id);
  if (msg.quantity % stepSize !== 0n)
    throw errors.offStep(`quantity: ${msg.quantity}; expected a multiple of ${stepSize}, or 0 for all of the position`);
  const request: Netting = {
    account,
    marketId: market.id,
    side: held > 0n ? 'sell' : 'buy',
    quantity: msg.quantity,
    placedHeight: ctx.block.height,
  };
  nettings.set(ctx, request);
  const proto = nettingToProto(request);
  ctx.emit('plimsoll.perps.v1.EventNettingRequested', { request: proto });
  return { request: proto };
}

/** Takes a request back. Always possible, also while trading is halted. @throws perps/198 */
export function cancelNetting(ctx: Context, _deps: Deps, msg: MsgCancelNetting): MsgCancelNettingResponse {
  const account = requireSubaccountKey(msg.owner, msg.subaccountNumber);
  const request = nettings.get(ctx, { account, marketId: msg.marketId });
  if (request === undefined)
    throw errors.nettingNotFound(
      `market_id: ${msg.marketId}; the subaccount has no request in it, it may have been filled or ended with its position or its market's stop`,
    );
  endNetting(ctx, request, NettingEnd.NETTING_END_USER);
  return { remaining: request.quantity };
}

/** Where a book trades at all hours, it is the way out. */
function requireStopped(ctx: Context, market: Market): void {
  const standing = standingOf(ctx, market);
  requireThawed(standing, market);
  if (standing.permits('net') !== 'no') return;
  throw errors.nettingClosed(
    standing.mode === 'settlement'
      ? `${market.ticker} is being settled: all positions are closed at its final price`
      : `${market.ticker} trades normally: a reduce-only order closes a position; requests are accepted in REDUCE_ONLY, AUCTION and HALTED`,
  );
}
