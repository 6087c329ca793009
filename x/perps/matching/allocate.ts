import type { AuctionSide } from './auction-side.js';
import type { AuctionOrder } from './levels.js';

/** What an order fills in an auction. */
export interface AuctionFill<T extends AuctionOrder = AuctionOrder> {
  readonly order: T;
  /** Base quanta, positive. */
  readonly quantity: bigint;
}

/**
 * Fills a side down to its last level, which leaves `rest`. O(orders that fill)
 * @returns fills in priority order
 */
export function allocate<T extends AuctionOrder>(
  side: AuctionSide<T>,
  lastRank: number,
  rest: bigint,
  stepSize: bigint,
): AuctionFill<T>[] {
  const fills: AuctionFill<T>[] = [];
  const lastWhole = rest === 0n ? lastRank : lastRank - 1;
  for (let rank = 0; rank <= lastWhole; rank++) {
    const { total, level } = side.at(rank)!;
    if (total === 0n) continue;
    for (const order of level.orders()) {
      const quantity = side.quantityOf(order);
      if (quantity > 0n) fills.push({ order, quantity });
    }
  }
  if (rest > 0n) shareLevel(side, lastRank, rest, stepSize, fills);
  return fills;
}

/**
 * Shares a level that leaves `rest` unfilled: earlier blocks before later;
 * within a block what reduces positions before the others; of each what is
 * shown before what is hidden, pro rata in whole steps, largest remainders
 * first, ties by key. Quantities that are no
 * multiple of the step are shared by the quantum.
 */
export function shareLevel<T extends AuctionOrder>(
  side: AuctionSide<T>,
  rank: number,
  rest: bigint,
  stepSize: bigint,
  fills: AuctionFill<T>[] = [],
): AuctionFill<T>[] {
  const { total, level } = side.at(rank)!;
  const orders = level.orders();
  let left = total - rest;
  for (let start = 0; start < orders.length && left > 0n;) {
    const { height, reduces } = orders[start]!;
    const group: T[] = [];
    let wanted = 0n;
    for (; start < orders.length; start++) {
      const order = orders[start]!;
      if (order.height !== height || order.reduces !== reduces) break;
      const quantity = side.quantityOf(order);
      if (quantity === 0n) continue;
      group.push(order);
      wanted += quantity;
    }
    if (wanted <= left) {
      for (const order of group) fills.push({ order, quantity: side.quantityOf(order) });
      left -= wanted;
    } else {
      shareBlock(side, group, left, stepSize, fills);
      left = 0n;
    }
  }
  return fills;
}

/** Shares less than all of a block's orders want: first what they show, then what they hide. */
function shareBlock<T extends AuctionOrder>(
  side: AuctionSide<T>,
  group: readonly T[],
  available: bigint,
  stepSize: bigint,
  fills: AuctionFill<T>[],
): void {
  const shown: bigint[] = [];
  const hidden: bigint[] = [];
  let totalShown = 0n;
  let totalHidden = 0n;
  for (const order of group) {
    const quantity = side.quantityOf(order);
    const front = order.hidden === 0n ? quantity : lesser(quantity, order.quantity - order.hidden);
    shown.push(front);
    hidden.push(quantity - front);
    totalShown += front;
    totalHidden += quantity - front;
  }
  const got =
    totalShown >= available
      ? proRata(shown, totalShown, available, stepSize)
      : proRata(hidden, totalHidden, available - totalShown, stepSize).map((share, k) => shown[k]! + share);
  for (const [k, order] of group.entries()) if (got[k]! > 0n) fills.push({ order, quantity: got[k]! });
}

const lesser = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** Pro rata by quantity; the largest remainders get one step more, the first of equals. */
export function proRata(quantities: readonly bigint[], total: bigint, available: bigint, stepSize: bigint): bigint[] {
  const step =
    available % stepSize === 0n && quantities.every((quantity) => quantity % stepSize === 0n) ? stepSize : 1n;
  const steps = available / step;
  let given = 0n;
  const shares: bigint[] = [];
  const remainders: { readonly index: number; readonly remainder: bigint }[] = [];
  for (const [index, quantity] of quantities.entries()) {
    const exact = steps * quantity;
    const whole = exact / total;
    shares.push(whole * step);
    given += whole;
    remainders.push({ index, remainder: exact - whole * total });
  }
  remainders.sort((a, b) => (a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1));
  for (const { index } of remainders) {
    if (given === steps) break;
    shares[index]! += step;
    given++;
  }
  return shares;
}
