import { MsgPlaceKeeperBid } from '../../../../gen/plimsoll/perps/v1/keeper_bids.js';
import { MsgCancelAllOrders, MsgDeposit, MsgPlaceOrder } from '../../../../gen/plimsoll/perps/v1/tx.js';
import { OrderType, TimeInForce } from '../../../../gen/plimsoll/perps/v1/types.js';
import { sideToProto } from '../../../../x/perps/codecs.js';
import { collateralDenom } from '../../../../x/perps/deps.js';
import type { BidTerms } from '../../../../x/perps/keeper-bids/store.js';
import { initialMargin, openInterestScaledRate, usableEquity } from '../../../../x/perps/margin/index.js';
import { quote, type AccountView, type MarketView, type Side } from '../../../../x/perps/types.js';
import { abs } from '../../../../x/perps/units/index.js';
import type { EncodedMessage } from '../wallet.js';
import type { Trader } from './trader.js';
import type { TraderView } from './view.js';

/** A bid that a keeper wants to stand. */
export type WantedBid = Pick<BidTerms, 'side' | 'remaining' | 'minDiscount'>;

/** What a trader sends in one transaction, in the making. */
export class OrderTicket {
  readonly #messages: EncodedMessage[] = [];
  readonly #trader: Trader;
  readonly #view: TraderView;
  /** The account as the deposits on this ticket will leave it. */
  account: AccountView;
  /** Client ids are unique: height, then place on the ticket. */
  #placed = 0n;

  constructor(trader: Trader, view: TraderView) {
    this.#trader = trader;
    this.#view = view;
    this.account = view.account(trader);
  }

  get messages(): readonly EncodedMessage[] {
    return this.#messages;
  }

  /** Brings collateral back to the stake when equity fell below a third of it. */
  topUp(equity: bigint): void {
    const { stake, wallet } = this.#trader;
    if (equity * 3n >= stake) return;
    const wanted = stake - (equity > 0n ? equity : 0n);
    const funds = this.#view.funds(this.#trader);
    const amount = wanted < funds ? wanted : funds;
    if (amount <= 0n) return;
    const coin = { denom: collateralDenom, amount: amount.toString() };
    this.#push('MsgDeposit', MsgDeposit.encode({ owner: wallet.bech32, subaccountNumber: 0, amount: coin }).finish());
    this.account = { ...this.account, cash: quote(this.account.cash + amount) };
  }

  /** @param slippagePpm farthest clearing price from mark */
  market(market: MarketView, side: Side, quantity: bigint, slippagePpm: number, reduceOnly = false): void {
    this.#place(market, side, quantity, { type: OrderType.ORDER_TYPE_MARKET, price: 0n, slippagePpm, reduceOnly });
  }

  /** A resting order; the price is put on a tick, away from the market. */
  limit(market: MarketView, side: Side, quantity: bigint, price: bigint): void {
    const { tickSize } = market;
    const onTick = side === 'buy' ? (price / tickSize) * tickSize : ((price + tickSize - 1n) / tickSize) * tickSize;
    if (onTick <= 0n) return;
    this.#place(market, side, quantity, {
      type: OrderType.ORDER_TYPE_LIMIT,
      price: onTick,
      slippagePpm: 0,
      reduceOnly: false,
    });
  }

  /** Stands ready to take failing positions over. @param clientId not that of a standing bid in this market */
  bid(market: MarketView, { side, remaining, minDiscount }: WantedBid, clientId: number): void {
    this.#push(
      'MsgPlaceKeeperBid',
      MsgPlaceKeeperBid.encode(
        MsgPlaceKeeperBid.fromPartial({
          owner: this.#trader.wallet.bech32,
          marketId: market.id,
          clientId: BigInt(clientId),
          side: sideToProto(side),
          maxNotional: remaining.toString(),
          minDiscountPpm: Number(minDiscount),
        }),
      ).finish(),
    );
  }

  /** Takes resting orders and bids back. */
  cancelAll(): void {
    const owner = this.#trader.wallet.bech32;
    this.#push('MsgCancelAllOrders', MsgCancelAllOrders.encode({ owner, subaccountNumber: 0, marketId: 0 }).finish());
  }

  #place(
    market: MarketView,
    side: Side,
    quantity: bigint,
    terms: {
      readonly type: OrderType;
      readonly price: bigint;
      readonly slippagePpm: number;
      readonly reduceOnly: boolean;
    },
  ): void {
    const onStep = quantity - (quantity % market.stepSize);
    if (onStep <= 0n) return;
    const isMarket = terms.type === OrderType.ORDER_TYPE_MARKET;
    this.#push(
      'MsgPlaceOrder',
      MsgPlaceOrder.encode(
        MsgPlaceOrder.fromPartial({
          owner: this.#trader.wallet.bech32,
          marketId: market.id,
          clientId: BigInt(this.#view.height) * 16n + ++this.#placed,
          side: sideToProto(side),
          type: terms.type,
          quantity: onStep,
          price: terms.price,
          timeInForce: isMarket ? TimeInForce.TIME_IN_FORCE_IOC : TimeInForce.TIME_IN_FORCE_GTC,
          reduceOnly: terms.reduceOnly,
          maxSlippagePpm: terms.slippagePpm,
        }),
      ).finish(),
    );
  }

  #push(name: string, value: Uint8Array): void {
    this.#messages.push({ typeUrl: `/plimsoll.perps.v1.${name}`, value });
  }
}

const million = 1_000_000n;
/** Part of its margin that a trader uses at most, ppm: the rest is for fees and rounding. */
const usedMargin = 970_000n;

/** Base quanta that the account can add in a market at this slippage; zero when it has no margin to spare. */
export function affordable(account: AccountView, view: TraderView, market: MarketView, slippagePpm: number): bigint {
  const free = usableEquity(account, view.markets) - initialMargin(account, [], view.markets);
  if (free <= 0n) return 0n;
  const perMillion = openInterestScaledRate(market) / 1_000n + BigInt(slippagePpm) + market.takerFee;
  return quantityOf((free * usedMargin) / perMillion, market);
}

/** Base quanta of a notional at mark price. */
export const quantityOf = (notional: bigint, market: MarketView): bigint =>
  (notional * market.quoteDivisor) / market.markPrice;

export const heldIn = (account: AccountView, market: MarketView): bigint =>
  account.positions.find(({ marketId }) => marketId === market.id)?.quantity ?? 0n;

export const isDust = (quantity: bigint, market: MarketView): boolean =>
  (abs(quantity) * market.markPrice) / market.quoteDivisor < 10n * million;
