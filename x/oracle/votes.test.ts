import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { VoteExtension, type PriceReport } from '../../gen/plimsoll/oracle/v1/oracle.js';
import type { Context } from '../../runtime/baseapp/context.js';
import { Workbench, testBlock } from '../../runtime/baseapp/testing/workbench.js';
import { maxPrice } from './decimal.js';
import { OracleKeeper, storeName } from './keeper.js';
import { defaultParams } from './module.js';
import type { PriceSource } from './price-source.js';
import { StaticPriceSource } from './sources/static.js';
import { PriceVotes } from './votes.js';

const runs = Number(process.env['PLIMSOLL_FC_RUNS'] ?? '300');
const keeper = new OracleKeeper();
let ctx: Context;

beforeEach(async () => {
  ctx = (await Workbench.open([{ name: storeName, kind: 'committed' }])).context();
  keeper.setParams(ctx, { ...defaultParams, maxPairs: 4 });
  keeper.setPair(ctx, { id: 1, symbol: 'BTC-USD', exponent: -5, clampFloorPpm: 0 });
  keeper.setPair(ctx, { id: 2, symbol: 'ETH-USD', exponent: -6, clampFloorPpm: 0 });
  keeper.setPair(ctx, { id: 7, symbol: 'DOGE-USD', exponent: -10, clampFloorPpm: 0 });
});

const votesFrom = (source: PriceSource): PriceVotes => new PriceVotes(keeper, source);
const votes = votesFrom(new StaticPriceSource({}));
const encode = (...reports: readonly PriceReport[]): Uint8Array =>
  VoteExtension.encode({ reports: [...reports] }).finish();
const report = (pairId: number, price: bigint, others: Partial<PriceReport> = {}): PriceReport => ({
  pairId,
  price,
  perpPrice: 0n,
  depthUsd: 0n,
  sources: 0,
  ...others,
});

