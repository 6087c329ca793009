import { GenesisState } from '../../gen/plimsoll/backstop/v1/genesis.js';
import { requireAddress } from '../../runtime/baseapp/address.js';
import type { Context } from '../../runtime/baseapp/context.js';
import type { JsonValue, ProtoRegistry } from '../../runtime/codec/types.js';
import { fromBech32, toBech32 } from '../../runtime/crypto/address.js';
import {
  exitFromProto,
  exitToProto,
  payoutFromProto,
  payoutToProto,
  vaultFromProto,
  vaultMarketFromProto,
  vaultMarketToProto,
  vaultToProto,
} from './codecs.js';
import { collateralDenom, moduleName, type BackstopKeeper } from './keeper.js';
import { defaultParams, validateParams } from './params.js';
import { classNames } from './types.js';

const typeName = 'plimsoll.backstop.v1.GenesisState';

export const toJson = (registry: ProtoRegistry, state: GenesisState): JsonValue =>
  registry.toJson(typeName, GenesisState.encode(state).finish());

export const defaultGenesis = (registry: ProtoRegistry): JsonValue =>
  toJson(registry, GenesisState.fromPartial({ params: defaultParams }));

/** @throws Error naming the field at fault */
export function read(registry: ProtoRegistry, json: unknown): GenesisState {
  const state = GenesisState.decode(registry.fromJson(typeName, json as JsonValue));
  if (state.params === undefined) throw new Error('backstop.params: missing');
  validateParams(state.params);
  /** By number: what owners, the protocol and a payout under way must sum to. */
  const expected = new Map<number, bigint>();
  const held = new Map<number, bigint>();
  for (const [index, vault] of state.vaults.entries()) {
    const field = `backstop.vaults[${index}]`;
    if (classNames[vault.number] === undefined)
      throw new Error(`${field}.number: ${vault.number}; expected a class from 1 (A) to 4 (D)`);
    if (expected.has(vault.number)) throw new Error(`${field}.number: ${vault.number} is listed twice`);
    for (const [name, text] of [
      ['shares', vault.shares],
      ['protocol_shares', vault.protocolShares],
      ['mature_shares', vault.matureShares],
      ['total_in', vault.totalIn],
      ['total_out', vault.totalOut],
      ['penalties', vault.penalties],
      ['payments', vault.payments],
      ['taken', vault.taken],
      ...vault.prices.map(({ price }) => ['prices', price] as const),
    ] as const)
      requireAmount(`${field}.${name}`, text);
    requireSigned(`${field}.base`, vault.base);
    for (const { amount } of vault.results) requireSigned(`${field}.results`, amount);
    expected.set(vault.number, BigInt(vault.shares));
    held.set(vault.number, BigInt(vault.protocolShares));
  }
  const requireVault = (field: string, number: number): void => {
    if (!expected.has(number)) throw new Error(`${field}.number: vault ${number} is not listed`);
  };
  const markets = new Set<string>();
  for (const [index, { number, marketId, base, results }] of state.markets.entries()) {
    const field = `backstop.markets[${index}]`;
    requireVault(field, number);
    if (markets.has(`${number}/${marketId}`)) throw new Error(`${field}: listed twice`);
    markets.add(`${number}/${marketId}`);
    requireSigned(`${field}.base`, base);
    for (const { amount } of results) requireSigned(`${field}.results`, amount);
  }
  const owners = new Map<string, bigint>();
  for (const [index, { number, owner, shares }] of state.shares.entries()) {
    const field = `backstop.shares[${index}]`;
    requireVault(field, number);
    requireAmount(`${field}.shares`, shares);
    requireAddress(`${field}.owner`, owner);
    if (owners.has(`${number}/${owner}`)) throw new Error(`${field}: ${owner} is listed twice`);
    owners.set(`${number}/${owner}`, BigInt(shares));
    held.set(number, held.get(number)! + BigInt(shares));
  }
  for (const [index, payout] of state.payouts.entries()) {
    const field = `backstop.payouts[${index}]`;
    requireVault(field, payout.number);
    for (const text of [payout.matureLeft, payout.sharesLeft, payout.assetsLeft]) requireAmount(field, text);
    expected.set(payout.number, expected.get(payout.number)! + BigInt(payout.sharesLeft));
  }
  for (const [number, shares] of expected)
    if (held.get(number) !== shares)
      throw new Error(`backstop.shares: those of vault ${number} sum to ${held.get(number)}; expected ${shares}`);
  for (const [index, { number, owner, shares }] of state.exits.entries()) {
    const field = `backstop.exits[${index}]`;
    requireVault(field, number);
    requireAmount(`${field}.shares`, shares);
    if (BigInt(shares) > (owners.get(`${number}/${owner}`) ?? 0n))
      throw new Error(`${field}.shares: ${shares} are more than ${owner} holds of vault ${number}`);
  }
  return state;
}

function requireAmount(field: string, text: string): void {
  if (!/^(0|[1-9][0-9]{0,37})$/.test(text))
    throw new Error(`${field}: ${JSON.stringify(text.slice(0, 40))} is not an amount`);
}

function requireSigned(field: string, text: string): void {
  if (!/^(0|-?[1-9][0-9]{0,37})$/.test(text))
    throw new Error(`${field}: ${JSON.stringify(text.slice(0, 40))} is not a signed amount`);
}

/** @throws Error when the module account holds another sum than epochs let out */
export function initGenesis(ctx: Context, keeper: BackstopKeeper, state: GenesisState): void {
  const { store } = keeper;
  store.setParams(ctx, state.params!);
  for (const vault of state.vaults) store.setVault(ctx, vaultFromProto(vault));
  for (const market of state.markets) store.setMarket(ctx, vaultMarketFromProto(market));
  for (const { number, owner, shares } of state.shares) store.setShares(ctx, number, fromBech32(owner), BigInt(shares));
  for (const exit of state.exits) store.setExit(ctx, exitFromProto(exit));
  for (const payout of state.payouts) store.setPayout(ctx, payoutFromProto(payout));
  store.setEpochDay(ctx, state.epochDay);
  const [due, held] = [keeper.payable(ctx), keeper.bank.moduleBalance(ctx, moduleName, collateralDenom)];
  if (due !== held)
    throw new Error(
      `backstop.payouts: ${due}${collateralDenom} are due, the module account holds ${held}${collateralDenom}`,
    );
}

export function exportGenesis(ctx: Context, { store }: BackstopKeeper): GenesisState {
  return {
    params: store.params(ctx),
    vaults: [...store.vaults(ctx)].map(vaultToProto),
    markets: [...store.markets(ctx)].map(vaultMarketToProto),
    shares: [...store.allShares(ctx)].map(([[number, owner], shares]) => ({
      number,
      owner: toBech32(owner),
      shares: shares.toString(),
    })),
    exits: [...store.exits(ctx)].map(exitToProto),
    payouts: [...store.payouts(ctx)].map(payoutToProto),
    epochDay: store.epochDay(ctx),
  };
}
