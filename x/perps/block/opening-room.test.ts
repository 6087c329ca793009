import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { market as view } from '../testing/values.js';
import { price, quote } from '../types.js';
import { OpeningRoom } from './opening-room.js';

const numRuns = Number(process.env['PLIMSOLL_FC_RUNS'] ?? 500);
const step = 1_000n;

describe('open interest that one auction may add (section 14.2, B4)', () => {
  const market = view({ openInterestCap: quote(1_000_000n), markPrice: price(100n), quoteDivisor: 1n, stepSize: step });

  test('buys open what the cap leaves; covering a short takes nothing of it', () => {
    const room = new OpeningRoom(market, 4_000n);
    assert.equal(room.take({ account: 'a', quantity: 3_000n, held: 0n }), 3_000n, 'of 6,000');
    assert.equal(room.take({ account: 'b', quantity: 5_000n, held: -4_000n }), 5_000n, '1,000 of 3,000');
    assert.equal(room.take({ account: 'b', quantity: 5_000n, held: -4_000n }), 2_000n, 'its short is covered once');
    assert.equal(room.take({ account: 'c', quantity: 5_000n, held: -2_500n }), 2_000n, 'whole steps');
    assert.equal(room.take({ account: 'd', quantity: 1_000n, held: 7_000n }), 0n);
  });

  test('above the cap nothing opens', () => {
    const room = new OpeningRoom(market, 20_000n);
    assert.equal(room.take({ account: 'a', quantity: 1_000n, held: 0n }), 0n);
    assert.equal(room.take({ account: 'b', quantity: 2_000n, held: -1_000n }), 1_000n);
  });

  test('whoever buys, longs together stay within the cap', () => {
    const buying = fc.record({
      account: fc.constantFrom('a', 'b', 'c'),
      lots: fc.bigInt({ min: 1n, max: 12n }),
    });
    const shorts = fc.record({ a: fc.bigInt(-9n, 9n), b: fc.bigInt(-9n, 9n), c: fc.bigInt(-9n, 9n) });
    fc.assert(
      fc.property(fc.array(buying, { maxLength: 12 }), shorts, fc.bigInt(0n, 20n), (buys, lots, others) => {
        const held = new Map(Object.entries(lots).map(([name, size]) => [name, size * step]));
        const longs = (): bigint =>
          others * step + [...held.values()].reduce((sum, size) => (size > 0n ? sum + size : sum), 0n);
        const before = longs();
        const room = new OpeningRoom(market, before);
        const start = new Map(held);
        for (const { account, lots: size } of buys) {
          const taken = room.take({ account, quantity: size * step, held: start.get(account)! });
          assert.ok(taken >= 0n && taken <= size * step && taken % step === 0n);
          held.set(account, held.get(account)! + taken);
        }
        assert.ok(longs() <= (before > 10_000n ? before : 10_000n), `${longs()} after ${before}`);
      }),
      { numRuns },
    );
  });
});
