import type { NettingEnd } from '../../../gen/plimsoll/perps/v1/netting.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { subaccountId } from '../subaccount-key.js';
import type { MarketId, SubaccountKey } from '../types.js';
import { nettings, type Netting } from './store.js';

/** Ends a request and says why. */
export function endNetting(ctx: Context, request: Netting, reason: NettingEnd): void {
  nettings.remove(ctx, request);
  ctx.emit('plimsoll.perps.v1.EventNettingEnded', {
    subaccount: subaccountId(request.account),
    marketId: request.marketId,
    remaining: request.quantity,
    reason,
  });
}

/** Ends an account's requests, in one market or in all. @returns how many there were */
export function endNettings(ctx: Context, account: SubaccountKey, reason: NettingEnd, market?: MarketId): number {
  const open = [...nettings.of(ctx, account)].filter(({ marketId }) => market === undefined || marketId === market);
  for (const request of open) endNetting(ctx, request, reason);
  return open.length;
}
