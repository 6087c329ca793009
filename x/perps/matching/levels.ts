/** What becomes of two orders of one owner that would trade with each other. */
export type SelfTradeMode = 'newest' | 'oldest' | 'both' | 'decrement';

/** An order as the auction sees it. */
export interface AuctionOrder {
  /** Limit. */
  readonly price: bigint;
  /** Base quanta that may fill, positive. */
  readonly quantity: bigint;
  /** Of `quantity`, what stands behind all that the orders of this price and block show. */
  readonly hidden: bigint;
  /** Block in which it entered: earlier blocks fill first at equal price. */
  readonly height: bigint;
  /** Only reduces a position: before the other orders of its price and block. */
  readonly reduces: boolean;
  /** Unique, and independent of the order of transactions: breaks the last tie. */
  readonly key: string;
  /** Fills whole or not at all. */
  readonly allOrNone: boolean;
  /** Orders of one owner do not trade with each other; empty: no owner. */
  readonly owner: string;
  readonly selfTrade: SelfTradeMode;
}

/** All orders of a side at one price. */
export interface Level<T extends AuctionOrder = AuctionOrder> {
  readonly price: bigint;
  /** Sum of their quantities. */
  readonly total: bigint;
  /** Of it, what fills only whole. */
  readonly wholes: bigint;
  /** As `compareOrders` sorts them. */
  orders(): readonly T[];
}

/** Priority at one price: earlier blocks first, within a block what reduces a position first, then by key. */
export function compareOrders(a: AuctionOrder, b: AuctionOrder): number {
  if (a.height !== b.height) return a.height < b.height ? -1 : 1;
  if (a.reduces !== b.reduces) return a.reduces ? -1 : 1;
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}

/** One side's orders by level, best price first. O(n log n). */
export function levelsOf<T extends AuctionOrder>(orders: readonly T[], side: 'buy' | 'sell'): Level<T>[] {
  const byPrice = new Map<bigint, T[]>();
  for (const order of orders) {
    const level = byPrice.get(order.price);
    if (level === undefined) byPrice.set(order.price, [order]);
    else level.push(order);
  }
  const ahead = side === 'buy' ? -1 : 1;
  return [...byPrice]
    .sort(([a], [b]) => (a < b ? -ahead : ahead))
    .map(([price, list]) => {
      list.sort(compareOrders);
      let total = 0n;
      let wholes = 0n;
      for (const { quantity, allOrNone } of list) {
        total += quantity;
        if (allOrNone) wholes += quantity;
      }
      return { price, total, wholes, orders: () => list };
    });
}
