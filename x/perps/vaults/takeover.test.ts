import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { sharedStanding } from '../liquidation/index.js';
import { maintenanceMargin } from '../margin/index.js';
import { accountWith, base, market, marketsOf, quote } from '../testing/values.js';
import { ppm, price, type AccountView } from '../types.js';
import { notional } from '../units/index.js';
import { inventoryLimit, sizeTakeover, takeoverPayment, takeoverRoom, type TakeoverLimits } from './takeover.js';
import { planUnwind } from './unwind.js';

const runs = Number(process.env['PLIMSOLL_FC_RUNS'] ?? '300');
const usdc = 1_000_000n;
const limits: TakeoverLimits = {
  interestPpm: 30_000n,
  worthPpm: 200_000n,
  marginPpm: 500_000n,
  paymentPpm: 500_000n,
};
/** One quantum is worth 100 quote quanta; a rate of 2.5 %. */
const busy = market({ openInterest: quote(100_000_000n * usdc) });

describe('a position of a vault', () => {
  test('is at most 3 % of open interest, a fifth of its worth and 16 D', () => {
    const limit = (worth: bigint, openInterest: bigint, depthUnit = 50_000_000n): bigint =>
      inventoryLimit(
        market({ openInterest: quote(openInterest * usdc), depthUnit: quote(depthUnit * usdc) }),
        worth * usdc,
        limits,
      ) / usdc;
    assert.equal(limit(1_000_000n, 100_000_000n), 200_000n);
    assert.equal(limit(100_000_000n, 100_000_000n), 3_000_000n);
    assert.equal(limit(100_000_000n, 100_000_000n, 100_000n), 1_600_000n);
    assert.equal(limit(-5n, 100_000_000n), 0n);
  });

  const room = (vault: AccountView, wanted: bigint, changes: Partial<TakeoverLimits> = {}, view = busy): bigint => {
    const markets = marketsOf(view);
    const worth = sharedStanding(vault, markets).equity;
    return takeoverRoom(vault, worth, view, wanted, { ...limits, ...changes }, markets);
  };
  /** Quanta for so many USDC. */
  const quanta = (amount: bigint): bigint => amount * 10_000n;
  const flat = accountWith(1_000_000n * usdc, []);
  const longs = accountWith(1_000_000n * usdc, [[busy, quanta(150_000n)]]);

  test('has room for what is left of the limit, and on the other side for what closes it too', () => {
    assert.equal(room(flat, quanta(50_000n)), quanta(50_000n));
    assert.equal(room(flat, quanta(500_000n)), quanta(200_000n));
    assert.equal(room(flat, -quanta(500_000n)), quanta(200_000n));
    assert.equal(room(longs, quanta(500_000n)), quanta(50_000n));
    assert.equal(room(longs, -quanta(500_000n)), quanta(350_000n));
  });

  test('comes in whole steps', () => {
    const coarse = market({ openInterest: quote(100_000_000n * usdc), stepSize: 300_000n });
    assert.equal(room(flat, quanta(500_000n), {}, coarse), 2_000_000_000n - (2_000_000_000n % 300_000n));
    assert.equal(room(accountWith(1n, []), 300_000n, {}, coarse), 0n);
  });

  test('needs no more margin than its share of what the vault is worth', () => {
    // 200,000 need 5,000; a share of 0.25 % is 2,500: half of it.
    assert.equal(room(flat, quanta(500_000n), { marginPpm: 2_500n }), quanta(100_000n));
    assert.equal(room(flat, quanta(500_000n), { marginPpm: 0n }), 0n);
    assert.equal(room(accountWith(0n, []), quanta(500_000n)), 0n);
  });

  test('stays within both limits whatever is asked', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: 10_000_000n }),
        fc.bigInt({ min: -100_000n, max: 100_000n }),
        fc.bigInt({ min: -3_000_000n, max: 3_000_000n }).filter((wanted) => wanted !== 0n),
        fc.bigInt({ min: 0n, max: 500_000n }),
        (worth, held, wanted, marginPpm) => {
          const vault = accountWith(worth * usdc, held === 0n ? [] : [[busy, quanta(held)]]);
          const taken = room(vault, quanta(wanted), { marginPpm });
          const size = quanta(wanted) < 0n ? -quanta(wanted) : quanta(wanted);
          assert.ok(taken >= 0n && taken <= size);
          if (taken === 0n) return;
          const now = quanta(held) + (wanted > 0n ? taken : -taken);
          const after = accountWith(worth * usdc, now === 0n ? [] : [[busy, now]]);
          const markets = marketsOf(busy);
          const equity = sharedStanding(vault, markets).equity;
          const grows = notional(busy, base(now)) > notional(busy, base(quanta(held)));
          if (grows) assert.ok(notional(busy, base(now)) <= inventoryLimit(busy, equity, limits));
          assert.ok(maintenanceMargin(after, markets) * 1_000_000n <= equity * marginPpm);
        },
      ),
      { numRuns: runs },
    );
  });
});

