import btree from 'sorted-btree';
import { integers } from '../test/replay-paths.js';
import { OrderBook, type Bookable } from '../x/perps/book/order-book.js';
import { runAuction, type AuctionFill, type SelfTradeMode } from '../x/perps/matching/index.js';
import { best, measurement, quick, type Measurements } from './measure.js';

/** The package is CommonJS: its class is the default of the default. */
const BTree = btree.default;

const mark = 435_380_000_000n;
const tick = 10_000_000n;
const step = 100n;
/** Operations between two auctions: a full block. */
const blockOperations = 2_000;

interface Place {
  readonly id: number;
  readonly side: 'buy' | 'sell';
  readonly price: bigint;
  readonly quantity: bigint;
  readonly height: bigint;
}
/** Places an order, or cancels the one with an id. */
type Operation = Place | number;

/**
 * What makers and takers send: of a hundred operations sixty place an order,
 * one in four of them through the other side's best prices, and forty cancel
 * one of the last thousand orders, open or not. The same for all books.
 */
function makeOperations(count: number): Operation[] {
  const draw = integers(11);
  const operations: Operation[] = [];
  let placed = 0;
  for (let index = 0; index < count; index++) {
    if (placed > 0 && draw(100) < 40) {
      operations.push(Math.max(0, placed - 1 - draw(1_000)));
      continue;
    }
    const side = draw(2) === 0 ? 'buy' : 'sell';
    const distance = draw(4) === 0 ? -1 - draw(20) : 1 + draw(435);
    operations.push({
      id: placed++,
      side,
      price: mark + BigInt(side === 'buy' ? -distance : distance) * tick,
      quantity: BigInt(1 + draw(1_000)) * step,
      height: BigInt(1 + Math.floor(index / blockOperations)),
    });
  }
  return operations;
}

/** An ordinary limit order. */
class Order implements Bookable {
  slot = 0;

  constructor(
    readonly id: number,
    readonly side: 'buy' | 'sell',
    readonly price: bigint,
    public quantity: bigint,
    readonly height: bigint,
  ) {}

  get key(): string {
    return names[this.id]!;
  }
  get owner(): string {
    return owners[this.id % owners.length]!;
  }
  get hidden(): bigint {
    return 0n;
  }
  get reduces(): boolean {
    return false;
  }
  get allOrNone(): boolean {
    return false;
  }
  get selfTrade(): SelfTradeMode {
    return 'newest';
  }
}

/** Our book and its auctions. Returns the traded volume. */
function auctions(operations: readonly Operation[]): bigint {
  const book = new OrderBook<Order>();
  const open = new Map<number, Order>();
  let volume = 0n;
  const drop = (order: Order): void => {
    book.remove(order);
    open.delete(order.id);
  };
  const settle = ({ order, quantity }: AuctionFill<Order>): void => {
    if (quantity === order.quantity) drop(order);
    else book.resize(order, order.quantity - quantity);
  };
  for (let index = 0; index < operations.length; index++) {
    const operation = operations[index]!;
    if (typeof operation === 'number') {
      const order = open.get(operation);
      if (order !== undefined) drop(order);
    } else {
      const { id, side, price, quantity, height } = operation;
      const order = new Order(id, side, price, quantity, height);
      open.set(id, order);
      book.add(order);
    }
    if ((index + 1) % blockOperations !== 0) continue;
    const result = runAuction({
      bids: book.levels('buy'),
      asks: book.levels('sell'),
      referencePrice: mark,
      tickSize: tick,
      stepSize: step,
      allOrNone: book.wholes > 0,
    });
    volume += result.volume;
    for (const { order } of result.selfTrades) drop(order);
    for (const fill of result.bidFills) settle(fill);
    for (const fill of result.askFills) settle(fill);
  }
  return volume;
}

/** The peer: price-time priority over the fastest sorted map, each order matched as it comes. Returns the traded volume. */
function continuousBook(operations: readonly Operation[]): bigint {
  interface Resting {
    readonly id: number;
    readonly side: 'buy' | 'sell';
    readonly price: bigint;
    left: bigint;
  }
  interface Level {
    readonly queue: Resting[];
    head: number;
  }
  const ascending = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);
  const bids = new BTree<bigint, Level>(undefined, ascending);
  const asks = new BTree<bigint, Level>(undefined, ascending);
  const open = new Map<number, Resting>();
  let volume = 0n;
  for (const operation of operations) {
    if (typeof operation === 'number') {
      const order = open.get(operation);
      if (order !== undefined) {
        // Stays in its queue and is passed over.
        order.left = 0n;
        open.delete(operation);
      }
      continue;
    }
    const { id, side, price, quantity } = operation;
    const buy = side === 'buy';
    let left = quantity;
    const against = buy ? asks : bids;
    while (left > 0n) {
      const best = buy ? against.minKey() : against.maxKey();
      if (best === undefined || (buy ? best > price : best < price)) break;
      const level = against.get(best)!;
      while (left > 0n && level.head < level.queue.length) {
        const resting = level.queue[level.head]!;
        const filled = resting.left < left ? resting.left : left;
        resting.left -= filled;
        left -= filled;
        volume += filled;
        if (resting.left === 0n) level.head++;
      }
      if (level.head === level.queue.length) against.delete(best);
    }
    if (left === 0n) continue;
    const own = buy ? bids : asks;
    const level = own.get(price);
    const resting: Resting = { id, side, price, left };
    open.set(id, resting);
    if (level === undefined) own.set(price, { queue: [resting], head: 0 });
    else level.queue.push(resting);
  }
  return volume;
}

const most = quick ? 20_000 : 1_000_000;
/** Names and owners as binary strings of their real lengths, made before anything is measured. */
const names = Array.from({ length: most }, (_, id) =>
  Buffer.from(`${'a'.repeat(24)}${String(id).padStart(12, '0')}`).toString('latin1'),
);
const owners = Array.from({ length: 20_011 }, (_, index) => String(index).padStart(20, 'o'));

/** Order operations per second through the pure book and its auctions, beside a naive continuous book with the same operations, and how they grow. */
export function matchingBench(): Measurements {
  const perSecond = (count: number, work: (operations: readonly Operation[]) => bigint): number => {
    const operations = makeOperations(count);
    const run = (): void => {
      if (work(operations) === 0n) throw new Error('nothing traded');
    };
    run();
    return (count * 1_000) / best(5, run);
  };
  const count = most / 10;
  const [few, many] = [perSecond(count, auctions), perSecond(most, auctions)];
  return {
    'matching.auctionOps': measurement(few, 'operations/s', perSecond(count, continuousBook)),
    'matching.auctionOpsTenfold': measurement(many, 'operations/s', few),
  };
}
