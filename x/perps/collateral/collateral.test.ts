import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { CollateralKind, Peg, type CollateralAsset } from '../../../gen/plimsoll/perps/v1/collateral.js';
import { assetStepOf, reachOf } from '../health/index.js';
import {
  assetRisk,
  assetValue,
  coverOf,
  equity,
  liquidationPrice,
  loadingOf,
  lookup,
  maintenanceMargin,
  unexplained,
  usdcEquity,
} from '../margin/index.js';
import { market, marketsOf } from '../testing/values.js';
import { base, ppm, price, quote, type AccountView, type AssetView, type Markets } from '../types.js';
import { amountFor, conversionPrice, debtAllowed, floorPrice, payment, splitSale } from './conversion.js';
import { defaultCollateralParams, validateAsset } from './params.js';
import { nextState } from './price.js';
import { rampTo, rateAt, still } from './ramp.js';
import type { AssetState } from './store.js';

const runs = Number(process.env['PLIMSOLL_FC_RUNS'] ?? 300);
const minute = 60_000n;
const hour = 60n * minute;

/** BTC in 10^-8 at prices of 10^-6 USD, discount 2 %, margin rate 10 %. */
const asset = (changes: Partial<AssetView> = {}): AssetView => ({
  id: 1,
  quoteDivisor: 100_000_000n,
  price: price(60_000_000_000n),
  discount: ppm(20_000n),
  riskRate: ppm(100_000n),
  coverShare: ppm(500_000n),
  loading: unexplained(-1),
  shocks: [],
  stale: false,
  carriesNewRisk: true,
  ...changes,
});
const withAssets = (markets: Markets, ...assets: readonly AssetView[]): Markets =>
  lookup(markets, (id) => assets.find((each) => each.id === id)!);

describe('value', () => {
  const table: readonly (readonly [what: string, AssetView, amount: bigint, value: bigint, risk: bigint])[] = [
    ['0.1 BTC at 60,000', asset(), 10_000_000n, 5_880_000_000n, 588_000_000n],
    ['one unit, rounded down and its risk up', asset(), 1n, 588n, 59n],
    ['one unit of little worth', asset({ price: price(100_000n) }), 1n, 0n, 0n],
    ['before the first price', asset({ price: price(0n) }), 10_000_000n, 0n, 0n],
  ];
  for (const [what, view, amount, value, risk] of table)
    test(what, () => assert.deepEqual([assetValue(view, amount), assetRisk(view, amount)], [value, risk]));

  test('INV-K1 never above the amount at spot', () => {
    const drawn = fc.record({
      amount: fc.bigInt({ min: 0n, max: 1n << 80n }),
      spot: fc.bigInt({ min: 1n, max: 1n << 62n }),
      discount: fc.bigInt({ min: 5_000n, max: 30_000n }),
    });
    fc.assert(
      fc.property(drawn, ({ amount, spot, discount }) => {
        const view = asset({ price: price(spot), discount: ppm(discount) });
        assert.ok(assetValue(view, amount) * view.quoteDivisor <= amount * spot);
      }),
      { numRuns: runs },
    );
  });
});

describe('cover of initial margin', () => {
  const held = [{ assetId: 1, amount: 10_000_000n }];
  const cover = (view: AssetView, required: bigint): bigint =>
    coverOf(held, withAssets(marketsOf(), view), quote(required));
  test('at most half', () => assert.equal(cover(asset(), 1_000_000_000n), 500_000_000n));
  test('value less twice its risk', () => assert.equal(cover(asset(), 100_000_000_000n), 4_704_000_000n));
  test('at most the share of the asset', () =>
    assert.equal(cover(asset({ coverShare: ppm(100_000n) }), 1_000_000_000n), 100_000_000n));
  test('nothing on a price that is stale or held back', () =>
    assert.equal(cover(asset({ carriesNewRisk: false }), 1_000_000_000n), 0n));
  test('nothing, and never less, when it needs more than it is worth', () =>
    assert.equal(cover(asset({ riskRate: ppm(800_000n) }), 1_000_000_000n), 0n));
});

test('wrong-way risk: collateral adds up with a long of the same asset and offsets a short', () => {
  const loading = loadingOf(1, [ppm(950_000n)]);
  const view = market({ loading });
  const markets = withAssets(marketsOf(view), asset({ quoteDivisor: 1_000n, price: view.markPrice, loading }));
  const margin = (quantity: bigint): bigint =>
    maintenanceMargin(
      {
        key: 'a',
        cash: quote(0n),
        positions: [{ marketId: 1, quantity: base(quantity), entryValue: quote(0n), fundingIndex: 0n }],
        collateral: [{ assetId: 1, amount: 1_000_000n }],
      },
      markets,
    );
  // a of the collateral: 98,000,000 * 10 % = 9,800,000; of 3,920,000 of the future: 392,000,000 * 2.5 % = 9,800,000.
  assert.equal(margin(3_920_000n), 19_600_000n);
  // Hedged, what the factor does not explain is needed twice: 0.312249 * 19,600,000.
  assert.equal(margin(-3_920_000n), 6_120_081n);
});

