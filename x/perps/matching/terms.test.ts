import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { levelsOf, runAuction, type AuctionFill, type AuctionOrder, type SelfTradeMode } from './index.js';

const numRuns = Number(process.env['PLIMSOLL_FC_RUNS'] ?? 300);
const plain = { reduces: false, hidden: 0n, allOrNone: false, owner: '', selfTrade: 'newest' } as const;
const order = (key: string, price: number, quantity: number, terms: Partial<AuctionOrder> = {}): AuctionOrder => ({
  ...plain,
  key,
  price: BigInt(price),
  quantity: BigInt(quantity),
  height: 1n,
  ...terms,
});
const whole = { allOrNone: true };

function auction(
  bids: readonly AuctionOrder[],
  asks: readonly AuctionOrder[],
  admit?: (order: AuctionOrder, side: 'buy' | 'sell') => bigint,
) {
  const { clearingPrice, volume, bidFills, askFills, selfTrades } = runAuction({
    bids: levelsOf(bids, 'buy'),
    asks: levelsOf(asks, 'sell'),
    referencePrice: 100n,
    tickSize: 1n,
    stepSize: 1n,
    allOrNone: [...bids, ...asks].some(({ allOrNone }) => allOrNone),
    ...(admit === undefined ? {} : { admit }),
  });
  const byKey = (fills: readonly AuctionFill[]) =>
    Object.fromEntries(fills.map(({ order: { key }, quantity }) => [key, Number(quantity)]));
  return {
    price: clearingPrice === undefined ? undefined : Number(clearingPrice),
    volume: Number(volume),
    fills: { ...byKey(bidFills), ...byKey(askFills) },
    gaveWay: selfTrades.map(({ order: { key }, left }) => [key, Number(left)]),
  };
}

describe('an order that fills whole or not at all', () => {
  test('fills when the other side offers enough', () => {
    assert.deepEqual(auction([order('a', 101, 10, whole)], [order('s', 100, 6), order('t', 101, 4)]).fills, {
      a: 10,
      s: 6,
      t: 4,
    });
  });
  test('sits out when it does not, and the others trade as if it were not there', () => {
    const result = auction([order('a', 105, 10, whole), order('b', 101, 3)], [order('s', 100, 6)]);
    assert.deepEqual([result.price, result.fills], [100, { b: 3, s: 3 }]);
  });
  test('at the last level it is not torn by pro rata: it sits out and the rest share', () => {
    // 10 for 6 and 6: the second one's 5 would be a part.
    assert.deepEqual(
      auction([order('a', 100, 6), order('b', 100, 6, whole), order('c', 100, 2)], [order('s', 100, 10)]).fills,
      {
        a: 6,
        c: 2,
        s: 8,
      },
    );
  });
  test('of several that would be torn the one with the worst priority sits out first', () => {
    const older = order('b', 100, 6, whole);
    assert.deepEqual(auction([older, order('a', 100, 6, { ...whole, height: 2n })], [order('s', 100, 6)]).fills, {
      b: 6,
      s: 6,
    });
    assert.deepEqual(auction([order('a', 100, 6, whole), order('b', 100, 6, whole)], [order('s', 100, 6)]).fills, {
      a: 6,
      s: 6,
    });
  });
  test('one that no quantity can fill takes nothing from one that can be filled', () => {
    assert.deepEqual(auction([order('a', 100, 9, whole), order('b', 100, 6, whole)], [order('s', 100, 6)]).fills, {
      b: 6,
      s: 6,
    });
  });
  test('two such orders of one size meet', () => {
    assert.deepEqual(auction([order('a', 100, 6, whole)], [order('s', 99, 6, whole)]).volume, 6);
  });
  test('a refused part is a refused whole', () => {
    const result = auction([order('a', 100, 6, whole)], [order('s', 100, 6)], ({ key, quantity }) =>
      key === 'a' ? 5n : quantity,
    );
    assert.equal(result.volume, 0);
  });
});

test('what reduces a position fills before the other orders of its price and block', () => {
  const asks = [order('s', 100, 10)];
  const reducing = order('r', 100, 6, { reduces: true });
  assert.deepEqual(auction([order('a', 100, 6), reducing], asks).fills, { r: 6, a: 4, s: 10 });
  assert.deepEqual(auction([order('a', 100, 6), { ...reducing, height: 2n }], asks).fills, { a: 6, r: 4, s: 10 });
});

