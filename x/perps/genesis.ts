import { GenesisState } from '../../gen/plimsoll/perps/v1/genesis.js';
import type { MarginSettings } from '../../gen/plimsoll/perps/v1/margin.js';
import type { Context } from '../../runtime/baseapp/context.js';
import type { JsonValue, ProtoRegistry } from '../../runtime/codec/types.js';
import { fromBech32 } from '../../runtime/crypto/address.js';
import type { SubaccountId } from '../../gen/plimsoll/perps/v1/types.js';
import { audit } from './block/identities.js';
import { emptyCollateral, exportCollateral, initCollateral, validateCollateralGenesis } from './collateral/genesis.js';
import {
  emptyLedger,
  ledgerFromProto,
  ledgerToProto,
  marketStateFromProto,
  marketStateToProto,
  modeFromProto,
  positionFromProto,
  positionToProto,
  restingOrderFromProto,
  sideFromProto,
  subaccountFromProto,
  subaccountToProto,
} from './codecs.js';
import { exportBreakers, importBreakers, validateBreakers } from './breakers/genesis.js';
import { exportWaiting, importWaiting } from './conditional/genesis.js';
import { watchExpiry } from './conditional/expiry.js';
import { idOfOrder } from './conditional/links.js';
import type { Deps } from './deps.js';
import { checkKeeperBids, exportKeeperBids, importKeeperBids } from './keeper-bids/genesis.js';
import { exportMarks, importMarks, validateMarks } from './mark/store.js';
import { maxChosenLeverage } from './margin/index.js';
import { fundingWeight } from './funding/index.js';
import type { BookKey } from './book/store.js';
import { listMarket } from './msgs/governance.js';
import { orderToProto } from './msgs/order-proto.js';
import { checkNettings, exportNettings, importNettings } from './netting/genesis.js';
import { exportRecovery, importRecovery, validateRecovery } from './recovery/genesis.js';
import { checkRates, exportRates, importRates } from './rates/genesis.js';
import { checkStress, exportStress, importStress } from './stress/chain/genesis.js';
import { defaultParams, validateMarket, validateParams } from './params.js';
import { checkBackstop, exportBackstop, importBackstop } from './vaults/store.js';
import { maxSubaccountNumber, subaccountId, subaccountKey } from './subaccount-key.js';
import type { MarketId, SubaccountKey } from './types.js';
import { exportWithdrawals, importWithdrawals, validateWithdrawals } from './withdrawals/genesis.js';

const typeName = 'plimsoll.perps.v1.GenesisState';

export const emptyGenesis: GenesisState = {
  params: defaultParams,
  markets: [],
  marketStates: [],
  subaccounts: [],
  positions: [],
  orders: [],
  ledger: ledgerToProto(emptyLedger),
  mark: undefined,
  breakers: undefined,
  rates: undefined,
  collateral: emptyCollateral,
  waitingOrders: undefined,
  stress: undefined,
  recovery: undefined,
  keeperBids: undefined,
  backstop: undefined,
  withdrawals: undefined,
  netting: undefined,
};

export function genesisToJson(registry: ProtoRegistry, state: GenesisState): JsonValue {
  return registry.toJson(typeName, GenesisState.encode(state).finish());
}

function keyOf(id: SubaccountId | undefined, field: string): SubaccountKey {
  if (id === undefined) throw new Error(`${field}: missing`);
  if (id.number > maxSubaccountNumber) throw new Error(`${field}.number: ${id.number}; at most ${maxSubaccountNumber}`);
  try {
    return subaccountKey(fromBech32(id.owner), id.number);
  } catch (error) {
    throw new Error(`${field}.owner: ${(error as Error).message}`, { cause: error });
  }
}

