import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import {
  QueryPairsResponse,
  QueryPriceRequest,
  QueryPriceResponse,
  QueryPricesResponse,
} from '../../gen/plimsoll/oracle/v1/query.js';
import { Freshness, type Pair, type Params } from '../../gen/plimsoll/oracle/v1/oracle.js';
import { AppError } from '../../runtime/baseapp/errors.js';
import { Router } from '../../runtime/baseapp/router.js';
import { Workbench, testBlock } from '../../runtime/baseapp/testing/workbench.js';
import { moduleAddress, toBech32 } from '../../runtime/crypto/address.js';
import { OracleKeeper } from './keeper.js';
import { OracleModule, defaultParams } from './module.js';

const authority = toBech32(moduleAddress('gov'));
const btc: Pair = { id: 1, symbol: 'BTC-USD', exponent: -5, clampFloorPpm: 10_000 };
const none = new Uint8Array(0);

let bench: Workbench;
let keeper: OracleKeeper;
let module: OracleModule;
let router: Router;

beforeEach(async () => {
  bench = await Workbench.open([{ name: 'oracle', kind: 'committed' }]);
  keeper = new OracleKeeper();
  module = new OracleModule(keeper, bench.registry, authority);
  router = new Router(bench.registry);
  module.register(router);
  module.initGenesis(bench.context(), module.defaultGenesis());
});

const addPair = (pair: Pair | undefined, by = authority): unknown =>
  router.execute(bench.context(), 'plimsoll.oracle.v1.MsgAddPair', { authority: by, pair });
const updateParams = (params: Params | undefined, by = authority): unknown =>
  router.execute(bench.context(), 'plimsoll.oracle.v1.MsgUpdateParams', { authority: by, params });

function refuses(work: () => unknown, code: number, text: RegExp): void {
  assert.throws(work, (error) => {
    assert.ok(error instanceof AppError, String(error));
    assert.equal(`${error.codespace}/${error.code}`, `oracle/${code}`, error.message);
    assert.match(error.message, text);
    return true;
  });
}

describe('AddPair', () => {
  test('lists a pair', () => {
    addPair(btc);
    assert.deepEqual(keeper.pair(bench.context(), 1), btc);
  });

  test('is for governance only', () => {
    const somebody = toBech32(new Uint8Array(20));
    refuses(() => addPair(btc, somebody), 2, new RegExp(`authority: ${somebody}; expected ${authority}`));
    assert.equal(keeper.pair(bench.context(), 1), undefined);
  });

  const bad: readonly (readonly [what: string, pair: Pair | undefined, text: RegExp])[] = [
    ['that is missing', undefined, /pair: missing/],
    ['with id zero', { ...btc, id: 0 }, /id: must be positive/],
    ['whose symbol has no dash', { ...btc, symbol: 'BTCUSD' }, /symbol: "BTCUSD"; expected a form like BTC-USD/],
    ['whose symbol is in small letters', { ...btc, symbol: 'btc-usd' }, /symbol/],
    ['whose symbol is long', { ...btc, symbol: `${'A'.repeat(17)}-USD` }, /symbol/],
    ['with too fine a price', { ...btc, exponent: -25 }, /exponent: -25; expected -24 to 6/],
    ['with too coarse a price', { ...btc, exponent: 7 }, /exponent: 7/],
    ['with too tight a clamp', { ...btc, clampFloorPpm: 999 }, /clamp_floor_ppm: 999; expected 1000 to 100000, or 0/],
    ['with too wide a clamp', { ...btc, clampFloorPpm: 100_001 }, /clamp_floor_ppm: 100001/],
  ];
  for (const [what, pair, text] of bad) test(`refuses a pair ${what}`, () => refuses(() => addPair(pair), 3, text));

  test('refuses an id or a symbol that exists', () => {
    addPair(btc);
    refuses(() => addPair({ ...btc, symbol: 'ETH-USD' }), 3, /pair.id: 1 exists/);
    refuses(() => addPair({ ...btc, id: 2 }), 3, /pair.symbol: BTC-USD exists/);
  });

  test('refuses more pairs than a vote has room for', () => {
    updateParams({ ...defaultParams, maxPairs: 1 });
    addPair(btc);
    refuses(() => addPair({ ...btc, id: 2, symbol: 'ETH-USD' }), 3, /1 exist, at most 1/);
  });
});