describe('an iceberg', () => {
  test('shows its part with the others of its block, and hides the rest behind them', () => {
    const iceberg = order('i', 100, 100, { hidden: 90n });
    // 10 and 40 are shown; the hidden 90 come after both.
    assert.deepEqual(auction([iceberg, order('a', 100, 40)], [order('s', 100, 25)]).fills, { i: 5, a: 20, s: 25 });
    assert.deepEqual(auction([iceberg, order('a', 100, 40)], [order('s', 100, 70)]).fills, { i: 30, a: 40, s: 70 });
  });
  test('hides before later blocks and worse prices', () => {
    const iceberg = order('i', 100, 100, { hidden: 90n });
    const fills = auction(
      [iceberg, order('a', 100, 40, { height: 2n }), order('b', 99, 40)],
      [order('s', 99, 120)],
    ).fills;
    assert.deepEqual(fills, { i: 100, a: 20, s: 120 });
  });
  test('hidden parts share pro rata', () => {
    const bids = [order('i', 100, 100, { hidden: 90n }), order('j', 100, 40, { hidden: 30n })];
    assert.deepEqual(auction(bids, [order('s', 100, 60)]).fills, { i: 40, j: 20, s: 60 });
  });
});

describe('orders of one owner', () => {
  const own = (selfTrade: SelfTradeMode, height = 1n) => ({ owner: 'me', selfTrade, height });
  const cases: readonly (readonly [SelfTradeMode, Record<string, number>, readonly (readonly [string, number])[]])[] = [
    ['newest', { z: 4, old: 3, s: 1 }, [['new', 0]]],
    ['oldest', { new: 5, z: 4, s: 9 }, [['old', 0]]],
    [
      'both',
      { z: 4, s: 4 },
      [
        ['new', 0],
        ['old', 0],
      ],
    ],
    [
      'decrement',
      { new: 2, z: 4, s: 6 },
      [
        ['new', 2],
        ['old', 0],
      ],
    ],
  ];
  for (const [mode, fills, gaveWay] of cases) {
    test(`that would trade with each other: ${mode}`, () => {
      const bids = [order('new', 101, 5, own(mode, 2n)), order('z', 101, 4)];
      const asks = [order('old', 100, 3, own('newest')), order('s', 101, 20)];
      const result = auction(bids, asks);
      assert.deepEqual(result.fills, fills);
      assert.deepEqual([...result.gaveWay].sort(), gaveWay);
    });
  }
  test('stay when the clearing price lets only one of them trade', () => {
    const bids = [order('new', 105, 5, own('newest', 2n))];
    const asks = [order('s', 100, 5), order('old', 101, 3, own('newest'))];
    assert.deepEqual(auction(bids, asks), { price: 100, volume: 5, fills: { new: 5, s: 5 }, gaveWay: [] });
  });
  test('an order that fills only whole is cancelled instead of shrunk', () => {
    const bids = [order('new', 101, 5, { ...own('decrement', 2n), ...whole })];
    const asks = [order('old', 100, 3, own('newest')), order('s', 101, 20)];
    assert.deepEqual(auction(bids, asks).gaveWay, [
      ['new', 0],
      ['old', 0],
    ]);
  });
  test('the newer of one block has the greater key', () => {
    const bids = [order('a', 101, 5, own('oldest'))];
    const asks = [order('b', 100, 5, own('newest')), order('s', 101, 5)];
    assert.deepEqual(auction(bids, asks).gaveWay, [['b', 0]]);
  });
});

describe('orders that their account cannot carry', () => {
  test('are refused as the auction reaches them; others are not asked', () => {
    const asked: string[] = [];
    const asks = [order('s', 100, 5), order('t', 101, 5), order('u', 102, 5), order('v', 103, 5)];
    const result = auction([order('a', 104, 5)], asks, ({ key, quantity }) => {
      asked.push(key);
      return key === 's' ? 0n : key === 't' ? 2n : quantity;
    });
    assert.deepEqual(result.fills, { a: 5, t: 2, u: 3 });
    assert.deepEqual(asked, ['a', 's', 't', 'u', 'v']);
    asked.length = 0;
    auction([order('a', 104, 5)], asks, ({ key, quantity }) => (asked.push(key), quantity));
    assert.deepEqual(asked, ['a', 's']);
  });
});

const anyOrder = fc.record({
  price: fc.integer({ min: 95, max: 106 }),
  quantity: fc.integer({ min: 1, max: 9 }),
  height: fc.integer({ min: 1, max: 3 }),
  allOrNone: fc.boolean(),
  hide: fc.boolean(),
  reduces: fc.boolean(),
  owner: fc.constantFrom('', 'me', 'you', 'they'),
  selfTrade: fc.constantFrom<SelfTradeMode>('newest', 'oldest', 'both', 'decrement'),
});
type Drawn = typeof anyOrder extends fc.Arbitrary<infer T> ? T : never;
const made = (name: string, drawn: readonly Drawn[], terms: Partial<AuctionOrder> = {}): AuctionOrder[] =>
  drawn.map(({ price, quantity, height, allOrNone, hide, reduces, owner, selfTrade }, index) =>
    order(`${name}${index}`, price, quantity, {
      height: BigInt(height),
      allOrNone,
      hidden: hide && !allOrNone ? BigInt(quantity) / 2n : 0n,
      reduces,
      owner,
      selfTrade,
      ...terms,
    }),
  );