function validateSettings(field: string, settings: MarginSettings | undefined, markets: ReadonlySet<number>): void {
  if (settings === undefined) return;
  if (modeFromProto(settings.mode) === undefined)
    throw new Error(`${field}.mode: expected MARGIN_MODE_PORTFOLIO, MARGIN_MODE_CROSS or MARGIN_MODE_ISOLATED`);
  for (const [index, { marketId, leverage }] of settings.leverages.entries()) {
    const entry = `${field}.leverages[${index}]`;
    if (!markets.has(marketId)) throw new Error(`${entry}.market_id: ${marketId} is not a market`);
    if (leverage < 1 || leverage > maxChosenLeverage)
      throw new Error(`${entry}.leverage: ${leverage}; expected 1 to ${maxChosenLeverage}`);
    if (marketId <= (settings.leverages[index - 1]?.marketId ?? 0)) throw new Error(`${entry}.market_id: out of order`);
  }
}

/** Reads and checks a genesis section. @throws Error naming the field at fault */
export function genesisFromJson(registry: ProtoRegistry, json: unknown): GenesisState {
  const state = GenesisState.decode(registry.fromJson(typeName, json as JsonValue));
  if (state.params === undefined) throw new Error('perps.params: missing');
  validateParams(state.params);
  const ids = new Set<number>();
  for (const [index, market] of state.markets.entries()) {
    validateMarket(market);
    if (ids.has(market.id)) throw new Error(`perps.markets[${index}].id: ${market.id} is listed twice`);
    ids.add(market.id);
  }
  for (const [index, { marketId }] of state.marketStates.entries()) {
    if (!ids.has(marketId)) throw new Error(`perps.market_states[${index}].market_id: ${marketId} is not a market`);
  }
  checkRates(state.rates, ids);
  checkStress(state.stress, ids);
  const accounts = new Set<SubaccountKey>();
  for (const [index, { id, margin }] of state.subaccounts.entries()) {
    const key = keyOf(id, `perps.subaccounts[${index}].id`);
    if (accounts.has(key)) throw new Error(`perps.subaccounts[${index}].id: listed twice`);
    accounts.add(key);
    validateSettings(`perps.subaccounts[${index}].margin`, margin, ids);
  }
  const requireKnown = (field: string, id: SubaccountId | undefined, marketId: number): void => {
    if (!accounts.has(keyOf(id, `${field}.subaccount`)))
      throw new Error(`${field}.subaccount: has no subaccount entry`);
    if (!ids.has(marketId)) throw new Error(`${field}.market_id: ${marketId} is not a market`);
  };
  for (const [index, { subaccount, marketId, quantity }] of state.positions.entries()) {
    requireKnown(`perps.positions[${index}]`, subaccount, marketId);
    if (quantity === 0n) throw new Error(`perps.positions[${index}].quantity: must not be zero`);
  }
  for (const [index, { subaccount, marketId, side }] of state.orders.entries()) {
    requireKnown(`perps.orders[${index}]`, subaccount, marketId);
    if (sideFromProto(side) === undefined)
      throw new Error(`perps.orders[${index}].side: expected SIDE_BUY or SIDE_SELL`);
  }
  validateMarks(state.mark, ids);
  validateRecovery(state.recovery, ids, BigInt(state.ledger?.recovery || 0), (id, field) => {
    const key = keyOf(id, field);
    if (!accounts.has(key)) throw new Error(`${field}: has no subaccount entry`);
    return key;
  });
  validateBreakers(state.breakers, ids);
  const knownKeyOf = (id: SubaccountId | undefined, field: string): SubaccountKey => {
    const key = keyOf(id, field);
    if (!accounts.has(key)) throw new Error(`${field}: has no subaccount entry`);
    return key;
  };
  validateCollateralGenesis(state.collateral ?? emptyCollateral, knownKeyOf);
  checkKeeperBids(state.keeperBids, ids, knownKeyOf);
  checkNettings(state.netting, ids, knownKeyOf);
  checkBackstop(state.backstop, ids);
  const assets = new Set((state.collateral?.assets ?? []).map(({ id }) => id));
  validateWithdrawals(state.withdrawals, assets, knownKeyOf);
  return state;
}