describe('an extension', () => {
  test("reports the source's prices in pair order, each in its pair's exponent", () => {
    const source = new StaticPriceSource({ 'DOGE-USD': '0.0812345', 'ETH-USD': '2314.55', 'BTC-USD': '43538.02' });
    assert.deepEqual(VoteExtension.decode(votesFrom(source).extend(ctx)).reports, [
      report(1, 4_353_802_000n),
      report(2, 2_314_550_000n),
      report(7, 812_345_000n),
    ]);
  });

  test('carries the price of perpetuals and the depth where the source knows them, and zero for nonsense', () => {
    const source: PriceSource = {
      prices: () => [
        { symbol: 'BTC-USD', price: '43538.02', perpPrice: '43540.5', depthUsd: '12345678.4', sources: 9 },
        { symbol: 'ETH-USD', price: '2314.55', perpPrice: 'NaN', depthUsd: '1e30' },
      ],
    };
    assert.deepEqual(VoteExtension.decode(votesFrom(source).extend(ctx)).reports, [
      report(1, 4_353_802_000n, { perpPrice: 4_354_050_000n, depthUsd: 12_345_678n, sources: 9 }),
      report(2, 2_314_550_000n),
    ]);
  });

  test('leaves out what the source does not know, what the chain does not list and what is no price', () => {
    const source = new StaticPriceSource({ 'BTC-USD': 'n/a', 'SOL-USD': '101.5', 'ETH-USD': '2314', 'DOGE-USD': '0' });
    assert.deepEqual(VoteExtension.decode(votesFrom(source).extend(ctx)).reports, [report(2, 2_314_000_000n)]);
    assert.equal(votes.extend(ctx).length, 0);
  });

  test('asks the source at block time', () => {
    const asked: bigint[] = [];
    votesFrom({ prices: (timeMs) => (asked.push(timeMs), []) }).extend(ctx);
    assert.deepEqual(asked, [testBlock.timeMs]);
  });

  test('that a node builds is valid, whatever its source says', () => {
    const text = fc.oneof(fc.stringMatching(/^[0-9]{1,20}(\.[0-9]{1,12})?$/), fc.string());
    fc.assert(
      fc.property(text, text, text, (btc, eth, doge) => {
        const source = new StaticPriceSource({ 'BTC-USD': btc, 'ETH-USD': eth, 'DOGE-USD': doge });
        assert.ok(votes.isValid(ctx, votesFrom(source).extend(ctx)));
      }),
      { numRuns: runs },
    );
  });

  const table: readonly (readonly [what: string, extension: Uint8Array, valid: boolean])[] = [
    ['empty', encode(), true],
    ['with ascending pairs', encode(report(1, 1n), report(2, maxPrice - 1n)), true],
    ['with a pair that the chain does not list', encode(report(3, 5n)), true],
    ['with descending pairs', encode(report(2, 1n), report(1, 1n)), false],
    ['with a pair twice', encode(report(2, 1n), report(2, 1n)), false],
    ['with pair zero', encode(report(0, 1n)), false],
    ['with price zero', encode(report(1, 0n)), false],
    ['with a price of 2^62', encode(report(1, maxPrice)), false],
    ['with the price of a perpetual and depth', encode(report(1, 5n, { perpPrice: 6n, depthUsd: 7n })), true],
    ["with a perpetual's price of 2^62", encode(report(1, 5n, { perpPrice: maxPrice })), false],
    ['with a depth of 2^50', encode(report(1, 5n, { depthUsd: 1n << 50n })), false],
    ['from 999 sources', encode(report(1, 5n, { sources: 999 })), true],
    ['from 1,000 sources', encode(report(1, 5n, { sources: 1_000 })), false],
    [
      'with everything at its largest',
      encode(report(1, maxPrice - 1n, { perpPrice: maxPrice - 1n, depthUsd: (1n << 50n) - 1n })),
      true,
    ],
    ['with the largest price and pair', encode(report(1, (1n << 64n) - 1n)), false],
    ['with more reports than pairs may exist', encode(...[1, 2, 3, 4, 5].map((id) => report(id, 1n))), false],
    ['with as many reports as pairs may exist', encode(...[1, 2, 3, 4].map((id) => report(id, 1n))), true],
    ['cut in the middle', encode(report(1, 1_000n)).subarray(0, -1), false],
    ['with an unknown field', Buffer.concat([encode(report(1, 1n)), Buffer.of(0x10, 1)]), false],
    ['with a byte behind it', Buffer.concat([encode(report(1, 1n)), Buffer.of(0)]), false],
    ['with a long form of a number', Buffer.from('0a05088100' + '1001', 'hex'), false],
    ['with fields out of order', Buffer.from('0a0410010801', 'hex'), false],
    ['of opened groups', Buffer.alloc(70, 0x0b), false],
    ['of a megabyte', Buffer.alloc(1 << 20, 0x0a), false],
  ];
  for (const [what, extension, valid] of table) {
    test(`${what} is ${valid ? 'valid' : 'refused'}`, () => assert.equal(votes.isValid(ctx, extension), valid));
  }

  test('of arbitrary bytes never throws, and is valid only in its one encoding', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        if (votes.isValid(ctx, bytes)) {
          assert.deepEqual(Buffer.from(encode(...VoteExtension.decode(bytes).reports)), Buffer.from(bytes));
        }
      }),
      { numRuns: runs },
    );
  });
});