test('liquidation price: an asset without risk of its own counts as its value in USDC, at any mark', () => {
  const view = market({ quoteDivisor: 100_000_000n, markPrice: price(60_000_000_000n) });
  const position = { marketId: 1, quantity: base(100_000_000n), entryValue: quote(60_000_000_000n), fundingIndex: 0n };
  const markets = withAssets(marketsOf(view), asset({ riskRate: ppm(0n) }));
  const priceWith = (cash: bigint, amount: bigint) =>
    liquidationPrice(
      { key: 'a', cash: quote(cash), positions: [position], collateral: [{ assetId: 1, amount }] },
      1,
      markets,
    );
  // Of 6,000 USDC 5,880 are 0.1 BTC less 2 %; 60,000 * (1 - 1/10) / (1 - 2.5 %) either way.
  assert.equal(priceWith(-59_880_000_000n, 10_000_000n), (60_000_000_000n * 900n) / 975n);
  assert.equal(priceWith(-54_000_000_000n, 0n), (60_000_000_000n * 900n) / 975n);
});

describe('INV-K3 ramps', () => {
  test('up after ten minutes of notice, by a tenth of the rate in ten minutes', () => {
    const ramp = rampTo(100_000n, 150_000n, 0n, 10n * minute);
    assert.deepEqual(ramp, { startMs: 10n * minute, from: 100_000n, endMs: 60n * minute, to: 150_000n });
    assert.equal(rateAt(ramp, 10n * minute), 100_000n);
    assert.equal(rateAt(ramp, 20n * minute), 110_000n);
    assert.equal(rateAt(ramp, 60n * minute), 150_000n);
  });
  test('down at once, by a fiftieth of the rate in an hour', () => {
    const ramp = rampTo(100_000n, 90_000n, 7n, 10n * minute);
    assert.deepEqual(ramp, { startMs: 7n, from: 100_000n, endMs: 7n + 5n * hour, to: 90_000n });
    assert.equal(rateAt(ramp, 7n + hour), 98_000n);
  });
  test('never faster, whatever governance decides and when', () => {
    const decision = fc.record({
      after: fc.bigInt({ min: 0n, max: 3n * hour }),
      to: fc.bigInt({ min: 20_000n, max: 1_000_000n }),
    });
    fc.assert(
      fc.property(fc.array(decision, { minLength: 1, maxLength: 6 }), (decisions) => {
        let ramp = still(100_000n);
        let now = 0n;
        for (const { after, to } of decisions) {
          for (const end = now + after; now < end; now += 10n * minute) {
            const [rate, later] = [rateAt(ramp, now), rateAt(ramp, now + 10n * minute)];
            assert.ok(later <= rate + rate / 10n + 1n, `${rate} to ${later}`);
            assert.ok(later >= rate - rate / 50n - 1n, `${rate} to ${later}`);
          }
          const decided = rampTo(rateAt(ramp, now), to, now, 10n * minute);
          assert.equal(rateAt(decided, now), rateAt(ramp, now), 'no jump');
          if (to > decided.from) assert.equal(rateAt(decided, now + 10n * minute), decided.from, 'notice');
          ramp = decided;
        }
      }),
      { numRuns: runs },
    );
  });
});

const registered: CollateralAsset = {
  id: 1,
  denom: 'uusdt',
  kind: CollateralKind.COLLATERAL_KIND_STABLE,
  baseExponent: -6,
  oraclePairId: 9,
  priceExponent: -6,
  discountPpm: 5_000,
  riskRatePpm: 20_000,
  totalSharePpm: 100_000,
  coverSharePpm: 500_000,
  marketId: 0,
  barredMarketIds: [],
  closed: false,
};
const atPar: AssetState = {
  assetId: 1,
  price: price(1_000_000n),
  oraclePrice: price(1_000_000n),
  oracleTimeMs: 0n,
  stale: false,
  carriesNewRisk: true,
  discount: still(5_000n),
  riskRate: still(20_000n),
  discountNow: 5_000n,
  riskRateNow: 20_000n,
  peg: Peg.PEG_HELD,
};

