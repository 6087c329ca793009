import type { KeeperBidEnd } from '../../../gen/plimsoll/perps/v1/keeper_bids.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { subaccountId } from '../subaccount-key.js';
import type { MarketId, SubaccountKey } from '../types.js';
import { keeperBids, type Bid } from './store.js';

/** Takes a bid back and says why. */
export function endBid(ctx: Context, bid: Bid, reason: KeeperBidEnd): void {
  const [{ account, marketId, clientId }, { remaining }] = bid;
  keeperBids.remove(ctx, bid);
  ctx.emit('plimsoll.perps.v1.EventKeeperBidEnded', {
    subaccount: subaccountId(account),
    marketId,
    clientId,
    remaining: remaining.toString(),
    reason,
  });
}

/** Takes an account's bids back, of one market or of all. @returns how many there were */
export function endBids(ctx: Context, account: SubaccountKey, reason: KeeperBidEnd, market?: MarketId): number {
  const open = [...keeperBids.of(ctx, account, market)];
  for (const bid of open) endBid(ctx, bid, reason);
  return open.length;
}
