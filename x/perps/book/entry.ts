import { SelfTradePrevention, TimeInForce } from '../../../gen/plimsoll/perps/v1/types.js';
import type { SelfTradeMode } from '../matching/levels.js';
import type { Bookable } from './order-book.js';
import type { Side, SubaccountKey } from '../types.js';
import type { BookOrder } from './store.js';

const modes: ReadonlyMap<SelfTradePrevention, SelfTradeMode> = new Map([
  [SelfTradePrevention.SELF_TRADE_PREVENTION_CANCEL_OLDEST, 'oldest'],
  [SelfTradePrevention.SELF_TRADE_PREVENTION_CANCEL_BOTH, 'both'],
  [SelfTradePrevention.SELF_TRADE_PREVENTION_DECREMENT, 'decrement'],
]);

/** An order of the book as the auction takes it. */
export class BookEntry implements Bookable {
  readonly side: Side;
  readonly account: SubaccountKey;
  readonly price: bigint;
  quantity: bigint;
  readonly hidden: bigint;
  readonly height: bigint;
  readonly reduces: boolean;
  readonly allOrNone: boolean;
  readonly owner: string;
  readonly selfTrade: SelfTradeMode;
  slot = 0;

  constructor(
    /** The order's name as a store key. */
    readonly key: string,
    readonly order: BookOrder,
  ) {
    const [at, terms] = order;
    this.side = at.side;
    this.account = at.account;
    this.price = at.price;
    this.quantity = terms.remaining;
    this.hidden = terms.displayQuantity === 0n ? 0n : terms.remaining - terms.displayed;
    this.height = at.height;
    this.reduces = terms.reduceOnly;
    this.allOrNone = terms.allOrNone || terms.timeInForce === TimeInForce.TIME_IN_FORCE_FOK;
    // The address without the number: all subaccounts of an owner.
    this.owner = at.account.slice(0, 20);
    this.selfTrade = modes.get(terms.selfTrade) ?? 'newest';
  }
}
