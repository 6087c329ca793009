import type { CollateralAsset } from '../../gen/plimsoll/perps/v1/collateral.js';
import { type Market, type Params } from '../../gen/plimsoll/perps/v1/types.js';
import { FatalError } from '../../runtime/baseapp/errors.js';
import type { Stores } from '../../runtime/store/collection.js';
import type { KVStore } from '../../runtime/store/types.js';
import { u32 } from '../../runtime/store/key.js';
import {
  classFromProto,
  emptyLedger,
  type LedgerView,
  type MarketStateView,
  type RestingOrder,
  type SubaccountState,
} from './codecs.js';
import { CollateralStore, type AssetState } from './collateral/store.js';
import { BookIndex, bookOrder, type BookSource } from './book/book-index.js';
import type { BookView } from './book/book-view.js';
import { orderKey, orders, touchedOrders, type BookKey, type BookOrder, type OrderId } from './book/store.js';
import { breakersView } from './breakers/standing.js';
import { breakerStore } from './breakers/store.js';
import { errors } from './errors.js';
import { unexplained } from './margin/loading.js';
import { lookup } from './margin/lookup.js';
import { markState } from './mark/store.js';
import * as keys from './keys.js';
import { ratesStore } from './rates/store.js';
import { ratesView, type RatesView } from './rates/view.js';
import {
  ppm,
  price,
  quote,
  type AssetId,
  type AssetView,
  type Holding,
  type MarketId,
  type Markets,
  type MarketView,
  type OrderView,
  type Price,
  type PositionView,
  type RiskParams,
  type StoredAccount,
  type Side,
  type SubaccountKey,
} from './types.js';
import { assertI128, assertU63, quoteAmountUp } from './units/index.js';

type Writable = Stores<KVStore>;

const noCollateral: readonly Holding[] = [];

export type { BookOrder } from './book/store.js';

/** The only code that touches the perps store. It moves values and knows no rule. */
export class PerpsKeeper {
  /** Collateral other than USDC. */
  readonly collateral = new CollateralStore();

  /** @param books the sorted book, derived from the orders in state */
  constructor(readonly books = new BookIndex()) {}

  // ---- parameters and ledger ----

  params(from: Stores): Params {
    const found = keys.params.get(from);
    if (found === undefined) throw new FatalError('perps has no parameters: genesis did not run');
    return found;
  }

  setParams(to: Writable, value: Params): void {
    keys.params.set(to, value);
  }

  ledger(from: Stores): LedgerView {
    return keys.ledger.get(from) ?? emptyLedger;
  }

  setLedger(to: Writable, value: LedgerView): void {
    assertI128(value.totalCash, 'ledger.total_cash');
    assertI128(value.fees, 'ledger.fees');
    keys.ledger.set(to, value);
  }

  /** @throws AppError perps/26 while trading is halted by a broken invariant */
  requireRunning(from: Stores): void {
    const { haltedReason } = this.ledger(from);
    if (haltedReason !== '') throw errors.halted(`${haltedReason}; deposits and cancels are accepted`);
  }

  // ---- markets ----

  market(from: Stores, id: MarketId): Market | undefined {
    return keys.markets.get(from, id);
  }

  allMarkets(from: Stores): Iterable<Market> {
    return keys.markets.values(from);
  }

  setMarket(to: Writable, market: Market): void {
    keys.markets.set(to, market.id, market);
  }

  marketState(from: Stores, id: MarketId): MarketStateView {
    const found = keys.marketStates.get(from, id);
    if (found === undefined) throw new FatalError(`market ${id} has no state`);
    return found;
  }

  allMarketStates(from: Stores): Iterable<MarketStateView> {
    return keys.marketStates.values(from);
  }

  setMarketState(to: Writable, state: MarketStateView): void {
    assertU63(state.longQuanta, `market ${state.marketId}: long_quanta`);
    assertU63(state.shortQuanta, `market ${state.marketId}: short_quanta`);
    assertI128(state.fundingIndex, `market ${state.marketId}: funding_index`);
    keys.marketStates.set(to, state.marketId, state);
  }