describe('UpdateParams', () => {
  test('replaces the parameters, for governance only', () => {
    const changed = {
      quorumPpm: 700_000,
      lateMs: 2_000n,
      staleMs: 5_000n,
      deadMs: 9_000n,
      maxPairs: 3,
      scoreWindow: 100,
    };
    refuses(() => updateParams(changed, toBech32(new Uint8Array(20))), 2, /authority/);
    assert.deepEqual(keeper.params(bench.context()), defaultParams);
    updateParams(changed);
    assert.deepEqual(keeper.params(bench.context()), changed);
  });

  const bad: readonly (readonly [params: Params | undefined, text: RegExp])[] = [
    [undefined, /params: missing/],
    [{ ...defaultParams, quorumPpm: 499_999 }, /quorum_ppm: 499999; expected 500000 to 1000000/],
    [{ ...defaultParams, quorumPpm: 1_000_001 }, /quorum_ppm: 1000001/],
    [{ ...defaultParams, staleMs: 999n }, /stale_ms: 999; expected 1000 to 600000/],
    [{ ...defaultParams, staleMs: 600_001n }, /stale_ms: 600001/],
    [{ ...defaultParams, lateMs: 499n }, /late_ms: 499; expected 500 to stale_ms/],
    [{ ...defaultParams, lateMs: 30_001n }, /late_ms: 30001/],
    [{ ...defaultParams, deadMs: 29_999n }, /dead_ms: 29999; expected stale_ms to 3600000/],
    [{ ...defaultParams, deadMs: 3_600_001n }, /dead_ms: 3600001/],
    [{ ...defaultParams, scoreWindow: 99 }, /score_window: 99; expected 100 to 1000000/],
    [{ ...defaultParams, maxPairs: 0 }, /max_pairs: 0; expected 1 to 10000/],
    [{ ...defaultParams, maxPairs: 10_001 }, /max_pairs: 10001/],
  ];
  for (const [params, text] of bad) test(`refuses ${text.source}`, () => refuses(() => updateParams(params), 4, text));

  test('refuses a max_pairs below the pairs that exist, which would make every honest vote invalid', () => {
    addPair(btc);
    addPair({ ...btc, id: 2, symbol: 'ETH-USD' });
    refuses(() => updateParams({ ...defaultParams, maxPairs: 1 }), 4, /max_pairs: 1; 2 pairs exist/);
    updateParams({ ...defaultParams, maxPairs: 2 });
  });
});

