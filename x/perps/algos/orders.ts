import { AlgoEnd, AlgoKind, type AlgoOrder } from '../../../gen/plimsoll/perps/v1/algos.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import type { AppError } from '../../../runtime/baseapp/errors.js';
import { fromBech32 } from '../../../runtime/crypto/address.js';
import { u32 } from '../../../runtime/store/key.js';
import type { OrderId } from '../conditional/store.js';
import { subaccountKey } from '../subaccount-key.js';
import type { MarketId, SubaccountKey } from '../types.js';
import { nextSliceTime } from './schedule.js';
import { algos, pegged, peggedCounts, slices } from './store.js';

/** TWAP and pegged orders in state: kept, filled and ended. */

export const idOfAlgo = ({ subaccount, marketId, clientId }: AlgoOrder): OrderId => ({
  account: subaccountKey(fromBech32(subaccount!.owner), subaccount!.number),
  marketId,
  clientId,
});

/** An account's algorithmic orders by market and client id; of one market when given. */
export const algosOf = (
  ctx: Context,
  account: SubaccountKey,
  market?: MarketId,
): Iterable<readonly [OrderId, AlgoOrder]> =>
  algos.entries(ctx, market === undefined ? account : account + u32(market));

export function keepAlgo(ctx: Context, id: OrderId, algo: AlgoOrder): void {
  algos.set(ctx, id, algo);
  if (algo.kind === AlgoKind.ALGO_KIND_PEGGED) {
    pegged.set(ctx, id, true);
    peggedCounts.set(ctx, id.marketId, (peggedCounts.get(ctx, id.marketId) ?? 0n) + 1n);
  } else {
    const at = nextSliceTime(algo);
    if (at !== undefined) slices.set(ctx, { at, id }, true);
  }
}

/** Ends an algorithm whose order, if it has one on the book, is off it already. */
export function endAlgo(ctx: Context, id: OrderId, algo: AlgoOrder, reason: AlgoEnd, error?: AppError): void {
  algos.delete(ctx, id);
  if (algo.kind === AlgoKind.ALGO_KIND_PEGGED) {
    pegged.delete(ctx, id);
    const left = (peggedCounts.get(ctx, id.marketId) ?? 1n) - 1n;
    if (left === 0n) peggedCounts.delete(ctx, id.marketId);
    else peggedCounts.set(ctx, id.marketId, left);
  } else {
    const at = nextSliceTime(algo);
    if (at !== undefined) slices.delete(ctx, { at, id });
  }
  ctx.emit('plimsoll.perps.v1.EventAlgoEnded', {
    subaccount: algo.subaccount,
    marketId: algo.marketId,
    clientId: algo.clientId,
    reason,
    filled: algo.filled,
    code: error?.code ?? 0,
    codespace: error?.codespace ?? '',
    log: error?.message ?? '',
  });
}

/** Its order filled. */
export function algoOrderFilled(ctx: Context, id: OrderId, quantity: bigint): void {
  const algo = algos.get(ctx, id);
  if (algo !== undefined) algos.set(ctx, id, { ...algo, filled: algo.filled + quantity });
}

/** Its order left the book: a pegged one is over; a TWAP goes on while slices are left and something is to fill. */
export function algoOrderEnded(ctx: Context, id: OrderId): void {
  const algo = algos.get(ctx, id);
  if (algo === undefined) return;
  const isFilled = algo.filled >= algo.quantity;
  if (algo.kind === AlgoKind.ALGO_KIND_PEGGED)
    endAlgo(ctx, id, algo, isFilled ? AlgoEnd.ALGO_END_DONE : AlgoEnd.ALGO_END_ORDER);
  else if (isFilled || algo.slicesDue >= algo.slices) endAlgo(ctx, id, algo, AlgoEnd.ALGO_END_DONE);
}
