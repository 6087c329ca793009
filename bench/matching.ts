import btree from 'sorted-btree';
import { integers } from '../test/replay-paths.js';
import { runAuction, type AuctionOrder } from '../x/perps/matching/index.js';
import { best, measurement, quick, type Measurements } from './measure.js';

interface Order extends AuctionOrder {
  readonly buy: boolean;
}

/** The package is CommonJS: its class is the default of the default. */
const BTree = btree.default;

const mark = 435_380_000_000n;
const tick = 10_000_000n;

/** Orders within 1 % of mark, half on each side: about half of the volume crosses. */
function makeOrders(count: number): Order[] {
  const draw = integers(11);
  return Array.from({ length: count }, (_, index) => {
    const buy = draw(2) === 0;
    const offset = BigInt(draw(870) - 435) * tick;
    return {
      buy,
      price: mark + offset,
      quantity: BigInt(1 + draw(1_000)) * 100n,
      height: BigInt(1 + draw(3)),
      key: String(index).padStart(9, '0'),
    };
  });
}

/** The peer: price-time priority, one order after the other. Returns the traded volume. */
function continuousBook(orders: readonly Order[]): bigint {
  interface Level {
    readonly queue: { left: bigint }[];
    head: number;
  }
  const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);
  const bids = new BTree<bigint, Level>(undefined, compare);
  const asks = new BTree<bigint, Level>(undefined, compare);
  let volume = 0n;
  for (const { buy, price, quantity } of orders) {
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
    if (level === undefined) own.set(price, { queue: [{ left }], head: 0 });
    else level.queue.push({ left });
  }
  return volume;
}

/** Orders per second through one batch auction, against a naive continuous book fed with the same orders. */
export function matchingBench(): Measurements {
  const count = quick ? 20_000 : 200_000;
  const orders = makeOrders(count);
  const bids = orders.filter(({ buy }) => buy);
  const asks = orders.filter(({ buy }) => !buy);
  const auction = (): void => {
    const { volume } = runAuction({ bids, asks, referencePrice: mark, tickSize: tick, stepSize: 100n });
    if (volume === 0n) throw new Error('nothing traded');
  };
  const book = (): void => {
    if (continuousBook(orders) === 0n) throw new Error('nothing traded');
  };
  auction();
  book();
  const perSecond = (ms: number): number => (count * 1_000) / ms;
  return { 'matching.auctionOps': measurement(perSecond(best(5, auction)), 'orders/s', perSecond(best(5, book))) };
}
