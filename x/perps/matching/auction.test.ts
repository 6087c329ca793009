import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { levelsOf, runAuction, type AuctionFill, type AuctionOrder } from './index.js';

const numRuns = Number(process.env['PLIMSOLL_FC_RUNS'] ?? 300);
const plain = { reduces: false, hidden: 0n, allOrNone: false, owner: '', selfTrade: 'newest' } as const;
const order = (
  price: number,
  quantity: number,
  height = 1,
  key = `${price}/${quantity}/${height}`,
  terms: Partial<AuctionOrder> = {},
): AuctionOrder => ({
  ...plain,
  price: BigInt(price),
  quantity: BigInt(quantity),
  height: BigInt(height),
  key,
  ...terms,
});

/** An auction of orders in any sequence; fills aligned with them. */
function auction(bids: readonly AuctionOrder[], asks: readonly AuctionOrder[], reference = 100, step = 1, tick = 1) {
  const result = runAuction({
    bids: levelsOf(bids, 'buy'),
    asks: levelsOf(asks, 'sell'),
    referencePrice: BigInt(reference),
    tickSize: BigInt(tick),
    stepSize: BigInt(step),
    allOrNone: [...bids, ...asks].some(({ allOrNone }) => allOrNone),
  });
  const aligned = (orders: readonly AuctionOrder[], fills: readonly AuctionFill[]): bigint[] =>
    orders.map((each) => fills.find(({ order: filled }) => filled === each)?.quantity ?? 0n);
  return {
    clearingPrice: result.clearingPrice,
    volume: result.volume,
    bidFills: aligned(bids, result.bidFills),
    askFills: aligned(asks, result.askFills),
    selfTrades: result.selfTrades,
  };
}

describe('one uniform price', () => {
  test('nothing trades when no bid reaches an ask', () => {
    assert.deepEqual(auction([order(99, 5)], [order(101, 5)]), {
      clearingPrice: undefined,
      volume: 0n,
      bidFills: [0n],
      askFills: [0n],
      selfTrades: [],
    });
    assert.equal(auction([], [order(101, 5)]).clearingPrice, undefined);
  });
  test('the most volume wins', () => {
    // At 101: demand 10, supply 4. At 103: demand 6, supply 9. At 102: 6 and 4.
    const result = auction([order(103, 6), order(101, 4)], [order(100, 4), order(103, 5)]);
    assert.equal(result.clearingPrice, 103n);
    assert.equal(result.volume, 6n);
  });
  test('then the least imbalance', () => {
    // 4 trade anywhere from 100 to 104; demand falls to 4 above 102.
    const result = auction([order(104, 4), order(102, 3)], [order(100, 4)], 100);
    assert.equal(result.clearingPrice, 103n);
  });
  test('then the price nearest to the reference, also between limits', () => {
    for (const [reference, expected] of [
      [90, 95n],
      [100, 100n],
      [103, 103n],
      [200, 105n],
    ] as const) {
      assert.equal(auction([order(105, 1)], [order(95, 1)], reference).clearingPrice, expected);
    }
  });
  test('better prices fill first, then earlier blocks, then pro rata by largest remainder', () => {
    const bids = [
      order(102, 5, 9, 'a'),
      order(101, 5, 1, 'b'),
      order(101, 3, 2, 'c'),
      order(101, 6, 2, 'd'),
      order(101, 3, 2, 'e'),
    ];
    const result = auction(bids, [order(101, 15)], 101);
    // 102 gets 5, block 1 gets 5, the 5 left are shared 3:6:3: 1.25, 2.5, 1.25.
    assert.deepEqual(result.bidFills, [5n, 5n, 1n, 3n, 1n]);
  });
  test('fills are whole steps', () => {
    assert.deepEqual(auction([order(100, 30, 1, 'a'), order(100, 30, 1, 'b')], [order(100, 50)], 100, 10).bidFills, [
      30n,
      20n,
    ]);
  });
});