describe('a price', () => {
  const accept = (price: bigint): void =>
    keeper.setPrice(bench.context(), {
      pairId: 1,
      price,
      height: testBlock.height,
      timeMs: testBlock.timeMs,
      reportingPower: 9n,
      totalPower: 10n,
      rawPrice: price,
      dispersionPpm: 0,
      clampedBlocks: 0,
      variance: 0n,
      perpPrice: 0n,
      depthUsd: 0n,
      sources: 0,
    });
  const info = (afterMs: bigint) =>
    QueryPriceResponse.decode(
      router.query(
        bench.context({ timeMs: testBlock.timeMs + afterMs }),
        '/plimsoll.oracle.v1.Query/Price',
        QueryPriceRequest.encode({ pairId: 1 }).finish(),
      ),
    ).price!;

  test('of a pair nobody reported is absent and stale', () => {
    addPair(btc);
    const { price, stale, ageMs } = info(0n);
    assert.deepEqual([price, stale, ageMs], [undefined, true, 0n]);
  });

  test('grows older with block time and is stale beyond stale_ms, not at it', () => {
    addPair(btc);
    accept(4_000_000_000n);
    const at = (ms: bigint) => [info(ms).ageMs, info(ms).stale];
    assert.equal(info(0n).price!.price, 4_000_000_000n);
    assert.deepEqual(at(0n), [0n, false]);
    assert.deepEqual(at(defaultParams.staleMs), [defaultParams.staleMs, false]);
    assert.deepEqual(at(defaultParams.staleMs + 1n), [defaultParams.staleMs + 1n, true]);
  });

  test('passes the levels of freshness one by one', () => {
    addPair(btc);
    assert.equal(info(0n).freshness, Freshness.FRESHNESS_DEAD);
    accept(5n);
    const levels = [0n, 5_000n, 5_001n, 30_000n, 30_001n, 120_000n, 120_001n].map((ms) => info(ms).freshness);
    const { FRESHNESS_FRESH: fresh, FRESHNESS_LATE: late, FRESHNESS_STALE: stale, FRESHNESS_DEAD: dead } = Freshness;
    assert.deepEqual(levels, [fresh, fresh, late, late, stale, stale, dead]);
  });

  test('that is stale is said so in every block until a fresh one arrives', () => {
    addPair(btc);
    accept(5n);
    const stale = (afterMs: bigint): unknown => {
      const ctx = bench.context({ timeMs: testBlock.timeMs + afterMs });
      module.beginBlock(ctx);
      return ctx.events.list().map(({ type, attributes }) => [type, attributes]);
    };
    assert.deepEqual(stale(30_000n), []);
    for (const age of [30_001n, 45_000n]) {
      assert.deepEqual(stale(age), [
        [
          'plimsoll.oracle.v1.EventStale',
          [
            ['pair_id', '1'],
            ['age_ms', `"${age}"`],
          ],
        ],
      ]);
    }
  });

  test('from a genesis younger than the block has age zero', () => {
    addPair(btc);
    accept(5n);
    assert.deepEqual([info(-5_000n).ageMs, info(-5_000n).stale], [0n, false]);
  });

  test('of a pair that does not exist is an error that says so', () => {
    assert.throws(
      () => router.query(bench.context(), '/plimsoll.oracle.v1.Query/Price', Buffer.of(8, 9)),
      (error) => error instanceof AppError && error.code === 22 && error.message.startsWith('pair 9 not found'),
    );
  });

  test('lists come in pair order', () => {
    addPair({ ...btc, id: 300, symbol: 'SOL-USD' });
    addPair(btc);
    accept(5n);
    const pairs = QueryPairsResponse.decode(router.query(bench.context(), '/plimsoll.oracle.v1.Query/Pairs', none));
    const prices = QueryPricesResponse.decode(router.query(bench.context(), '/plimsoll.oracle.v1.Query/Prices', none));
    assert.deepEqual(
      pairs.pairs.map(({ id }) => id),
      [1, 300],
    );
    assert.deepEqual(
      prices.prices.map(({ stale }) => stale),
      [false, true],
    );
  });
});

