import { requireFreeId } from '../conditional/room.js';
import type { OrderId } from '../conditional/store.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import type { Deps } from '../deps.js';
import { errors } from '../errors.js';
import type { OrderDesk } from '../msgs/order-desk.js';
import { orderParams } from '../msgs/order-params.js';
import type { SubaccountKey } from '../types.js';
import { algosOf } from './orders.js';

/** May the subaccount have one more algorithmic order, and is its client id free? @throws perps/18, perps/74 */
export function requireAlgoRoom(ctx: Context, { keeper }: Deps, desk: OrderDesk, id: OrderId): void {
  if (desk.find(id) !== undefined)
    throw errors.duplicateClientId(`client_id: ${id.clientId} names an open order of this market`);
  requireFreeId(ctx, id);
  const { maxAlgos } = orderParams(keeper.params(ctx));
  const running = countAlgos(ctx, id.account);
  if (running >= maxAlgos)
    throw errors.tooManyAlgos(`${running} TWAP and pegged orders are running; at most ${maxAlgos}`);
}

export function countAlgos(ctx: Context, account: SubaccountKey): number {
  let count = 0;
  for (const _ of algosOf(ctx, account)) count++;
  return count;
}
