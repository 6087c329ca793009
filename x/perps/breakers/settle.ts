import type { MarketBreakers } from '../../../gen/plimsoll/perps/v1/breakers.js';
import { CancelReason } from '../../../gen/plimsoll/perps/v1/events.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { bytes, keyBytes } from '../../../runtime/store/key.js';
import type { WorkingAccount, WorkingSet } from '../block/working-set.js';
import type { Deps } from '../deps.js';
import { forMarket } from '../market-failure.js';
import { dropOrder } from '../msgs/cancel.js';
import { accountNumberOf, subaccountId } from '../subaccount-key.js';
import type { MarketId, MarketView, SubaccountKey } from '../types.js';
import { abs, min } from '../units/index.js';
import { breakerStore } from './store.js';

/** Accounts looked at in one block on a chain without breakers, which has no parameter for it. */
const defaultPerBlock = 1_000;

/**
 * Closes positions of the markets that are being settled at their final
 * price, longs against shorts in key order, after the block's waterfall: who
 * is bankrupt at that price is resolved by then. Both sides shrink alike, so
 * that the books balance after each block (ID-2). At most `settled_per_block`
 * accounts are looked at on each side of a market, and as many of its orders
 * are cancelled. risk-model section 14.1.
 */
export function settlePositions(ctx: Context, deps: Deps, work: WorkingSet): void {
  for (const state of [...breakerStore.allMarkets(ctx)])
    if (state.settlement?.done === false && state.fault === undefined)
      forMarket(state.marketId, 'settlement', () => settleSome(ctx, deps, work, state));
}

function settleSome(ctx: Context, deps: Deps, work: WorkingSet, state: MarketBreakers): void {
  const { keeper } = deps;
  const { marketId, settlement } = state;
  const budget = keeper.params(ctx).breakers?.settledPerBlock ?? defaultPerBlock;
  const ordersLeft = cancelSome(ctx, deps, marketId, budget);
  const market = work.markets(marketId);
  const longs = new Side(ctx, deps, work, marketId, 1n, bytes(settlement!.longCursor), budget);
  const shorts = new Side(ctx, deps, work, marketId, -1n, bytes(settlement!.shortCursor), budget);
  let closed = 0n;
  let moved = 0n;
  for (let long = longs.next(), short = shorts.next(); long !== undefined && short !== undefined;) {
    const quantity = min(longs.sizeOf(long), shorts.sizeOf(short));
    moved += close(ctx, work, market, long, quantity) + close(ctx, work, market, short, quantity);
    closed += quantity;
    if (longs.sizeOf(long) === 0n) long = longs.next();
    if (shorts.sizeOf(short) === 0n) short = shorts.next();
  }
  work.addDust(-moved);
  const left = work.state(marketId).longQuanta;
  const done = left === 0n && !ordersLeft;
  breakerStore.setMarket(ctx, {
    ...state,
    settlement: { ...settlement!, longCursor: keyBytes(longs.at), shortCursor: keyBytes(shorts.at), done },
  });
  if (closed > 0n || done)
    ctx.emit('plimsoll.perps.v1.EventSettlement', { marketId, price: market.markPrice, closed, left, done });
}

/** @returns true when some are left for the next block */
function cancelSome(ctx: Context, { keeper }: Deps, id: MarketId, most: number): boolean {
  let left = most;
  for (const side of ['buy', 'sell'] as const) {
    const some = [];
    for (const order of keeper.bookSide(ctx, id, side)) {
      if (some.length === left) return true;
      some.push(order);
    }
    for (const order of some) dropOrder(ctx, keeper, order, CancelReason.CANCEL_REASON_BREAKER);
    left -= some.length;
  }
  return false;
}

/** Closes at the final price, which is the mark; returns the signed change of cash. */
function close(ctx: Context, work: WorkingSet, market: MarketView, account: WorkingAccount, quantity: bigint): bigint {
  const held = account.position(market.id)!.quantity;
  const cash = work.fill(account, market, held > 0n ? 'sell' : 'buy', quantity, market.markPrice);
  ctx.emit('plimsoll.perps.v1.EventPositionSettled', {
    owner: subaccountId(account.key).owner,
    number: accountNumberOf(account.key),
    marketId: market.id,
    quantity: held > 0n ? -quantity : quantity,
    price: market.markPrice,
  });
  return cash;
}

/** The accounts on one side of a market in key order, from where the block before came to. */
class Side {
  /** The account to go on with. */
  at: SubaccountKey;
  readonly #entries: Iterator<readonly [readonly [SubaccountKey, MarketId], unknown]>;
  #budget: number;

  constructor(
    ctx: Context,
    { keeper }: Deps,
    readonly work: WorkingSet,
    readonly market: MarketId,
    readonly sign: 1n | -1n,
    from: SubaccountKey,
    budget: number,
  ) {
    this.at = from;
    this.#budget = budget;
    this.#entries = keeper.positionsFrom(ctx, from)[Symbol.iterator]();
  }

  /** What an account has left on this side. */
  sizeOf(account: WorkingAccount): bigint {
    const held = account.position(this.market)?.quantity ?? 0n;
    return held * this.sign > 0n ? abs(held) : 0n;
  }

  next(): WorkingAccount | undefined {
    for (;;) {
      const entry = this.#entries.next();
      if (entry.done === true) {
        // What the waterfall moved meanwhile may stand before: it is looked for from the start.
        this.at = '';
        return undefined;
      }
      const [[key, id]] = entry.value;
      // The account to go on with was counted in the block before.
      if (key !== this.at && this.#budget-- <= 0) return undefined;
      this.at = key;
      if (id !== this.market) continue;
      const account = this.work.account(key);
      if (this.sizeOf(account) > 0n) return account;
    }
  }
}