describe('the payment for a position', () => {
  test('is what the account has for it, at most half its margin', () => {
    const pay = (share: bigint, quantity: bigint): bigint =>
      takeoverPayment({ share: quote(share), margin: 1_500n, size: 100n }, quantity, 500_000n);
    assert.deepEqual([pay(900n, 100n), pay(900n, 50n), pay(900n, 1n)], [750n, 375n, 8n]);
    assert.deepEqual([pay(600n, 100n), pay(0n, 100n), pay(-5n, 100n)], [600n, 0n, 0n]);
  });

  test('INV-B3 lies between nothing and min(E_i, MM_i / 2), in whatever parts it is taken', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 12n), max: 10n ** 15n }),
        fc.bigInt({ min: 0n, max: 10n ** 15n }),
        fc.bigInt({ min: 1n, max: 10n ** 12n }),
        fc.bigInt({ min: 0n, max: 1_000_000n }),
        (share, margin, size, part) => {
          const leg = { share: quote(share), margin, size };
          const quantity = (size * part) / 1_000_000n;
          const payment = takeoverPayment(leg, quantity, 500_000n);
          const bound = [0n, share, margin / 2n];
          const most = bound[1]! < bound[2]! ? bound[1]! : bound[2]!;
          assert.ok(payment >= 0n && payment <= (most > 0n ? most : 0n));
          // The rest later costs no more than a quantum on top of the whole.
          assert.ok(payment + takeoverPayment(leg, size - quantity, 500_000n) <= (most > 0n ? most : 0n) + 1n);
        },
      ),
      { numRuns: runs },
    );
  });
});

describe('how much is taken', () => {
  /** A long of 60,000 USDC with a margin of 1,500. */
  const position = 600_000_000n;
  const sized = (equity: bigint, room = position, view = busy): bigint => {
    const account = accountWith(equity * usdc, [[view, position]]);
    const markets = marketsOf(view);
    const standing = sharedStanding(account, markets);
    return sizeTakeover(
      {
        account,
        equity: standing.equity,
        leg: standing.legs[0]!,
        room,
        paymentPpm: 500_000n,
        targetHealth: ppm(1_150_000n),
        least: quote(2_000n * usdc),
      },
      markets,
    );
  };

  test('is the least that brings the account to target health', () => {
    // 900 - 750 f = 1.15 * 1,500 (1 - f): f = 825 / 975.
    assert.equal(sized(900n), 507_692_308n);
    assert.equal(sized(990n), 452_307_694n);
  });

  test('is everything when paying takes what closing gives, or when little would be left', () => {
    assert.equal(sized(700n), position);
    assert.equal(sized(600n), position);
    // 1.15 * 1,500 - 760 of 975 leave 2,400 USDC: enough to stay. 752 leave less than 2,000.
    assert.equal(sized(752n), position);
  });

  test('is all that the vault has room for when that does not suffice', () => {
    assert.equal(sized(900n, 100_000_000n), 100_000_000n);
  });

  test('is nothing of a hedge whose loss would ask for more margin', () => {
    const loading = { cluster: 1, rho: [ppm(950_000n)], idiosyncratic: ppm(312_249n) };
    const one = market({ id: 1, loading, openInterest: busy.openInterest });
    const two = market({ id: 2, loading, openInterest: busy.openInterest });
    const markets = marketsOf(one, two);
    const account = accountWith(300n * usdc, [
      [one, position],
      [two, -position],
    ]);
    const { legs, equity } = sharedStanding(account, markets);
    for (const leg of legs) {
      const asked = { account, equity, leg, room: position, paymentPpm: 500_000n, least: quote(0n) };
      assert.equal(sizeTakeover({ ...asked, targetHealth: ppm(1_150_000n) }, markets), 0n);
    }
  });
});

