import type { KeeperBidGenesis } from '../../../gen/plimsoll/perps/v1/keeper_bids.js';
import type { SubaccountId } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { residualAges } from '../block/residual-ages.js';
import { orderKey } from '../book/store.js';
import { sideFromProto } from '../codecs.js';
import { subaccountId } from '../subaccount-key.js';
import type { MarketId, SubaccountKey } from '../types.js';
import { discountStep } from './clearing.js';
import { bidToProto, keeperBids, termsFromProto } from './store.js';

const amount = /^[1-9][0-9]{0,30}$/;

type KeyOf = (id: SubaccountId | undefined, field: string) => SubaccountKey;

/** @param keyOf key of a subaccount that exists; throws Error naming the field */
export function checkKeeperBids(
  state: KeeperBidGenesis | undefined,
  markets: ReadonlySet<MarketId>,
  keyOf: KeyOf,
): void {
  const names = new Set<string>();
  for (const [index, bid] of (state?.bids ?? []).entries()) {
    const field = `perps.keeper_bids.bids[${index}]`;
    const key = keyOf(bid.subaccount, `${field}.subaccount`);
    if (!markets.has(bid.marketId)) throw new Error(`${field}.market_id: ${bid.marketId} is not a market`);
    const name = orderKey({ account: key, marketId: bid.marketId, clientId: bid.clientId });
    if (names.has(name)) throw new Error(`${field}.client_id: ${bid.clientId} is listed twice`);
    names.add(name);
    if (sideFromProto(bid.side) === undefined) throw new Error(`${field}.side: expected SIDE_BUY or SIDE_SELL`);
    if (!amount.test(bid.maxNotional)) throw new Error(`${field}.max_notional: expected a positive integer`);
    if (!amount.test(bid.remaining) || BigInt(bid.remaining) > BigInt(bid.maxNotional))
      throw new Error(`${field}.remaining: ${bid.remaining}; expected 1 to ${bid.maxNotional}`);
    if (BigInt(bid.minDiscountPpm) % discountStep !== 0n || bid.minDiscountPpm > 1_000_000)
      throw new Error(`${field}.min_discount_ppm: ${bid.minDiscountPpm}; expected a multiple of ${discountStep}`);
  }
  const seen = new Set<SubaccountKey>();
  for (const [index, { subaccount, blocks }] of (state?.residualAges ?? []).entries()) {
    const field = `perps.keeper_bids.residual_ages[${index}]`;
    const key = keyOf(subaccount, `${field}.subaccount`);
    if (seen.has(key)) throw new Error(`${field}.subaccount: listed twice`);
    seen.add(key);
    if (blocks === 0n) throw new Error(`${field}.blocks: must be positive`);
  }
}

export function importKeeperBids(ctx: Context, state: KeeperBidGenesis | undefined, keyOf: KeyOf): void {
  for (const bid of state?.bids ?? []) {
    const account = keyOf(bid.subaccount, 'subaccount');
    keeperBids.add(ctx, [{ account, marketId: bid.marketId, clientId: bid.clientId }, termsFromProto(bid)]);
  }
  for (const { subaccount, blocks } of state?.residualAges ?? [])
    residualAges.set(ctx, keyOf(subaccount, 'subaccount'), blocks);
}

export function exportKeeperBids(ctx: Context): KeeperBidGenesis {
  return {
    bids: [...keeperBids.all(ctx)].map(bidToProto),
    residualAges: [...residualAges.all(ctx)].map(([key, blocks]) => ({ subaccount: subaccountId(key), blocks })),
  };
}
