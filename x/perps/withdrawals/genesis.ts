import type { WithdrawalsGenesis } from '../../../gen/plimsoll/perps/v1/withdrawals.js';
import type { SubaccountId } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { fromBech32, toBech32 } from '../../../runtime/crypto/address.js';
import { subaccountId, subaccountKey } from '../subaccount-key.js';
import type { SubaccountKey } from '../types.js';
import {
  bucketFromProto,
  bucketToProto,
  clockFromProto,
  clockToProto,
  entryFromProto,
  entryToProto,
  fundClassFromProto,
  fundClassToProto,
  keyOfId,
  withdrawalStore,
} from './store.js';
import { usdcId } from './types.js';

const positive = /^[1-9][0-9]{0,37}$/;
const unsigned = /^(0|[1-9][0-9]{0,37})$/;
const signed = /^(0|-?[1-9][0-9]{0,37})$/;

/**
 * @param keyOf the subaccount's key; throws Error naming the field when the id is not valid or unknown
 * @throws Error naming the field at fault
 */
export function validateWithdrawals(
  state: WithdrawalsGenesis | undefined,
  assets: ReadonlySet<number>,
  keyOf: (id: SubaccountId | undefined, field: string) => SubaccountKey,
): void {
  if (state === undefined) return;
  const requireText = (field: string, text: string, form: RegExp): void => {
    if (!form.test(text)) throw new Error(`${field}: ${JSON.stringify(text.slice(0, 40))} is not an amount`);
  };
  const seen = new Set<string>();
  for (const [index, { subaccount, assetId, amount, value, class: fund }] of state.queue.entries()) {
    const field = `perps.withdrawals.queue[${index}]`;
    const place = `${keyOf(subaccount, `${field}.subaccount`)}/${assetId}`;
    if (seen.has(place)) throw new Error(`${field}: the account waits for this asset twice`);
    seen.add(place);
    if (assetId !== usdcId && !assets.has(assetId))
      throw new Error(`${field}.asset_id: ${assetId} is not a collateral asset`);
    requireText(`${field}.amount`, amount, positive);
    requireText(`${field}.value`, value, unsigned);
    fundClassFromProto(fund);
  }
  for (const [index, { class: fund, level, outflows }] of state.buckets.entries()) {
    const field = `perps.withdrawals.buckets[${index}]`;
    fundClassFromProto(fund);
    requireText(`${field}.level`, level, signed);
    for (const [at, { amount }] of outflows.entries()) requireText(`${field}.outflows[${at}].amount`, amount, unsigned);
  }
  for (const { class: fund } of state.gates) fundClassFromProto(fund);
  for (const [index, { owner, amount }] of state.allowances.entries()) {
    const field = `perps.withdrawals.allowances[${index}]`;
    try {
      fromBech32(owner);
    } catch (error) {
      throw new Error(`${field}.owner: ${(error as Error).message}`, { cause: error });
    }
    requireText(`${field}.amount`, amount, positive);
  }
  for (const [index, { subaccount, amount }] of state.delayedProfits.entries()) {
    const field = `perps.withdrawals.delayed_profits[${index}]`;
    keyOf(subaccount, `${field}.subaccount`);
    requireText(`${field}.amount`, amount, signed);
  }
  const { epoch } = state.clock ?? {};
  if (epoch?.subaccount !== undefined) keyOf(epoch.subaccount, 'perps.withdrawals.clock.epoch.subaccount');
  for (const [index, { granted, wanted }] of (epoch?.shares ?? []).entries()) {
    requireText(`perps.withdrawals.clock.epoch.shares[${index}].granted`, granted, unsigned);
    requireText(`perps.withdrawals.clock.epoch.shares[${index}].wanted`, wanted, unsigned);
  }
}

/** What waits is counted anew; the audit compares it with the bank. */
export function importWithdrawals(ctx: Context, state: WithdrawalsGenesis | undefined): void {
  if (state === undefined) return;
  for (const proto of state.buckets)
    withdrawalStore.setBucket(ctx, fundClassFromProto(proto.class), bucketFromProto(proto));
  for (const proto of state.queue) {
    const entry = entryFromProto(proto);
    withdrawalStore.setQueued(ctx, entry);
    withdrawalStore.addPending(ctx, entry.assetId, entry.amount);
  }
  if (state.clock !== undefined) withdrawalStore.setClock(ctx, clockFromProto(state.clock));
  for (const { class: fund, untilHeight } of state.gates)
    withdrawalStore.setGate(ctx, fundClassFromProto(fund), untilHeight);
  for (const { day, owner, amount } of state.allowances)
    withdrawalStore.addUsedAllowance(ctx, day, subaccountKey(fromBech32(owner), 0), BigInt(amount));
  for (const { minute, subaccount, amount } of state.delayedProfits)
    withdrawalStore.addDelayedProfit(ctx, keyOfId(subaccount), minute, BigInt(amount));
}

export function exportWithdrawals(ctx: Context): WithdrawalsGenesis {
  return {
    buckets: [...withdrawalStore.buckets(ctx)].map(([fund, bucket]) => bucketToProto(fund, bucket)),
    queue: [...withdrawalStore.queue(ctx)].map(entryToProto),
    clock: clockToProto(withdrawalStore.clock(ctx)),
    gates: [...withdrawalStore.gates(ctx)].map(([fund, untilHeight]) => ({
      class: fundClassToProto(fund),
      untilHeight,
    })),
    allowances: [...withdrawalStore.allowances(ctx)].map(({ day, owner, amount }) => ({
      day,
      owner: toBech32(owner),
      amount: amount.toString(),
    })),
    delayedProfits: [...withdrawalStore.delayedProfits(ctx)].map(({ key, minute, amount }) => ({
      minute,
      subaccount: subaccountId(key),
      amount: amount.toString(),
    })),
  };
}
