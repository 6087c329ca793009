import type { Params } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { algos } from '../algos/store.js';
import { errors } from '../errors.js';
import { hintOfLimit, orderLimit, orderParams } from '../msgs/order-params.js';
import type { Quote, SubaccountKey } from '../types.js';
import { conditionalsOf } from './orders.js';
import { conditionals, links, type OrderId } from './store.js';

/** Does no waiting order have the client id? Open ones are the desk's to know. @throws perps/18 */
export function requireFreeId(ctx: Context, id: OrderId): void {
  if (conditionals.has(ctx, id))
    throw errors.duplicateClientId(`client_id: ${id.clientId} names a conditional order of this market`);
  if (algos.has(ctx, id))
    throw errors.duplicateClientId(`client_id: ${id.clientId} names an algorithmic order of this market`);
}

/** May the subaccount have so many conditional orders more? @throws perps/67 */
export function requireConditionalRoom(
  ctx: Context,
  params: Params,
  account: SubaccountKey,
  equity: Quote,
  more: number,
): void {
  const own = orderParams(params);
  const most = own.maxConditionalOrders;
  const limit = orderLimit(own, equity, most);
  const waiting = countConditionals(ctx, account);
  if (waiting + more > limit) {
    throw errors.tooManyConditionals(
      `${waiting} conditional orders wait and ${more} would be more; at most ${limit} at an equity of ${equity}: ${hintOfLimit(own, limit, most)}`,
    );
  }
}

export function countConditionals(ctx: Context, account: SubaccountKey): number {
  let count = 0;
  for (const _ of conditionalsOf(ctx, account)) count++;
  return count;
}

/** Is there a conditional order of this client id that could be one of a pair? @throws perps/69 */
export function requireFreeConditional(ctx: Context, { account, marketId, clientId }: OrderId, other: bigint): void {
  if (clientId === 0n) throw errors.invalidLink('client_id: 0 cannot be one of a pair; expected a positive one');
  const found = conditionals.get(ctx, { account, marketId, clientId: other });
  if (found === undefined)
    throw errors.invalidLink(`other_client_id: ${other} is no conditional order of market ${marketId}`);
  if (found.otherClientId !== 0n)
    throw errors.invalidLink(`other_client_id: ${other} is paired with ${found.otherClientId}`);
}

/** Can an open order be the other one of a pair? @throws perps/69 */
export function requireFreeOrder(ctx: Context, { clientId }: OrderId, open: OrderId): void {
  if (clientId === 0n) throw errors.invalidLink('client_id: 0 cannot be one of a pair; expected a positive one');
  const found = links.get(ctx, open);
  if (found === undefined || (found.otherClientId === 0n && !found.algo)) return;
  throw errors.invalidLink(
    found.algo
      ? `other_client_id: ${open.clientId} is an algorithm's; expected an order of your own`
      : `other_client_id: ${open.clientId} is paired with ${found.otherClientId}`,
  );
}

/** Tells a conditional order which order it is paired with. */
export function pairConditional(ctx: Context, { account, marketId, clientId }: OrderId, other: bigint): void {
  const id = { account, marketId, clientId: other };
  conditionals.set(ctx, id, { ...conditionals.get(ctx, id)!, otherClientId: clientId });
}
