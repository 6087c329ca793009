import { MsgCancelAllOrders, MsgDeposit, MsgPlaceOrder } from '../../../gen/plimsoll/perps/v1/tx.js';
import { OrderType, Side, TimeInForce, type Market } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import type { TxMessage } from '../../../runtime/codec/tx.js';
import type { PerpsKeeper } from '../../../x/perps/keeper.js';
import { initialMargin, usableEquity } from '../../../x/perps/margin/index.js';
import type { AccountView, MarketView } from '../../../x/perps/types.js';
import { Draw } from './random.js';

/** How somebody trades. */
export type Strategy = 'maker' | 'long' | 'short' | 'trend' | 'reversion';

export interface Trader {
  readonly index: number;
  readonly strategy: Strategy;
  readonly owner: string;
  /** Store key of subaccount 0. */
  readonly account: string;
  /** Class D markets need a subaccount of their own: one for each market. */
  readonly market: Market;
}

/** Cash on a trader's subaccount at genesis and in its bank account to come back with, in quote quanta. */
export function endowment(strategy: Strategy): { readonly cash: bigint; readonly reserve: bigint } {
  const usdc = 1_000_000n;
  return strategy === 'maker'
    ? { cash: 1_500_000n * usdc, reserve: 1_500_000n * usdc }
    : { cash: 10_000n * usdc, reserve: 60_000n * usdc };
}

export function strategyOf(index: number, makers: number): Strategy {
  if (index < makers) return 'maker';
  return (['long', 'short', 'long', 'trend', 'short', 'reversion'] as const)[(index - makers) % 6]!;
}

/** What a trader may look at: committed state, and the recorded price some time ago. */
export interface View {
  readonly ctx: Context;
  readonly keeper: PerpsKeeper;
  readonly height: number;
  readonly seed: number;
  /** Recorded price divided by the one some blocks earlier, less one; 0 when unknown. */
  readonly recentReturn: (symbol: string) => number;
  readonly bankBalance: (owner: string) => bigint;
}

const makerPeriod = 6;
const takerPeriod = 60;
const makerLevels = 6;

/**
 * A trader's messages for the next block; none when it does not act. A pure
 * function of seed, height, committed state and recorded prices: a replay
 * that was cut anywhere goes on as if it had not been.
 */
export function act(trader: Trader, view: View): TxMessage[] {
  const period = trader.strategy === 'maker' ? makerPeriod : takerPeriod;
  if ((view.height + trader.index * 7) % period !== 0) return [];
  const { keeper, ctx } = view;
  const market = keeper.marketView(ctx, trader.market.id);
  if (market.markPrice === 0n) return [];
  const account = keeper.account(ctx, trader.account);
  const draw = new Draw(view.seed, view.height, trader.index);
  const refill = topUp(trader, view, account, market);
  if (refill !== undefined) return [refill];
  return trader.strategy === 'maker' ? quote(trader, view, account, market) : take(trader, view, account, market, draw);
}

/** Comes back with fresh money after a loss, as long as the reserve lasts. */
function topUp(trader: Trader, view: View, account: AccountView, market: MarketView): TxMessage | undefined {
  const { cash } = endowment(trader.strategy);
  if (usableEquity(account, () => market) >= cash / 5n) return undefined;
  const balance = view.bankBalance(trader.owner);
  const amount = balance < cash ? balance : cash;
  if (amount < 1_000_000n) return undefined;
  return {
    typeName: 'plimsoll.perps.v1.MsgDeposit',
    bytes: MsgDeposit.encode({
      owner: trader.owner,
      subaccountNumber: 0,
      amount: { denom: 'uusdc', amount: amount.toString() },
    }).finish(),
  };
}

