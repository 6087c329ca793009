import { GenesisState } from '../../gen/plimsoll/insurance/v1/genesis.js';
import { requireAddress } from '../../runtime/baseapp/address.js';
import type { Context } from '../../runtime/baseapp/context.js';
import type { JsonValue, ProtoRegistry } from '../../runtime/codec/types.js';
import { fromBech32, toBech32 } from '../../runtime/crypto/address.js';
import {
  exitFromProto,
  exitToProto,
  idFromProto,
  idText,
  idToProto,
  payoutFromProto,
  payoutToProto,
  trancheFromProto,
  trancheToProto,
} from './codecs.js';
import { collateralDenom, type InsuranceKeeper } from './keeper.js';
import { defaultParams, validateParams } from './params.js';
import { sharedTranches } from './types.js';

const typeName = 'plimsoll.insurance.v1.GenesisState';

export const toJson = (registry: ProtoRegistry, state: GenesisState): JsonValue =>
  registry.toJson(typeName, GenesisState.encode(state).finish());

export const defaultGenesis = (registry: ProtoRegistry): JsonValue =>
  toJson(registry, GenesisState.fromPartial({ params: defaultParams }));

/** @throws Error naming the field at fault */
export function read(registry: ProtoRegistry, json: unknown): GenesisState {
  const state = GenesisState.decode(registry.fromJson(typeName, json as JsonValue));
  if (state.params === undefined) throw new Error('insurance.params: missing');
  validateParams(state.params);
  const held = new Map<string, bigint>();
  const known = new Map<string, { readonly shares: bigint; readonly matureShares: bigint }>();
  for (const [index, tranche] of state.tranches.entries()) {
    const field = `insurance.tranches[${index}]`;
    const id = idFromProto(tranche.id);
    if (id === undefined) throw new Error(`${field}.id: names no tranche`);
    if (known.has(idText(id))) throw new Error(`${field}.id: ${idText(id)} is listed twice`);
    for (const [name, text] of [
      ['junior', tranche.junior],
      ['senior', tranche.senior],
      ['shares', tranche.shares],
      ['total_in', tranche.totalIn],
      ['total_out', tranche.totalOut],
      ['target', tranche.target],
      ['mature_shares', tranche.matureShares],
      ...tranche.recent.map(({ amount }) => ['recent', amount] as const),
      ...tranche.prices.map(({ price }) => ['prices', price] as const),
    ] as const)
      requireAmount(`${field}.${name}`, text);
    known.set(idText(id), { shares: BigInt(tranche.shares), matureShares: BigInt(tranche.matureShares) });
    held.set(idText(id), 0n);
  }
  const requireKnown = (field: string, proto: GenesisState['shares'][number]['tranche']): string => {
    const id = idFromProto(proto);
    const name = id === undefined ? 'none' : idText(id);
    if (!known.has(name)) throw new Error(`${field}.tranche: ${name} is not listed`);
    return name;
  };
  const owners = new Map<string, bigint>();
  for (const [index, { tranche, owner, shares }] of state.shares.entries()) {
    const field = `insurance.shares[${index}]`;
    const name = requireKnown(field, tranche);
    requireAmount(`${field}.shares`, shares);
    requireAddress(`${field}.owner`, owner);
    if (owners.has(`${name}/${owner}`)) throw new Error(`${field}: ${owner} is listed twice`);
    owners.set(`${name}/${owner}`, BigInt(shares));
    held.set(name, held.get(name)! + BigInt(shares));
  }
  const payouts = new Map<string, bigint>();
  for (const [index, payout] of state.payouts.entries()) {
    const field = `insurance.payouts[${index}]`;
    for (const text of [payout.matureLeft, payout.sharesLeft, payout.assetsLeft]) requireAmount(field, text);
    payouts.set(requireKnown(field, payout.tranche), BigInt(payout.sharesLeft));
  }
  for (const [name, { shares }] of known) {
    const expected = shares + (payouts.get(name) ?? 0n);
    if (held.get(name) !== expected)
      throw new Error(`insurance.shares: those of ${name} sum to ${held.get(name)}; expected ${expected}`);
  }
  for (const [index, { tranche, owner, shares }] of state.exits.entries()) {
    const field = `insurance.exits[${index}]`;
    const name = requireKnown(field, tranche);
    requireAmount(`${field}.shares`, shares);
    if (BigInt(shares) > (owners.get(`${name}/${owner}`) ?? 0n))
      throw new Error(`${field}.shares: ${shares} are more than ${owner} holds of ${name}`);
  }
  return state;
}

function requireAmount(field: string, text: string): void {
  if (!/^(0|[1-9][0-9]{0,37})$/.test(text))
    throw new Error(`${field}: ${JSON.stringify(text.slice(0, 40))} is not an amount in quote quanta`);
}

/** @throws Error when the module account holds another sum than the tranches say */
export function initGenesis(ctx: Context, keeper: InsuranceKeeper, state: GenesisState): void {
  const { store } = keeper;
  store.setParams(ctx, state.params!);
  for (const tranche of state.tranches) store.setTranche(ctx, trancheFromProto(tranche));
  for (const id of sharedTranches) keeper.open(ctx, id);
  for (const { tranche, owner, shares } of state.shares)
    store.setShares(ctx, idFromProto(tranche)!, fromBech32(owner), BigInt(shares));
  for (const exit of state.exits) store.setExit(ctx, exitFromProto(exit));
  for (const payout of state.payouts) store.setPayout(ctx, payoutFromProto(payout));
  store.setEpochDay(ctx, state.epochDay);
  const [sum, held] = [keeper.totalBalance(ctx), keeper.moduleBalance(ctx)];
  if (sum !== held) {
    throw new Error(
      `insurance.tranches: balances sum to ${sum}${collateralDenom}, the module account holds ${held}${collateralDenom}`,
    );
  }
}

export function exportGenesis(ctx: Context, { store }: InsuranceKeeper): GenesisState {
  return {
    params: store.params(ctx),
    tranches: [...store.tranches(ctx)].map(trancheToProto),
    shares: [...store.allShares(ctx)].map(([[tranche, owner], shares]) => ({
      tranche: idToProto(tranche),
      owner: toBech32(owner),
      shares: shares.toString(),
    })),
    exits: [...store.exits(ctx)].map(exitToProto),
    payouts: [...store.payouts(ctx)].map(payoutToProto),
    epochDay: store.epochDay(ctx),
  };
}
