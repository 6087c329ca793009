import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { usableEquity } from '../margin/index.js';
import { accountWith, market, marketsOf } from '../testing/values.js';
import { price } from '../types.js';
import {
  addStanding,
  averagePrice,
  dropOldest,
  emptyAverage,
  isSurplus,
  windowMs,
  type Stretch,
  type TimeAverage,
} from './time-average.js';

const numRuns = Number(process.env['PLIMSOLL_FC_RUNS'] ?? 200);

/** The average as block after block keeps it; the ring of minutes is a list. */
class Running {
  average: TimeAverage = emptyAverage;
  readonly ring: Stretch[] = [];
  mark = price(0n);

  /** A block at a time that changes the mark. */
  block(timeMs: bigint, mark: bigint): void {
    const { average, ended } = addStanding(this.average, this.mark, timeMs);
    this.average = average;
    this.mark = price(mark);
    if (ended === undefined) return;
    this.ring.push(ended);
    while (isSurplus(this.average, this.ring[0]!)) this.average = dropOldest(this.average, this.ring.shift()!);
  }
}

const start = 1_800_000_000_000n;

describe('30-minute average of the mark (section 7.3)', () => {
  test('is undefined before a price stood, then the price', () => {
    const running = new Running();
    running.block(start, 100n);
    assert.equal(averagePrice(running.average), undefined);
    running.block(start + 1_000n, 200n);
    assert.equal(averagePrice(running.average), 100n);
    running.block(start + 4_000n, 300n);
    assert.equal(averagePrice(running.average), 175n);
  });
  test('a push moves it by its share of half an hour', () => {
    const running = new Running();
    for (let second = 0n; second <= 3_600n; second++) running.block(start + second * 1_000n, 100_000n);
    // Half up for three minutes: a tenth of the window.
    for (let second = 0n; second < 180n; second++) running.block(start + (3_601n + second) * 1_000n, 150_000n);
    assert.equal(averagePrice(running.average), 104_969n);
    assert.ok(running.ring.length <= 31);
  });
  test('after an outage the last price counts as at most one window, and the minutes before it leave', () => {
    const running = new Running();
    for (let second = 0n; second <= 3_600n; second++) running.block(start + second * 1_000n, 100_000n);
    running.block(start + 3_600_000n + 600_000n, 90_000n);
    assert.equal(averagePrice(running.average), 100_000n);
    running.block(start + 100_000_000n, 80_000n);
    running.block(start + 100_060_000n, 80_000n);
    assert.equal(running.average.windowCoveredMs, windowMs);
    assert.equal(averagePrice(running.average), 90_000n - 322n - 1n);
  });
  test('equals the average recounted from what is kept, however blocks fall', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.bigInt({ min: 0n, max: 200_000n }), fc.bigInt({ min: 1n, max: 1n << 62n })), {
          maxLength: 200,
        }),
        (blocks) => {
          const running = new Running();
          let timeMs = start;
          for (const [elapsed, mark] of blocks) {
            timeMs += elapsed;
            running.block(timeMs, mark);
            const { average, ring } = running;
            const sum = (of: (stretch: Stretch) => bigint): bigint =>
              ring.reduce((total, each) => total + of(each), 0n);
            assert.equal(
              sum(({ priceMs }) => priceMs),
              average.windowPriceMs,
            );
            assert.equal(
              sum(({ coveredMs }) => coveredMs),
              average.windowCoveredMs,
            );
            assert.ok(average.windowCoveredMs < windowMs || !isSurplus(average, ring[0]!));
          }
        },
      ),
      { numRuns },
    );
  });
});

test('INV-O3 a push of size x and duration d lets at most x * d / 30 min of a position leave', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(1n, -1n),
      fc.bigInt({ min: 1n, max: 60n }),
      fc.bigInt({ min: 1n, max: 50_000n }),
      fc.bigInt({ min: 1_000n, max: 1n << 40n }),
      fc.constantFrom(1_000n, 2_500n, 15_000n),
      (sign, minutesPushed, push, size, blockMs) => {
        const running = new Running();
        let timeMs = start;
        const until = (end: bigint, mark: bigint): void => {
          for (; timeMs < end; timeMs += blockMs) running.block(timeMs, mark);
        };
        until(start + 45n * 60_000n, 100_000n);
        const view = market();
        const account = accountWith(0n, [[view, sign * size]]);
        const pushed = 100_000n + sign * push;
        const pushedAt = timeMs;
        until(timeMs + minutesPushed * 60_000n, pushed);
        // One block more, which counts the last of the push and still stands at the pushed price.
        running.block(timeMs, pushed);
        const average = averagePrice(running.average)!;
        const [low, high] = average < pushed ? [average, pushed] : [pushed, average];
        const after = market({ markPrice: price(pushed), lowPrice: price(low), highPrice: price(high) });
        const rise = usableEquity(account, marketsOf(after)) - usableEquity(account, marketsOf(view));
        const lasted = timeMs - pushedAt;
        const share = lasted < windowMs ? lasted : windowMs;
        const bound = (size * push * share) / (windowMs * view.quoteDivisor);
        // The average is rounded down, which favours a short by less than one price unit.
        assert.ok(rise <= bound + size / view.quoteDivisor + 2n, `rose ${rise}, bound ${bound}`);
      },
    ),
    { numRuns: Math.min(numRuns, 100) },
  );
});