  /** A market with its state, as rules want it. */
  marketView(from: Stores, id: MarketId): MarketView {
    const market = keys.markets.get(from, id);
    if (market === undefined) throw new FatalError(`market ${id} is not listed`);
    const view = marketViewOf(
      market,
      this.marketState(from, id),
      this.ratesView(from, market),
      markState(from, id)?.averagePrice,
    );
    const breakers = breakerStore.market(from, id);
    return breakers === undefined ? view : { ...view, ...breakersView(breakers) };
  }

  /** The rates and loading that hold in a market now. */
  ratesView(from: Stores, market: Market): RatesView {
    const { id } = market;
    return ratesView(market, ratesStore.rates(from, id), ratesStore.loadings(from, id), ratesStore.depthUnit(from, id));
  }

  /** Views of markets and collateral assets as they are now, each made once; take a new lookup after one changed. */
  markets(from: Stores): Markets {
    const views = new Map<MarketId, MarketView>();
    const market = (id: MarketId): MarketView => {
      let view = views.get(id);
      if (view === undefined) {
        view = this.marketView(from, id);
        views.set(id, view);
      }
      return view;
    };
    const assets = new Map<AssetId, AssetView>();
    return lookup(market, (id) => {
      let view = assets.get(id);
      if (view === undefined) assets.set(id, (view = this.#assetView(from, id, market)));
      return view;
    });
  }

  #assetView(from: Stores, id: AssetId, market: (id: MarketId) => MarketView): AssetView {
    const asset = this.collateral.asset(from, id);
    if (asset === undefined) throw new FatalError(`collateral asset ${id} is not known`);
    const moves = asset.marketId === 0 ? { loading: unexplained(-id), shocks: [] } : market(asset.marketId);
    return assetViewOf(asset, this.collateral.state(from, id), moves);
  }

  // ---- accounts ----

  subaccount(from: Stores, key: SubaccountKey): SubaccountState | undefined {
    return keys.subaccounts.get(from, key);
  }

  /** Subaccounts whose key starts with `under` (an owner, or nothing for all), in key order. */
  subaccounts(from: Stores, under = ''): Iterable<readonly [SubaccountKey, SubaccountState]> {
    return keys.subaccounts.entries(from, under);
  }

  setSubaccount(to: Writable, key: SubaccountKey, state: SubaccountState): void {
    assertI128(state.cash, 'cash');
    keys.subaccounts.set(to, key, state);
    keys.changedAccounts.set(to, key, true);
  }

  positionsOf(from: Stores, key: SubaccountKey): PositionView[] {
    return [...keys.positions.values(from, key)];
  }

  position(from: Stores, key: SubaccountKey, market: MarketId): PositionView | undefined {
    return keys.positions.get(from, [key, market]);
  }

  /** All positions, account by account in key order, then by market. */
  allPositions(from: Stores): Iterable<readonly [readonly [SubaccountKey, MarketId], PositionView]> {
    return keys.positions.entries(from);
  }

  /** The same from an account on. */
  positionsFrom(
    from: Stores,
    start: SubaccountKey,
  ): Iterable<readonly [readonly [SubaccountKey, MarketId], PositionView]> {
    return keys.positions.entries(from, '', { start });
  }

  /** The first account with a position whose key is not below `start`; undefined when there is none. */
  nextHolder(from: Stores, start: string): SubaccountKey | undefined {
    for (const [[key]] of keys.positions.entries(from, '', { start })) return key;
    return undefined;
  }

  setPosition(to: Writable, key: SubaccountKey, position: PositionView): void {
    assertPosition(position);
    keys.positions.set(to, [key, position.marketId], position);
    keys.changedAccounts.set(to, key, true);
  }

  deletePosition(to: Writable, key: SubaccountKey, market: MarketId): void {
    keys.positions.delete(to, [key, market]);
    keys.changedAccounts.set(to, key, true);
  }

  /**
   * Writes an account with those of its positions that are not the ones in
   * `before`. For the end of the block, which says itself what it changed.
   */
  setAccount(to: Writable, account: StoredAccount, before: readonly PositionView[]): void {
    const { key, cash, underwaterHeight, settings, positions } = account;
    assertI128(cash, 'cash');
    keys.subaccounts.set(to, key, { cash, underwaterHeight, settings });
    for (const { marketId } of before)
      if (!positions.some((now) => now.marketId === marketId)) keys.positions.delete(to, [key, marketId]);
    for (const position of positions) {
      if (before.includes(position)) continue;
      assertPosition(position);
      keys.positions.set(to, [key, position.marketId], position);
    }
  }

  /** An account with its positions; one that does not exist has no cash. */
  account(from: Stores, key: SubaccountKey): StoredAccount {
    const state = this.subaccount(from, key);
    return {
      key,
      cash: state?.cash ?? quote(0n),
      underwaterHeight: state?.underwaterHeight ?? 0n,
      settings: state?.settings,
      positions: this.positionsOf(from, key),
      collateral: this.collateralOf(from, key),
    };
  }

  /** An account's collateral other than USDC, in asset order. */
  collateralOf(from: Stores, key: SubaccountKey): readonly Holding[] {
    if (!this.collateral.anyBalance(from)) return noCollateral;
    const found: Holding[] = [];
    for (const [, assetId, amount] of this.collateral.balances(from, key)) found.push({ assetId, amount });
    return found;
  }

  /** All accounts with their positions and collateral, in key order: all lie in the store in that order, so one walk joins them. */
  *allAccounts(from: Stores): Iterable<StoredAccount> {
    const positions = this.allPositions(from)[Symbol.iterator]();
    let next = positions.next();
    const balances = this.collateral.balances(from)[Symbol.iterator]();
    let balance = balances.next();
    for (const [key, { cash, underwaterHeight, settings }] of this.subaccounts(from)) {
      const own: PositionView[] = [];
      while (next.done !== true && next.value[0][0] === key) {
        own.push(next.value[1]);
        next = positions.next();
      }
      let collateral = noCollateral;
      for (; balance.done !== true && balance.value[0] === key; balance = balances.next())
        collateral = [...collateral, { assetId: balance.value[1], amount: balance.value[2] }];
      yield { key, cash, underwaterHeight, settings, positions: own, collateral };
    }
  }

  // ---- orders ----

  order(from: Stores, id: OrderId): BookOrder | undefined {
    const key = orderKey(id);
    const stored = orders.get(from, key);
    return stored === undefined ? undefined : bookOrder(key, stored);
  }

  /** An account's open orders by market and client id; of one market when given. */
  *ordersOf(from: Stores, key: SubaccountKey, market?: MarketId): Iterable<BookOrder> {
    const under = market === undefined ? key : key + u32(market);
    for (const [name, stored] of orders.entries(from, under)) yield bookOrder(name, stored);
  }

  /** The sorted book as it stands now. */
  book(from: BookSource): BookView {
    return this.books.view(from);
  }

  /** One side of a market's book, best price first, earliest block first. */
  *bookSide(from: BookSource, market: MarketId, side: Side): Iterable<BookOrder> {
    for (const level of this.book(from).levels(market, side)) for (const { order } of level.orders()) yield order;
  }

  /** What can be traded at each price of a side, best first: also what icebergs hide, not what fills only whole. */
  bookDepth(from: BookSource, market: MarketId, side: Side): Iterable<{ price: bigint; quantity: bigint }> {
    return this.book(from).depth(market, side);
  }

  /** All open orders by account, market and client id. */
  *allOrders(from: Stores): Iterable<BookOrder> {
    for (const [key, stored] of orders.entries(from)) yield bookOrder(key, stored);
  }

  /** Enters an order, or changes what is left of it or where it stands. */
  setOrder(to: Writable, at: BookKey, order: RestingOrder): void {
    const key = orderKey(at);
    orders.set(to, key, { side: at.side, price: at.price, height: at.height, order });
    touchedOrders.set(to, key, true);
  }

  removeOrder(to: Writable, id: OrderId): void {
    const key = orderKey(id);
    orders.delete(to, key);
    touchedOrders.set(to, key, true);
  }

  /** Orders that this block entered or changed and that are open, by account, market and client id. */
  *touchedOrders(from: Stores): Iterable<BookOrder> {
    for (const [key] of touchedOrders.entries(from)) {
      const stored = orders.get(from, key);
      if (stored !== undefined) yield bookOrder(key, stored);
    }
  }

  // ---- this block only ----

  addNetDeposit(to: Writable, key: SubaccountKey, amount: bigint): void {
    keys.netDeposits.set(to, key, this.netDeposit(to, key) + amount);
  }

  /** Accounts that were written in this block, in key order. */
  *changedAccounts(from: Stores): Iterable<SubaccountKey> {
    for (const [key] of keys.changedAccounts.entries(from)) yield key;
  }

  netDeposit(from: Stores, key: SubaccountKey): bigint {
    return keys.netDeposits.get(from, key) ?? 0n;
  }
}

function assertPosition({ quantity, entryValue }: PositionView): void {
  assertU63(quantity < 0n ? -quantity : quantity, 'position size');
  assertI128(entryValue, 'entry_value');
}

export function orderView([at, order]: BookOrder): OrderView {
  return {
    marketId: at.marketId,
    side: at.side,
    price: price(at.price),
    remaining: order.remaining,
    reduceOnly: order.reduceOnly,
  };
}

const powersOfTen: readonly bigint[] = Array.from({ length: 41 }, (_, exponent) => 10n ** BigInt(exponent));

/** 10^-(base_exponent + price_exponent + 6) of a market or asset; listing checked that the exponent is 0 to 40. */
export function quoteDivisorOf({
  baseExponent,
  priceExponent,
}: Pick<Market, 'baseExponent' | 'priceExponent'>): bigint {
  return powersOfTen[-(baseExponent + priceExponent + 6)]!;
}

/** @param averagePrice the mark's 30-minute average; undefined before the first mark */
export function marketViewOf(
  market: Market,
  state: MarketStateView,
  rates: RatesView,
  averagePrice: Price = state.markPrice,
): MarketView {
  const quoteDivisor = quoteDivisorOf(market);
  return {
    id: market.id,
    class: classFromProto(market.class),
    quoteDivisor,
    markPrice: state.markPrice,
    oraclePrice: state.oraclePrice,
    lowPrice: averagePrice < state.markPrice ? averagePrice : state.markPrice,
    highPrice: averagePrice > state.markPrice ? averagePrice : state.markPrice,
    tickSize: market.tickSize,
    stepSize: market.stepSize,
    ...rates,
    shocks: market.stressShocksPpm.map((shock) => ppm(BigInt(shock))),
    openInterest: quoteAmountUp(state.longQuanta, state.markPrice, quoteDivisor),
    openInterestCap: state.openInterestCap?.cap ?? quote(BigInt(market.openInterestCap)),
    fundingIndex: state.fundingIndex,
    makerFee: ppm(BigInt(market.makerFeePpm)),
    takerFee: ppm(BigInt(market.takerFeePpm)),
  };
}

/** A collateral asset with its state, as rules want it. */
export function assetViewOf(
  asset: CollateralAsset,
  state: AssetState,
  moves: Pick<AssetView, 'loading' | 'shocks'>,
): AssetView {
  return {
    id: asset.id,
    quoteDivisor: quoteDivisorOf(asset),
    price: state.price,
    discount: ppm(state.discountNow),
    riskRate: ppm(state.riskRateNow),
    coverShare: ppm(BigInt(asset.coverSharePpm)),
    loading: moves.loading,
    shocks: moves.shocks,
    stale: state.stale,
    carriesNewRisk: state.carriesNewRisk,
  };
}

export function riskParamsOf(params: Params): RiskParams {
  return {
    targetHealth: ppm(BigInt(params.targetHealthPpm)),
    graceHealth: ppm(BigInt(params.graceHealthPpm)),
    sliceHealth: ppm(BigInt(params.sliceHealthPpm)),
    sliceShare: ppm(BigInt(params.sliceSharePpm)),
    sliceNotional: quote(BigInt(params.sliceNotional)),
    penaltyMin: ppm(BigInt(params.penaltyMinPpm)),
    penaltyMax: ppm(BigInt(params.penaltyMaxPpm)),
    penaltyInsuranceShare: ppm(BigInt(params.penaltyInsuranceSharePpm)),
    penaltyBackstopShare: ppm(BigInt(params.penaltyBackstopSharePpm)),
    minLiquidationAB: quote(BigInt(params.minLiquidationAb)),
    minLiquidationCD: quote(BigInt(params.minLiquidationCd)),
  };
}

/** True when the market's price is older than params allow: nothing opens and nobody is liquidated on it. */
export function isStale(state: MarketStateView, params: Params, timeMs: bigint): boolean {
  return state.oraclePrice === 0n || timeMs - state.oracleTimeMs > params.staleMs;
}