/** @throws Error when the books do not balance */
export function initGenesis(ctx: Context, deps: Deps, state: GenesisState): void {
  const { keeper } = deps;
  keeper.setParams(ctx, state.params!);
  keeper.setLedger(ctx, state.ledger === undefined ? emptyLedger : ledgerFromProto(state.ledger));
  for (const market of state.markets) listMarket(ctx, deps, market);
  for (const proto of state.marketStates) keeper.setMarketState(ctx, marketStateFromProto(proto));
  if (state.mark !== undefined) importMarks(ctx, state.mark);
  importRates(ctx, state.rates);
  importStress(ctx, state.stress);
  importBreakers(ctx, state.breakers, keyOf);
  let cash = 0n;
  for (const proto of state.subaccounts) {
    const subaccount = subaccountFromProto(proto);
    cash += subaccount.cash;
    keeper.setSubaccount(ctx, keyOf(proto.id, 'id'), subaccount);
  }
  // A hand-written genesis need not add up the cash itself.
  const ledger = keeper.ledger(ctx);
  if (ledger.totalCash === 0n) keeper.setLedger(ctx, { ...ledger, totalCash: cash });
  const weights = new Map<MarketId, bigint>();
  for (const proto of state.positions) {
    const position = positionFromProto(proto);
    keeper.setPosition(ctx, keyOf(proto.subaccount, 'subaccount'), position);
    weights.set(position.marketId, (weights.get(position.marketId) ?? 0n) + fundingWeight(position));
  }
  for (const each of [...keeper.allMarketStates(ctx)])
    keeper.setMarketState(ctx, { ...each, fundingWeight: weights.get(each.marketId) ?? 0n });
  for (const order of state.orders) {
    const at: BookKey = {
      marketId: order.marketId,
      side: sideFromProto(order.side)!,
      price: order.price,
      height: order.placedHeight,
      account: keyOf(order.subaccount, 'subaccount'),
      clientId: order.clientId,
    };
    keeper.setOrder(ctx, at, restingOrderFromProto(order));
    watchExpiry(ctx, idOfOrder(at), order);
  }
  initCollateral(ctx, deps, state.collateral ?? emptyCollateral, keyOf);
  importWaiting(ctx, deps, state.waitingOrders);
  importRecovery(ctx, state.recovery, keyOf);
  importKeeperBids(ctx, state.keeperBids, keyOf);
  importNettings(ctx, state.netting, keyOf);
  importBackstop(ctx, state.backstop);
  importWithdrawals(ctx, state.withdrawals);
  const [broken] = audit(ctx, deps).violations;
  if (broken !== undefined) throw new Error(`perps: the books do not balance: ${broken.identity}: ${broken.detail}`);
}

export function exportGenesis(ctx: Context, deps: Deps): GenesisState {
  const { keeper } = deps;
  return {
    params: keeper.params(ctx),
    markets: [...keeper.allMarkets(ctx)],
    marketStates: [...keeper.allMarketStates(ctx)].map(marketStateToProto),
    subaccounts: [...keeper.subaccounts(ctx)].map(([key, state]) => ({
      ...subaccountToProto(state),
      id: subaccountId(key),
    })),
    positions: [...keeper.allPositions(ctx)].map(([[key], position]) => ({
      ...positionToProto(position),
      subaccount: subaccountId(key),
    })),
    orders: [...keeper.allOrders(ctx)].map(orderToProto),
    ledger: ledgerToProto(keeper.ledger(ctx)),
    mark: exportMarks(ctx),
    breakers: exportBreakers(ctx),
    rates: exportRates(ctx),
    collateral: exportCollateral(ctx, deps),
    waitingOrders: exportWaiting(ctx),
    stress: exportStress(ctx),
    recovery: exportRecovery(ctx),
    keeperBids: exportKeeperBids(ctx),
    netting: exportNettings(ctx),
    backstop: exportBackstop(ctx),
    withdrawals: exportWithdrawals(ctx),
  };
}