describe('genesis', () => {
  const params = {
    quorum_ppm: 666_667,
    stale_ms: '30000',
    max_pairs: 2,
    late_ms: '5000',
    dead_ms: '120000',
    score_window: 10_000,
  };
  const pairs = [
    { id: 1, symbol: 'BTC-USD', exponent: -5, clamp_floor_ppm: 10_000 },
    { id: 2, symbol: 'ETH-USD', exponent: -6, clamp_floor_ppm: 0 },
  ];
  const price = {
    pair_id: 2,
    price: '2314550000',
    height: '9',
    time_ms: '1700000000000',
    reporting_power: '10',
    total_power: '10',
    raw_price: '2314560000',
    dispersion_ppm: 12,
    clamped_blocks: -1,
    variance: '77',
    perp_price: '2314550001',
    depth_usd: '1000000',
    sources: 0,
  };
  const rest = {
    statistics: [
      {
        pair_id: 2,
        twap: '2314550003',
        minute: '28333333',
        price_ms: '2314550000000',
        covered_ms: '1000',
        hour: '472222',
        depth_sum: '3000000',
        depth_count: '3',
        depth_p10_usd: '900000',
        dispersion_sum: '600',
        sources_sum: '21',
        hours: 1,
        dispersion_ppm: 150,
        sources_p10: 7,
      },
    ],
    minutes: [{ pair_id: 2, minute: '28333332', average: '2314550003', covered_ms: '60000' }],
    hours: [{ pair_id: 2, hour: '472221', depth_usd: '900000', dispersion_ppm: 150, sources: 7 }],
    scores: { start_height: '0', scores: [], unrewarded: ['AAAAAAAAAAAAAAAAAAAAAAAAAAA='] },
  };

  test('comes out as it went in', async () => {
    const state = { params, pairs, prices: [price], ...rest };
    module.validateGenesis(state);
    const other = await Workbench.open([{ name: 'oracle', kind: 'committed' }]);
    module.initGenesis(other.context(), state);
    const exported = module.exportGenesis(other.context());
    assert.deepEqual(exported, state);
    const again = await Workbench.open([{ name: 'oracle', kind: 'committed' }]);
    module.initGenesis(again.context(), exported);
    assert.deepEqual(module.exportGenesis(again.context()), exported);
  });

  test('of a new chain has no pairs', () => {
    module.validateGenesis(module.defaultGenesis());
    assert.deepEqual(module.defaultGenesis(), {
      params: { ...params, max_pairs: 256 },
      pairs: [],
      prices: [],
      statistics: [],
      minutes: [],
      hours: [],
    });
  });

  const bad: readonly (readonly [what: string, state: unknown, text: RegExp])[] = [
    ['without parameters', { pairs }, /oracle.params: missing/],
    ['with bad parameters', { params: { ...params, stale_ms: '1' } }, /stale_ms: 1;/],
    ['with more pairs than max_pairs', { params: { ...params, max_pairs: 1 }, pairs }, /max_pairs: 1; 2 pairs exist/],
    ['with an id twice', { params, pairs: [pairs[0], { ...pairs[1], id: 1 }] }, /oracle.pairs\[1\]: ETH-USD/],
    ['with a symbol twice', { params, pairs: [pairs[0], { ...pairs[0], id: 2 }] }, /oracle.pairs\[1\]: BTC-USD/],
    ['with a bad symbol', { params, pairs: [{ ...pairs[0], symbol: '' }] }, /symbol/],
    ['with a price of no pair', { params, prices: [price] }, /oracle.prices\[0\].pair_id: 2 is not a pair/],
    ['with price zero', { params, pairs, prices: [{ ...price, price: '0' }] }, /oracle.prices\[0\].price: 0;/],
    [
      'with a price of 2^62',
      { params, pairs, prices: [{ ...price, price: (1n << 62n).toString() }] },
      /oracle.prices\[0\].price/,
    ],
    [
      'with statistics of no pair',
      { params, statistics: rest.statistics },
      /oracle.statistics\[0\].pair_id: 2 is not a pair/,
    ],
    ['with a minute of no pair', { params, minutes: rest.minutes }, /oracle.minutes\[0\].pair_id: 2 is not a pair/],
    ['with an hour of no pair', { params, hours: rest.hours }, /oracle.hours\[0\].pair_id: 2 is not a pair/],
    ['with an unknown field', { params, pears: [] }, /pears/],
    ['with text where a number belongs', { params: { ...params, max_pairs: 'many' } }, /max_pairs/],
  ];
  for (const [what, state, text] of bad) {
    test(`${what} is refused`, () => {
      assert.throws(() => module.validateGenesis(state), text);
      assert.throws(() => module.initGenesis(bench.context(), state), text);
    });
  }
});