describe('T-B3 the price that counts', () => {
  const next = (index: bigint, twap: bigint, before = atPar, nowMs = 1_000n, clampedBlocks = 0): AssetState =>
    nextState(registered, before, { price: index, timeMs: nowMs, clampedBlocks, twap }, nowMs, 30_000n, (from) =>
      rampTo(from, 20_000n, nowMs, 600_000n),
    );
  const table: readonly (readonly [what: string, index: bigint, twap: bigint, counted: bigint, peg: Peg])[] = [
    ['par', 1_000_000n, 1_000_000n, 1_000_000n, Peg.PEG_HELD],
    ['1.30 counts as par', 1_300_000n, 1_200_000n, 1_000_000n, Peg.PEG_HELD],
    ['the average when it is lower', 1_000_000n, 990_000n, 990_000n, Peg.PEG_HELD],
    ['the index before there is an average', 990_000n, 0n, 990_000n, Peg.PEG_HELD],
    ['exactly 0.98', 980_000n, 1_000_000n, 980_000n, Peg.PEG_HELD],
    ['under 0.98', 979_999n, 1_000_000n, 979_999n, Peg.PEG_WEAK],
    ['under 0.95', 949_999n, 1_000_000n, 949_999n, Peg.PEG_LOST],
  ];
  for (const [what, index, twap, counted, peg] of table)
    test(what, () => {
      const after = next(index, twap);
      assert.deepEqual([after.price, after.peg], [counted, peg]);
    });
  test('a lost peg comes back at 0.98 of index and average, slowly', () => {
    const lost = next(940_000n, 1_000_000n);
    assert.deepEqual(lost.riskRate, { startMs: 1_000n, from: 20_000n, endMs: 7_201_000n, to: 250_000n });
    const later = next(1_000_000n, 960_000n, lost, 7_201_000n);
    assert.deepEqual([later.peg, later.riskRateNow], [Peg.PEG_LOST, 250_000n]);
    const back = next(1_000_000n, 985_000n, later, 7_300_000n);
    assert.equal(back.peg, Peg.PEG_HELD);
    assert.deepEqual(back.riskRate, {
      startMs: 7_300_000n,
      from: 250_000n,
      endMs: 7_300_000n + 46n * hour,
      to: 20_000n,
    });
  });
  test('stale or held back: no new risk', () => {
    const silent = nextState(
      registered,
      atPar,
      { price: 1_000_000n, timeMs: 0n, clampedBlocks: 0, twap: 0n },
      30_001n,
      30_000n,
      still,
    );
    assert.deepEqual([silent.stale, silent.carriesNewRisk], [true, false]);
    const held = next(990_000n, 0n, atPar, 1_000n, -1);
    assert.deepEqual([held.stale, held.carriesNewRisk], [false, false]);
  });
});

describe('a conversion', () => {
  const state = { ...atPar, oraclePrice: price(1_000_000n), discountNow: 10_000n };
  const at = (ageMs: bigint): bigint => conversionPrice(state, ageMs, defaultCollateralParams);
  test('goes from the index to value_c in five minutes and stays there', () => {
    assert.deepEqual([0n, 150_000n, 299_999n, 300_000n, 10n * hour].map(at), [
      1_000_000n,
      995_000n,
      990_001n,
      990_000n,
      990_000n,
    ]);
    assert.equal(floorPrice(state), 990_000n);
  });
  test('starts beyond 1,000 USDC or 2 % of the value, whichever is less', () => {
    assert.equal(debtAllowed(10_000_000_000n, defaultCollateralParams), 200_000_000n);
    assert.equal(debtAllowed(1_000_000_000_000n, defaultCollateralParams), 1_000_000_000n);
  });
  test('no sale takes equity, and pays the debt to the unit or everything', () => {
    const drawn = fc.record({
      amount: fc.bigInt({ min: 1n, max: 1n << 60n }),
      debt: fc.bigInt({ min: 1n, max: 1n << 60n }),
      index: fc.bigInt({ min: 1_000n, max: 1n << 50n }),
      discount: fc.bigInt({ min: 5_000n, max: 30_000n }),
      ageMs: fc.bigInt({ min: 0n, max: 400_000n }),
    });
    fc.assert(
      fc.property(drawn, ({ amount, debt, index, discount, ageMs }) => {
        const view = asset({ price: price(index), discount: ppm(discount) });
        const now = { ...atPar, price: price(index), oraclePrice: price(index), discountNow: discount };
        const p = conversionPrice(now, ageMs, defaultCollateralParams);
        const wanted = amountFor(debt, p, view.quoteDivisor);
        const sold = wanted < amount ? wanted : amount;
        const proceeds = payment(sold, p, view.quoteDivisor);
        assert.ok(proceeds >= assetValue(view, amount) - assetValue(view, amount - sold));
        if (sold < amount) assert.ok(proceeds >= debt);
      }),
      { numRuns: runs },
    );
  });
  test('is split over the bids that reach the price, exactly and in proportion', () => {
    const bid = (bidPrice: bigint, wanted: bigint) => ({ price: bidPrice, wanted });
    assert.deepEqual(splitSale(100n, 10n, [bid(10n, 100n), bid(9n, 500n), bid(12n, 300n)]), [25n, 0n, 75n]);
    assert.deepEqual(splitSale(900n, 10n, [bid(10n, 100n), bid(12n, 300n)]), [100n, 300n]);
    assert.deepEqual(splitSale(100n, 10n, [bid(9n, 5n)]), [0n]);
  });
});