/** Levels on both sides, smaller and farther out the more inventory and the wilder the market. */
function quote(trader: Trader, view: View, account: AccountView, market: MarketView): TxMessage[] {
  const messages: TxMessage[] = [
    {
      typeName: 'plimsoll.perps.v1.MsgCancelAllOrders',
      bytes: MsgCancelAllOrders.encode({ owner: trader.owner, subaccountNumber: 0, marketId: 0 }).finish(),
    },
  ];
  const markets = (): MarketView => market;
  const spare = Number(usableEquity(account, markets) - initialMargin(account, [], markets));
  if (spare <= 0) return messages;
  const rate = (2 * Number(market.openingRate)) / 1e9;
  const move = Math.abs(view.recentReturn(trader.market.ticker));
  const spacing = 0.0008 + 0.25 * move;
  const worth = (spare / rate) * (0.35 / makerLevels) * Math.max(0.15, 1 - 12 * move);
  const held = Number(account.positions[0]?.quantity ?? 0n) * (Number(market.markPrice) / Number(market.quoteDivisor));
  const skew = Math.max(-4, Math.min(4, held / (spare / rate + 1))) * spacing;
  for (let level = 1; level <= makerLevels; level++) {
    for (const side of [Side.SIDE_BUY, Side.SIDE_SELL]) {
      const offset = (side === Side.SIDE_BUY ? -1 : 1) * spacing * level - skew;
      const message = order(
        trader,
        market,
        2 * level + side,
        side,
        worth,
        1 + Math.max(-0.15, Math.min(0.15, offset)),
        false,
      );
      if (message !== undefined) messages.push(message);
    }
  }
  return messages;
}

function take(trader: Trader, view: View, account: AccountView, market: MarketView, draw: Draw): TxMessage[] {
  const position = account.positions[0];
  const move = view.recentReturn(trader.market.ticker);
  const wanted =
    trader.strategy === 'long'
      ? Side.SIDE_BUY
      : trader.strategy === 'short'
        ? Side.SIDE_SELL
        : (trader.strategy === 'trend') === move >= 0
          ? Side.SIDE_BUY
          : Side.SIDE_SELL;
  const markets = (): MarketView => market;
  const holds = position === undefined ? undefined : position.quantity > 0n ? Side.SIDE_BUY : Side.SIDE_SELL;
  const clientId = view.height;
  if (position !== undefined && (holds !== wanted || draw.chance(0.08))) {
    const worth = Math.abs(Number(position.quantity)) * (Number(market.markPrice) / Number(market.quoteDivisor));
    const close = order(
      trader,
      market,
      clientId,
      holds === Side.SIDE_BUY ? Side.SIDE_SELL : Side.SIDE_BUY,
      worth,
      undefined,
      true,
      position.quantity,
    );
    return close === undefined ? [] : [close];
  }
  const spare = Number(usableEquity(account, markets) - initialMargin(account, [], markets));
  const rate = (2 * Number(market.openingRate)) / 1e9;
  // Longs and shorts go near the limit of their class; the others keep half in hand.
  const boldness = trader.strategy === 'long' || trader.strategy === 'short' ? 0.75 + 0.2 * draw.unit() : 0.45;
  const worth = (spare / (rate + 0.03)) * boldness;
  if (worth < 50e6 || (position !== undefined && draw.chance(0.5))) return [];
  const open = order(trader, market, clientId, wanted, worth, undefined, false);
  return open === undefined ? [] : [open];
}

/** A limit order at a factor of mark, or an immediate one with 2 % slippage. Worth in quote quanta. */
function order(
  trader: Trader,
  market: MarketView,
  clientId: number,
  side: Side,
  worth: number,
  factor: number | undefined,
  reduceOnly: boolean,
  exact?: bigint,
): TxMessage | undefined {
  const { tickSize, stepSize, quoteDivisor, markPrice } = market;
  const held = exact === undefined ? undefined : exact < 0n ? -exact : exact;
  const sized = (BigInt(Math.max(0, Math.floor(worth))) * quoteDivisor) / markPrice;
  const quantity = ((held ?? sized) / stepSize) * stepSize;
  if (quantity === 0n || (!reduceOnly && worth < 20e6)) return undefined;
  const price = factor === undefined ? 0n : (BigInt(Math.floor(Number(markPrice) * factor)) / tickSize) * tickSize;
  if (factor !== undefined && price === 0n) return undefined;
  return {
    typeName: 'plimsoll.perps.v1.MsgPlaceOrder',
    bytes: MsgPlaceOrder.encode({
      owner: trader.owner,
      subaccountNumber: 0,
      marketId: market.id,
      clientId: BigInt(clientId),
      side,
      type: factor === undefined ? OrderType.ORDER_TYPE_MARKET : OrderType.ORDER_TYPE_LIMIT,
      quantity,
      price,
      timeInForce: factor === undefined ? TimeInForce.TIME_IN_FORCE_IOC : TimeInForce.TIME_IN_FORCE_GTC,
      reduceOnly,
      maxSlippagePpm: factor === undefined ? 20_000 : 0,
    }).finish(),
  };
}
