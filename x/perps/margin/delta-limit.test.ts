import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { market } from '../testing/values.js';
import { ppm, price, quote, type Side } from '../types.js';
import { netReach, shareLimit, ShareRoom, withinShare } from './delta-limit.js';

const numRuns = Number(process.env['PLIMSOLL_FC_RUNS'] ?? 500);
const fifth = ppm(200_000n);
/** One quantum of it is worth 100. */
const view = market({ openInterestCap: quote(1_000_000n), quoteDivisor: 1n, markPrice: price(100n), stepSize: 10n });

describe('what one account may open of a market', () => {
  test('is a share of its open-interest cap, rounded down; zero is no limit', () => {
    assert.equal(shareLimit(view, fifth), 200_000n);
    assert.equal(shareLimit({ openInterestCap: quote(9n) }, fifth), 1n);
    assert.equal(shareLimit(view, ppm(0n)), undefined);
    const within = (quantity: bigint, share = fifth) => withinShare({ market: view, quantity }, share);
    assert.deepEqual(
      [within(2_000n), within(2_001n), within(-9_000n), within(9_000n, ppm(0n))],
      [true, false, true, true],
    );
  });

  test('in an auction is what its position leaves of it, on either side', () => {
    const room = new ShareRoom(view, fifth);
    assert.equal(room.take('a', 'buy', 1_500n, 1_000n), 1_000n, 'to 2,000');
    assert.equal(room.take('a', 'buy', 10n, 1_000n), 0n, 'counted together');
    assert.equal(room.take('a', 'sell', 2_500n, 1_000n), 2_500n, 'to 1,500 short');
    assert.equal(room.take('b', 'sell', 4_005n, 0n), 2_000n, 'whole steps');
    assert.equal(room.take('c', 'buy', 9_000n, -5_000n), 9_000n, 'over the limit it may close, and turn over');
    assert.equal(room.take('d', 'buy', 100n, 5_000n), 0n, 'but open nothing');
    assert.equal(new ShareRoom(view, ppm(0n)).take('d', 'buy', 100n, 5_000n), 100n);
  });

  const asked = fc.record({
    account: fc.constantFrom('a', 'b'),
    side: fc.constantFrom<Side>('buy', 'sell'),
    quantity: fc.bigInt({ min: 1n, max: 500n }).map((steps) => steps * 10n),
  });

  test('no set of fills takes an account over the limit, or further over than it was', () => {
    fc.assert(
      fc.property(
        fc.array(asked, { maxLength: 12 }),
        fc.bigInt({ min: -6_000n, max: 6_000n }),
        fc.bigInt({ min: 0n, max: 1_000_000n }),
        fc.infiniteStream(fc.boolean()),
        (orders, held, share, filled) => {
          const limit = shareLimit(view, ppm(share));
          const room = new ShareRoom(view, ppm(share));
          let position = held;
          for (const { account, side, quantity } of orders) {
            const taken = room.take(account, side, quantity, account === 'a' ? held : 0n);
            assert.ok(taken >= 0n && taken <= quantity);
            if (account === 'a' && filled.next().value === true) position += side === 'buy' ? taken : -taken;
          }
          if (limit === undefined) return;
          const most = held < 0n ? -held : held;
          const size = position < 0n ? -position : position;
          assert.ok(size <= most || size * 100n <= limit, `${size} of ${limit}`);
        },
      ),
      { numRuns },
    );
  });

  test('keeps the balance of a cluster within the same share of its caps together', () => {
    const one = fc.record({
      cap: fc.bigInt({ min: 0n, max: 10n ** 12n }),
      quantity: fc.bigInt({ min: -(10n ** 10n), max: 10n ** 10n }),
    });
    fc.assert(
      fc.property(
        fc.array(one, { minLength: 1, maxLength: 6 }),
        fc.bigInt({ min: 1n, max: 1_000_000n }),
        (all, share) => {
          const reaches = all.map(({ cap, quantity }, index) => ({
            market: market({ id: index + 1, openInterestCap: quote(cap) }),
            quantity,
          }));
          const own = reaches.filter((reach) => withinShare(reach, ppm(share)));
          const caps = own.reduce((sum, { market: { openInterestCap } }) => sum + openInterestCap, 0n);
          assert.ok(netReach(own) * 1_000_000n <= caps * share);
        },
      ),
      { numRuns },
    );
  });
});