test('INV-S3 an account with collateral stays above maintenance margin and out of debt within its reach', () => {
  const move = fc.record({
    mark: fc.integer({ min: -40_000, max: 40_000 }),
    spot: fc.integer({ min: -40_000, max: 40_000 }),
    rate: fc.integer({ min: -20_000, max: 20_000 }),
    discount: fc.integer({ min: -3_000, max: 3_000 }),
  });
  const drawn = fc.record({
    quantity: fc.bigInt({ min: -2_000_000n, max: 2_000_000n }),
    amount: fc.bigInt({ min: 1_000n, max: 2_000_000n }),
    cash: fc.bigInt({ min: 0n, max: 30_000_000n }),
    moves: fc.array(move, { minLength: 5, maxLength: 5 }),
  });
  let held = 0;
  fc.assert(
    fc.property(drawn, ({ quantity, amount, cash, moves }) => {
      let mark = 100_000_000n;
      let view = asset({
        quoteDivisor: 1_000_000n,
        price: price(100_000_000n),
        riskRate: ppm(200_000n),
        discount: ppm(15_000n),
      });
      const markets = (): Markets =>
        withAssets(marketsOf(market({ quoteDivisor: 1_000_000n, markPrice: price(mark) })), view);
      const first = markets();
      const positions =
        quantity === 0n ? [] : [{ marketId: 1, quantity: base(quantity), entryValue: quote(0n), fundingIndex: 0n }];
      const account: AccountView = {
        key: 'a',
        cash: quote(cash - quantity * 100n),
        positions,
        collateral: [{ assetId: 1, amount }],
      };
      const slackOf = (at: Markets): bigint => {
        const [margin, usdc] = [equity(account, at) - maintenanceMargin(account, at), usdcEquity(account, at)];
        return margin < usdc ? margin : usdc;
      };
      const slack = slackOf(first);
      fc.pre(slack >= 0n);
      const reach = reachOf(account, [{ level: ppm(1_000_000n), amount: slack }], first);
      let way = 0n;
      for (const each of moves) {
        const [markBefore, before] = [mark, markets().asset(1)];
        mark += (mark * BigInt(each.mark)) / 1_000_000n;
        view = {
          ...view,
          price: price(view.price + (view.price * BigInt(each.spot)) / 1_000_000n),
          riskRate: ppm(view.riskRate + BigInt(each.rate)),
          discount: ppm(view.discount + BigInt(each.discount)),
        };
        const marketStep =
          ((mark > markBefore ? mark - markBefore : markBefore - mark) * 1_000_000_000n) / markBefore + 1n;
        const step = assetStepOf(before, view);
        way += step > marketStep ? step : marketStep;
        if (way > reach) break;
        held++;
        assert.ok(slackOf(markets()) >= 0n, `way ${way} of ${reach}`);
      }
    }),
    { numRuns: runs * 5 },
  );
  assert.ok(held > runs / 2, `only ${held} steps were within reach`);
});

describe('an asset that governance names', () => {
  const cases: readonly (readonly [what: string, changes: Partial<CollateralAsset>, text: RegExp])[] = [
    ['without id', { id: 0 }, /id: must be positive/],
    ['USDC itself', { denom: 'uusdc' }, /is the cash of every account/],
    ['no discount', { discountPpm: 0 }, /discount_ppm: 0; expected 5000 to 30000/],
    ['a margin rate under 2 %', { riskRatePpm: 19_999 }, /risk_rate_ppm: 19999; expected 20000/],
    ['more than a tenth of all', { totalSharePpm: 100_001 }, /total_share_ppm: 100001/],
    ['more than half of a margin', { coverSharePpm: 500_001 }, /cover_share_ppm: 500001/],
  ];
  test('is accepted as it stands', () => {
    validateAsset(registered);
  });
  for (const [what, changes, text] of cases)
    test(`is refused: ${what}`, () => {
      assert.throws(() => {
        validateAsset({ ...registered, ...changes });
      }, text);
    });
});
