import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Backoff, sleep } from './backoff.js';
import { RateLimiter } from './rate-limit.js';

const numRuns = Number(process.env['PLIMSOLL_FC_RUNS'] ?? 300);

describe('pauses after failures', () => {
  test('double up to the longest, and begin again after a success', () => {
    const longest = new Backoff(1_000, 10_000, () => 1);
    assert.deepEqual(
      Array.from({ length: 6 }, () => longest.next()),
      [1_000, 2_000, 4_000, 8_000, 10_000, 10_000],
    );
    longest.reset();
    assert.equal(longest.next(), 1_000);
  });

  test('are drawn from the upper half, and never grow beyond bounds', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 0.999_999, noNaN: true }),
        fc.integer({ min: 1, max: 200 }),
        (drawn, count) => {
          const backoff = new Backoff(500, 60_000, () => drawn);
          let full = 500;
          for (let failure = 0; failure < count; failure++) {
            const pause = backoff.next();
            assert.ok(pause >= full / 2 && pause <= full, `${pause} of ${full}`);
            full = Math.min(full * 2, 60_000);
          }
        },
      ),
      { numRuns },
    );
  });

  test('end at once when everything stops', async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 10);
    const started = performance.now();
    await sleep(60_000, abort.signal);
    await sleep(60_000, abort.signal);
    assert.ok(performance.now() - started < 30_000);
  });
});

describe('a rate limit', () => {
  test('is kept in every window, however requests come', () => {
    const limit = { requests: 10, perMs: 1_000 };
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 200 }), (gaps) => {
        let now = 0;
        const limiter = new RateLimiter(limit, () => now);
        const made: number[] = [];
        for (const gap of gaps) {
          now += gap;
          made.push(now + limiter.take());
        }
        for (const start of made) {
          const inWindow = made.filter((time) => time >= start && time < start + limit.perMs).length;
          assert.ok(inWindow <= limit.requests, `${inWindow} requests in one period`);
        }
      }),
      { numRuns },
    );
  });

  test('of one request leaves room between two', () => {
    let now = 0;
    const limiter = new RateLimiter({ requests: 1, perMs: 1_000 }, () => now);
    assert.equal(limiter.take(), 0);
    assert.equal(limiter.take(), 2_000);
    now = 4_000;
    assert.equal(limiter.take(), 0);
  });
});