const side = fc.array(
  fc.record({
    price: fc.integer({ min: 1, max: 12 }),
    quantity: fc.integer({ min: 1, max: 9 }),
    height: fc.integer({ min: 1, max: 3 }),
  }),
  { maxLength: 8 },
);
const book = fc
  .record({ bids: side, asks: side, reference: fc.integer({ min: 1, max: 14 }) })
  .map(({ bids, asks, reference }) => ({
    bids: bids.map(({ price, quantity, height }, i) => order(price, quantity, height, `b${i}`)),
    asks: asks.map(({ price, quantity, height }, i) => order(price, quantity, height, `a${i}`)),
    reference,
  }));
const total = (values: readonly bigint[]): bigint => values.reduce((sum, each) => sum + each, 0n);

describe('for any book', () => {
  test('volume is maximal, imbalance least and the price nearest, against brute force', () => {
    fc.assert(
      fc.property(book, ({ bids, asks, reference }) => {
        let best: { volume: bigint; imbalance: bigint; distance: bigint; price: bigint } | undefined;
        for (let price = 1n; price <= 14n; price++) {
          const demand = total(bids.filter((each) => each.price >= price).map(({ quantity }) => quantity));
          const supply = total(asks.filter((each) => each.price <= price).map(({ quantity }) => quantity));
          const volume = demand < supply ? demand : supply;
          const gap = demand > supply ? demand - supply : supply - demand;
          const away = price > BigInt(reference) ? price - BigInt(reference) : BigInt(reference) - price;
          const key = [-volume, gap, away, price];
          const bestKey = best && [-best.volume, best.imbalance, best.distance, best.price];
          if (
            volume > 0n &&
            (bestKey === undefined ||
              key.find((each, i) => each !== bestKey[i])! < bestKey[key.findIndex((each, i) => each !== bestKey[i])]!)
          ) {
            best = { volume, imbalance: gap, distance: away, price };
          }
        }
        const result = auction(bids, asks, reference);
        assert.equal(result.volume, best?.volume ?? 0n);
        assert.equal(result.clearingPrice, best?.price);
      }),
      { numRuns },
    );
  });
  test('buyers get what sellers give, nobody trades through a limit or beyond a quantity', () => {
    fc.assert(
      fc.property(book, ({ bids, asks, reference }) => {
        const { clearingPrice, volume, bidFills, askFills } = auction(bids, asks, reference);
        assert.equal(total(bidFills), volume);
        assert.equal(total(askFills), volume);
        bids.forEach((each, i) =>
          assert.ok(bidFills[i]! <= each.quantity && (bidFills[i] === 0n || each.price >= clearingPrice!)),
        );
        asks.forEach((each, i) =>
          assert.ok(askFills[i]! <= each.quantity && (askFills[i] === 0n || each.price <= clearingPrice!)),
        );
      }),
      { numRuns },
    );
  });
  test('the sequence of orders changes no fill', () => {
    fc.assert(
      fc.property(book, fc.infiniteStream(fc.nat()), ({ bids, asks, reference }, stream) => {
        const shuffle = <T>(list: readonly T[]): T[] =>
          list
            .map((item) => ({ item, rank: stream.next().value as number }))
            .sort((a, b) => a.rank - b.rank)
            .map(({ item }) => item);
        const fillsByKey = (orders: readonly AuctionOrder[], fills: readonly bigint[]) =>
          Object.fromEntries(orders.map(({ key }, i) => [key, fills[i]]).sort(([a], [b]) => (a! < b! ? -1 : 1)));
        const [bids2, asks2] = [shuffle(bids), shuffle(asks)];
        const first = auction(bids, asks, reference);
        const second = auction(bids2, asks2, reference);
        assert.equal(first.clearingPrice, second.clearingPrice);
        assert.deepEqual(fillsByKey(bids, first.bidFills), fillsByKey(bids2, second.bidFills));
        assert.deepEqual(fillsByKey(asks, first.askFills), fillsByKey(asks2, second.askFills));
      }),
      { numRuns },
    );
  });
  test('a better price, or an earlier block at the same price, is never left while a worse one fills', () => {
    fc.assert(
      fc.property(book, ({ bids, asks, reference }) => {
        const { bidFills } = auction(bids, asks, reference);
        for (const [i, a] of bids.entries()) {
          for (const [j, b] of bids.entries()) {
            const before = a.price > b.price || (a.price === b.price && a.height < b.height);
            if (before && bidFills[j]! > 0n) assert.equal(bidFills[i], a.quantity);
          }
        }
      }),
      { numRuns },
    );
  });
  test('the same for asks', () => {
    fc.assert(
      fc.property(book, ({ bids, asks, reference }) => {
        const { askFills } = auction(bids, asks, reference);
        for (const [i, a] of asks.entries()) {
          for (const [j, b] of asks.entries()) {
            const before = a.price < b.price || (a.price === b.price && a.height < b.height);
            if (before && askFills[j]! > 0n) assert.equal(askFills[i], a.quantity);
          }
        }
      }),
      { numRuns },
    );
  });
  test('within a price and block each gets its share of what the group gets, to less than one step, in whole steps', () => {
    fc.assert(
      fc.property(book, fc.constantFrom(1n, 5n, 1_000n), ({ bids, asks, reference }, step) => {
        const scaled = (orders: readonly AuctionOrder[]): AuctionOrder[] =>
          orders.map((each) => ({ ...each, quantity: each.quantity * step }));
        const [manyBids, manyAsks] = [scaled(bids), scaled(asks)];
        const result = auction(manyBids, manyAsks, reference, Number(step));
        for (const [orders, fills] of [
          [manyBids, result.bidFills],
          [manyAsks, result.askFills],
        ] as const) {
          for (const [i, each] of orders.entries()) {
            assert.equal(fills[i]! % step, 0n);
            const group = orders.flatMap((other, k) =>
              other.price === each.price && other.height === each.height ? [k] : [],
            );
            const wanted = total(group.map((k) => orders[k]!.quantity));
            const got = total(group.map((k) => fills[k]!));
            const difference = fills[i]! * wanted - got * each.quantity;
            assert.ok(difference < step * wanted && -difference < step * wanted);
          }
        }
      }),
      { numRuns },
    );
  });
  test('with ticks wider than one the price is a limit or on tick, as good as any such price and the nearest', () => {
    fc.assert(
      fc.property(book, fc.integer({ min: 2, max: 5 }), ({ bids, asks, reference }, ticks) => {
        const tick = BigInt(ticks);
        const wide = (orders: readonly AuctionOrder[]): AuctionOrder[] =>
          orders.map((each) => ({ ...each, price: each.price * tick }));
        const [wideBids, wideAsks] = [wide(bids), wide(asks)];
        const result = auction(wideBids, wideAsks, reference, 1, ticks);
        if (result.clearingPrice === undefined) return;
        assert.equal(result.clearingPrice % tick, 0n);
        const at = (price: bigint) => {
          const demand = total(wideBids.filter((each) => each.price >= price).map(({ quantity }) => quantity));
          const supply = total(wideAsks.filter((each) => each.price <= price).map(({ quantity }) => quantity));
          const away = price - BigInt(reference);
          return {
            volume: demand < supply ? demand : supply,
            imbalance: demand > supply ? demand - supply : supply - demand,
            distance: away < 0n ? -away : away,
          };
        };
        const chosen = at(result.clearingPrice);
        for (let price = tick; price <= 14n * tick; price += tick) {
          const other = at(price);
          if (other.volume !== chosen.volume) assert.ok(other.volume < chosen.volume);
          else if (other.imbalance !== chosen.imbalance) assert.ok(other.imbalance > chosen.imbalance);
          else
            assert.ok(
              other.distance > chosen.distance || (other.distance === chosen.distance && price >= result.clearingPrice),
            );
        }
      }),
      { numRuns },
    );
  });
});
