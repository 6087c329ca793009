import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { inWindow, sumOf, withAmount, type HourlyAmount } from '../../runtime/pool/hours.js';
import { available, type Caps } from './caps.js';

const runs = Number(process.env['PLIMSOLL_FC_RUNS'] ?? '300');
const caps: Caps = { eventPpm: 500_000n, windowPpm: 800_000n };
const hourMs = 3_600_000n;
const t = 472_222n * hourMs;
const paid = (amount: bigint, hoursAgo = 0n): HourlyAmount => ({ hour: 472_222n - hoursAgo, amount });

describe('a tranche lets out', () => {
  const table: readonly (readonly [string, bigint, readonly HourlyAmount[], bigint, bigint])[] = [
    ['half of what it has in one event', 1_000n, [], 0n, 500n],
    ['the rest of the half later in the same event', 700n, [paid(300n)], 300n, 200n],
    ['nothing more once the half is paid', 500n, [paid(500n)], 500n, 0n],
    ['in the next event half of what is left, or the rest of 80 %', 500n, [paid(500n)], 0n, 250n],
    ['no more than the rest of 80 %', 300n, [paid(700n, 3n)], 0n, 100n],
    ['nothing once 80 % are paid', 200n, [paid(400n, 20n), paid(400n)], 0n, 0n],
    ['again what was paid more than 24 hours ago', 200n, [paid(800n, 25n)], 0n, 100n],
    ['no more than it has', 1n, [], 0n, 0n],
    ['nothing when it is empty', 0n, [], 0n, 0n],
    ['rounded down', 999n, [], 0n, 499n],
    ['nothing, not less, when lowered caps were already passed', 100n, [paid(900n)], 600n, 0n],
  ];
  for (const [what, balance, recent, inEvent, expected] of table)
    test(what, () => assert.equal(available(balance, recent, t, caps, inEvent), expected));
});

describe('the window', () => {
  test('counts the hour that runs and the 24 before it', () => {
    const recent = [paid(1n, 25n), paid(2n, 24n), paid(4n, 1n), paid(8n)];
    assert.deepEqual(inWindow(recent, t), recent.slice(1));
    assert.equal(sumOf(inWindow(recent, t)), 14n);
  });

  test('adds payments of one hour together and forgets what is over', () => {
    let recent: readonly HourlyAmount[] = [paid(1n, 25n)];
    recent = withAmount(recent, t, 5n);
    recent = withAmount(recent, t + hourMs - 1n, 7n);
    recent = withAmount(recent, t + hourMs, 1n);
    assert.deepEqual(recent, [paid(12n), { hour: 472_223n, amount: 1n }]);
  });
});

test('INV-I1, INV-I3, INV-C2 no event draws over its share, no 24 hours over theirs, no balance goes below zero', () => {
  const step = fc.record({
    deficit: fc.bigInt({ min: 0n, max: 2_000n }),
    afterMs: fc.constantFrom(0n, 0n, 1_000n, hourMs / 2n, 8n * hourMs, 24n * hourMs),
  });
  const cap = fc.record({
    eventPpm: fc.bigInt({ min: 0n, max: 500_000n }),
    windowPpm: fc.bigInt({ min: 250_000n, max: 1_000_000n }),
  });
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 5_000n }), cap, fc.array(step, { maxLength: 40 }), (start, limits, steps) => {
      let balance = start;
      let recent: readonly HourlyAmount[] = [];
      let now = t;
      let event = 0n;
      const history: { at: bigint; amount: bigint; before: bigint }[] = [];
      for (const { deficit, afterMs } of steps) {
        if (afterMs > 0n) event = 0n;
        now += afterMs;
        const limit = available(balance, recent, now, limits, event);
        const amount = deficit < limit ? deficit : limit;
        const before = balance;
        balance -= amount;
        if (amount > 0n) recent = withAmount(recent, now, amount);
        event += amount;
        history.push({ at: now, amount, before });
        assert.ok(balance >= 0n);
        assert.ok(event * 1_000_000n <= (balance + event) * limits.eventPpm);
        // Every stretch of 24 hours that ends here, against what the tranche had at its beginning.
        for (const [index, { at, before: opening }] of history.entries()) {
          if (at <= now - 24n * hourMs) continue;
          const out = history.slice(index).reduce((sum, each) => sum + each.amount, 0n);
          assert.ok(out * 1_000_000n <= opening * limits.windowPpm, `${out} of ${opening}`);
        }
      }
    }),
    { numRuns: runs },
  );
});