describe('a vault sells', () => {
  const view = market({
    depthUnit: quote(50_000_000n * usdc),
    tickSize: 10n,
    stepSize: 1_000n,
    markPrice: price(100_000n),
  });
  const plan = (quantity: bigint, volume: bigint, heldMs: bigint, elapsedMs = 1_000n, farthest = 200_000n) =>
    planUnwind(view, {
      quantity,
      volume: quote(volume * usdc),
      least: quote(5n * usdc),
      heldMs,
      elapsedMs,
      farthest,
    });
  const dayMs = 86_400_000n;

  const table: readonly (readonly [string, Parameters<typeof plan>, ReturnType<typeof planUnwind>])[] = [
    // 10 % of 36 M in 3,600 s: 1,000 USDC a second.
    ['a tenth of the trade, five basis points away', [10n ** 9n, 36_000_000n, 0n], { side: 'sell', quantity: 10_000_000n, price: 100_050n, passive: true }],
    ['what it is short of in the same way', [-(10n ** 9n), 36_000_000n, 29_999n], { side: 'buy', quantity: 10_000_000n, price: 99_950n, passive: true }],
    ['after half a minute at half a per cent off', [10n ** 9n, 36_000_000n, 30_000n], { side: 'sell', quantity: 10_000_000n, price: 99_500n, passive: false }],
    // 50 M / 2 in ten seconds: 2.5 M a second.
    ['half of D in ten seconds at most', [10n ** 12n, 10n ** 12n, 30_000n], { side: 'sell', quantity: 25_000_000_000n, price: 99_500n, passive: false }],
    ['no more for a longer pause than ten seconds', [10n ** 12n, 10n ** 12n, 30_000n, 60_000n], { side: 'sell', quantity: 250_000_000_000n, price: 99_500n, passive: false }],
    ['a smallest order where nobody trades', [10n ** 9n, 0n, 0n], { side: 'sell', quantity: 50_000n, price: 100_050n, passive: true }],
    ['no more than it has', [3_000n, 0n, 0n], { side: 'sell', quantity: 3_000n, price: 100_050n, passive: true }],
    ['whole steps', [2_999n, 0n, 0n], { side: 'sell', quantity: 2_000n, price: 100_050n, passive: true }],
    ['what is a day old whole', [10n ** 12n, 0n, dayMs], { side: 'sell', quantity: 10n ** 12n, price: 99_500n, passive: false }],
    // Half of 2.5 % after another day: 1.25 %, and half way there 0.875 %.
    ['half a day later at less', [10n ** 12n, 0n, (3n * dayMs) / 2n], { side: 'sell', quantity: 10n ** 12n, price: 99_130n, passive: false }],
    ['a day later at half the maintenance rate', [10n ** 12n, 0n, 2n * dayMs], { side: 'sell', quantity: 10n ** 12n, price: 98_750n, passive: false }],
    ['what it is short of at more', [-(10n ** 12n), 0n, 9n * dayMs], { side: 'buy', quantity: 10n ** 12n, price: 101_250n, passive: false }],
    ['never beyond what an order may pay', [-(10n ** 12n), 0n, 9n * dayMs, 1_000n, 3_000n], { side: 'buy', quantity: 10n ** 12n, price: 100_300n, passive: false }],
  ]; // prettier-ignore
  for (const [what, given, expected] of table) test(what, () => assert.deepEqual(plan(...given), expected));
});