describe('votes become prices', () => {
  const vote = (power: bigint, ...reports: readonly PriceReport[]) => ({
    address: new Uint8Array(20),
    power,
    extension: encode(...reports),
  });
  const prices = (): (readonly [number, bigint])[] =>
    [...keeper.prices(ctx)].map(({ pairId, price }) => [pairId, price]);

  test('the weighted median with height, time and power of the block that accepts it', () => {
    votes.apply(ctx, [vote(40n, report(1, 100n)), vote(35n, report(1, 90n)), vote(15n, report(1, 500n))], 100n);
    assert.deepEqual(keeper.price(ctx, 1), {
      pairId: 1,
      price: 100n,
      height: testBlock.height,
      timeMs: testBlock.timeMs,
      reportingPower: 90n,
      totalPower: 100n,
      rawPrice: 100n,
      dispersionPpm: 100_000,
      clampedBlocks: 0,
      variance: 0n,
      perpPrice: 0n,
      depthUsd: 0n,
      sources: 0,
    });
    const events = ctx.events.list();
    assert.deepEqual(
      events.map(({ type }) => type),
      ['plimsoll.oracle.v1.EventPrice'],
    );
  });

  test('a pair needs the quorum of the total power, not of those that voted', () => {
    const both = [report(1, 100n), report(2, 50n)];
    votes.apply(ctx, [vote(50n, ...both), vote(16n, report(2, 50n)), vote(4n, report(2, 50n))], 100n);
    assert.deepEqual(prices(), [[2, 50n]]);
  });

  test('the quorum itself is enough, one unit less is not', () => {
    keeper.setParams(ctx, { ...defaultParams, quorumPpm: 700_000 });
    votes.apply(ctx, [vote(700_000n, report(1, 5n)), vote(300_000n, report(2, 5n))], 1_000_000n);
    votes.apply(ctx, [vote(699_999n, report(7, 5n))], 1_000_000n);
    assert.deepEqual(prices(), [[1, 5n]]);
  });

  test('without a quorum the old price and its age stay', () => {
    votes.apply(ctx, [vote(100n, report(1, 100n))], 100n);
    const before = keeper.price(ctx, 1);
    votes.apply(ctx, [vote(60n, report(1, 70n))], 100n);
    votes.apply(ctx, [], 100n);
    votes.apply(ctx, [], 0n);
    assert.deepEqual(keeper.price(ctx, 1), before);
  });

  test('reports of pairs that the chain does not list are ignored', () => {
    votes.apply(ctx, [vote(100n, report(3, 100n))], 100n);
    assert.deepEqual(prices(), []);
  });

  test('what less than half of the power reports besides the price counts for nothing', () => {
    const both = { perpPrice: 110n, depthUsd: 9_000n };
    votes.apply(ctx, [vote(51n, report(1, 100n, both)), vote(49n, report(1, 100n))], 100n);
    votes.apply(ctx, [vote(50n, report(2, 100n, both)), vote(50n, report(2, 100n))], 100n);
    const others = [1, 2].map((id) => keeper.price(ctx, id)!).map(({ perpPrice, depthUsd }) => [perpPrice, depthUsd]);
    assert.deepEqual(others, [
      [110n, 9_000n],
      [0n, 0n],
    ]);
  });

  test('a clamped pair moves by its floor while the votes jump, and its event says so', () => {
    keeper.setPair(ctx, { id: 1, symbol: 'BTC-USD', exponent: -5, clampFloorPpm: 10_000 });
    const moves: unknown[] = [];
    for (const price of [100_000n, 50_000n, 50_000n, 100_000n, 100_000n]) {
      votes.apply(ctx, [vote(100n, report(1, price))], 100n);
      const now = keeper.price(ctx, 1)!;
      moves.push([now.price, now.rawPrice, now.clampedBlocks]);
    }
    assert.deepEqual(moves, [
      [100_000n, 100_000n, 0],
      [99_000n, 50_000n, -1],
      [97_020n, 50_000n, -2],
      [97_990n, 100_000n, 1],
      [99_949n, 100_000n, 2],
    ]);
    const last = ctx.events.list().at(-1)!;
    assert.deepEqual(last.attributes.slice(-3), [
      ['raw_price', '"100000"'],
      ['dispersion_ppm', '0'],
      ['clamped_blocks', '2'],
    ]);
  });

  test('the order of votes changes nothing', () => {
    const entry = fc.record({
      power: fc.bigInt({ min: 1n, max: 100n }),
      price: fc.bigInt({ min: 1n, max: 1_000n }),
    });
    fc.assert(
      fc.property(
        fc.array(entry, { minLength: 1, maxLength: 12 }).chain((all) => fc.tuple(fc.constant(all), permuted(all))),
        ([all, other]) => {
          const total = all.reduce((sum, { power }) => sum + power, 0n);
          const apply = (some: typeof all): bigint => {
            votes.apply(
              ctx,
              some.map(({ power, price }) => vote(power, report(1, price))),
              total,
            );
            return keeper.price(ctx, 1)!.price;
          };
          assert.equal(apply(other), apply(all));
        },
      ),
      { numRuns: runs },
    );
  });
});

const permuted = <T>(all: T[]): fc.Arbitrary<T[]> =>
  fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length });