const side = fc.array(anyOrder, { maxLength: 8 });
const total = (orders: readonly AuctionOrder[]): bigint => orders.reduce((sum, { quantity }) => sum + quantity, 0n);
const reached = (orders: readonly AuctionOrder[], price: bigint, name: 'buy' | 'sell'): AuctionOrder[] =>
  orders.filter((each) => (name === 'buy' ? each.price >= price : each.price <= price));

/** Most volume that orders that may fill in part can trade at one price. */
function mostVolume(bids: readonly AuctionOrder[], asks: readonly AuctionOrder[]): number {
  let most = 0;
  for (let price = 90n; price <= 110n; price++) {
    const [demand, supply] = [total(reached(bids, price, 'buy')), total(reached(asks, price, 'sell'))];
    most = Math.max(most, Number(demand < supply ? demand : supply));
  }
  return most;
}

describe('for any book with any terms', () => {
  test('what fills only whole fills whole or not at all, and the volume is the most of those that stayed', () => {
    fc.assert(
      fc.property(side, side, (b, a) => {
        const [bids, asks] = [made('b', b, { owner: '' }), made('a', a, { owner: '' })];
        const { fills, volume } = auction(bids, asks);
        for (const { key, allOrNone, quantity } of [...bids, ...asks])
          if (allOrNone) assert.ok([undefined, Number(quantity)].includes(fills[key]));
        const stayed = (orders: readonly AuctionOrder[]) =>
          orders.filter(({ key, allOrNone }) => !allOrNone || fills[key] !== undefined);
        assert.equal(volume, mostVolume(stayed(bids), stayed(asks)));
        const ordinary = (orders: readonly AuctionOrder[]) => orders.filter(({ allOrNone }) => !allOrNone);
        assert.ok(volume >= mostVolume(ordinary(bids), ordinary(asks)), 'never less than without them');
      }),
      { numRuns },
    );
  });
  test('no owner both buys and sells', () => {
    fc.assert(
      fc.property(side, side, (b, a) => {
        const [bids, asks] = [made('b', b), made('a', a)];
        const { fills } = auction(bids, asks);
        const owners = (orders: readonly AuctionOrder[]) =>
          new Set(
            orders.filter(({ key, owner }) => owner !== '' && fills[key] !== undefined).map(({ owner }) => owner),
          );
        const sellers = owners(asks);
        for (const buyer of owners(bids)) assert.ok(!sellers.has(buyer));
      }),
      { numRuns },
    );
  });
  test('buyers get what sellers give, nobody trades through a limit or beyond what was left to it', () => {
    fc.assert(
      fc.property(side, side, (b, a) => {
        const [bids, asks] = [made('b', b), made('a', a)];
        const { fills, price, volume, gaveWay } = auction(bids, asks);
        const left = new Map(gaveWay as [string, number][]);
        for (const [orders, name] of [
          [bids, 'buy'],
          [asks, 'sell'],
        ] as const) {
          let sum = 0;
          for (const each of orders) {
            const filled = fills[each.key] ?? 0;
            sum += filled;
            assert.ok(filled <= (left.get(each.key) ?? Number(each.quantity)));
            assert.ok(filled === 0 || reached([each], BigInt(price!), name).length === 1);
          }
          assert.equal(sum, volume);
        }
      }),
      { numRuns },
    );
  });
  test('the sequence of orders changes nothing', () => {
    fc.assert(
      fc.property(side, side, fc.infiniteStream(fc.nat()), (b, a, stream) => {
        const shuffled = <T>(list: readonly T[]): T[] =>
          list
            .map((item) => ({ item, rank: stream.next().value as number }))
            .sort((x, y) => x.rank - y.rank)
            .map(({ item }) => item);
        const [bids, asks] = [made('b', b), made('a', a)];
        const [first, second] = [auction(bids, asks), auction(shuffled(bids), shuffled(asks))];
        assert.deepEqual(second, first);
      }),
      { numRuns },
    );
  });
});

test('hundreds of orders that fill only whole and never can end in a bounded number of rounds', () => {
  // Each bid behind the volume is torn in a round of its own.
  const bids = Array.from({ length: 1_900 }, (_, k) => order(`b${k}`, 3_000 - k, 7, whole));
  const asks = Array.from({ length: 600 }, (_, k) => order(`a${k}`, 1 + k, 5, whole));
  const result = auction([...bids, order('plain', 700, 1)], [...asks, order('other', 700, 1)]);
  assert.deepEqual(result.fills, { plain: 1, other: 1 });
});
