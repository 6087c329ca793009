import type { WaitingOrders } from '../../../gen/plimsoll/perps/v1/genesis.js';
import { TriggerKind } from '../../../gen/plimsoll/perps/v1/conditional.js';
import type { SubaccountId } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { fromBech32 } from '../../../runtime/crypto/address.js';
import { idOfAlgo, keepAlgo } from '../algos/orders.js';
import { setSwitch } from '../algos/scheduled-cancel.js';
import { algos, switches } from '../algos/store.js';
import { sideFromProto } from '../codecs.js';
import type { Deps } from '../deps.js';
import { subaccountId, subaccountKey } from '../subaccount-key.js';
import { watchExpiry } from './expiry.js';
import { idOfConditional } from './orders.js';
import { distanceOf, watchOf } from './rules.js';
import { conditionals, frontiers, links, trailingSteps, trailingStops, triggers } from './store.js';
import { sourceFromProto } from './words.js';

const keyOf = ({ owner, number }: SubaccountId): string => subaccountKey(fromBech32(owner), number);

/** Orders that wait, with what cannot be derived from them; their indexes are made anew by `importWaiting`. */
export function exportWaiting(ctx: Context): WaitingOrders {
  return {
    conditionalOrders: [...conditionals.values(ctx)],
    links: [...links.values(ctx)],
    trailingSteps: [...trailingSteps.values(ctx)],
    frontiers: [...frontiers.values(ctx)],
    algoOrders: [...algos.values(ctx)],
    scheduledCancels: [...switches.entries(ctx)].map(([key, timeMs]) => ({ subaccount: subaccountId(key), timeMs })),
  };
}

/** @throws Error naming what belongs to no subaccount or market */
export function importWaiting(ctx: Context, { keeper }: Deps, state: WaitingOrders | undefined): void {
  if (state === undefined) return;
  const known = (field: string, subaccount: SubaccountId | undefined, marketId?: number): void => {
    if (subaccount === undefined || keeper.subaccount(ctx, keyOf(subaccount)) === undefined)
      throw new Error(`perps.waiting_orders.${field}.subaccount: has no subaccount entry`);
    if (marketId !== undefined && keeper.market(ctx, marketId) === undefined)
      throw new Error(`perps.waiting_orders.${field}.market_id: ${marketId} is not a market`);
  };
  for (const [index, order] of state.conditionalOrders.entries()) {
    known(`conditional_orders[${index}]`, order.subaccount, order.marketId);
    const id = idOfConditional(order);
    conditionals.set(ctx, id, order);
    watchExpiry(ctx, id, order);
    if (order.dormant) continue;
    const watch = watchOf(order);
    if (order.kind === TriggerKind.TRIGGER_KIND_TRAILING_STOP)
      trailingStops.set(ctx, { ...watch, ...distanceOf(order), sequence: order.sequence }, id);
    else triggers.set(ctx, { ...watch, price: order.triggerPrice, id }, true);
  }
  for (const [index, link] of state.links.entries()) {
    known(`links[${index}]`, link.subaccount, link.marketId);
    const { marketId, clientId } = link;
    links.set(ctx, { account: keyOf(link.subaccount!), marketId, clientId }, link);
  }
  for (const step of state.trailingSteps) {
    const watch = {
      marketId: step.marketId,
      source: sourceFromProto(step.source),
      rising: sideFromProto(step.side) === 'buy',
    };
    trailingSteps.set(ctx, { ...watch, sequence: step.firstSequence }, step);
  }
  for (const frontier of state.frontiers) {
    const { marketId, source, rising } = frontier;
    frontiers.set(ctx, { marketId, source: sourceFromProto(source), rising }, frontier);
  }
  for (const [index, algo] of state.algoOrders.entries()) {
    known(`algo_orders[${index}]`, algo.subaccount, algo.marketId);
    keepAlgo(ctx, idOfAlgo(algo), algo);
  }
  for (const [index, { subaccount, timeMs }] of state.scheduledCancels.entries()) {
    known(`scheduled_cancels[${index}]`, subaccount);
    setSwitch(ctx, keyOf(subaccount!), timeMs);
  }
}
