import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { available, rollWindow, windowMs, type Caps, type TrancheState } from './caps.js';

const runs = Number(process.env['PLIMSOLL_FC_RUNS'] ?? '300');
const caps: Caps = { eventPpm: 500_000n, windowPpm: 800_000n };
const t = 1_700_000_000_000n;

const tranche = (changes: Partial<TrancheState> = {}): TrancheState => ({
  balance: 1_000n,
  windowStartMs: t,
  windowOpening: 1_000n,
  windowPaid: 0n,
  ...changes,
});

describe('a tranche lets out', () => {
  const table: readonly (readonly [what: string, tranche: TrancheState, paidInEvent: bigint, expected: bigint])[] = [
    ['half of its opening balance in one event', tranche(), 0n, 500n],
    ['the rest of the half later in the same event', tranche({ balance: 700n, windowPaid: 300n }), 300n, 200n],
    ['nothing more once the half is paid', tranche({ balance: 500n, windowPaid: 500n }), 500n, 0n],
    ['the rest of 80 % in the next event', tranche({ balance: 500n, windowPaid: 500n }), 0n, 300n],
    ['nothing once 80 % are paid', tranche({ balance: 200n, windowPaid: 800n }), 0n, 0n],
    ['no more than it has', tranche({ balance: 10n }), 0n, 10n],
    ['nothing when it is empty', tranche({ balance: 0n, windowOpening: 0n }), 0n, 0n],
    ['rounded down', tranche({ balance: 999n, windowOpening: 999n }), 0n, 499n],
    ['nothing of a single quantum', tranche({ balance: 1n, windowOpening: 1n }), 0n, 0n],
    ['nothing, not less, when lowered caps were already passed', tranche({ windowPaid: 900n }), 600n, 0n],
  ];
  for (const [what, state, paid, expected] of table)
    test(what, () => assert.equal(available(state, caps, paid), expected));
});

describe('the 24 h window', () => {
  test('stays until its last millisecond', () => {
    const state = tranche({ balance: 400n, windowPaid: 600n });
    assert.equal(rollWindow(state, t), state);
    assert.equal(rollWindow(state, t + windowMs - 1n), state);
  });

  test("then opens anew at that moment's balance", () => {
    assert.deepEqual(rollWindow(tranche({ balance: 400n, windowPaid: 600n }), t + windowMs), {
      balance: 400n,
      windowStartMs: t + windowMs,
      windowOpening: 400n,
      windowPaid: 0n,
    });
  });

  test('of a tranche that never had one opens at once', () => {
    const unopened = tranche({ windowStartMs: 0n, windowOpening: 0n });
    assert.deepEqual(rollWindow(unopened, t), tranche());
  });
});

test('INV-I1, INV-I3 no event pays over 50 %, no window over 80 % of its opening value, no balance goes below zero', () => {
  const step = fc.record({
    deficit: fc.bigInt({ min: 0n, max: 2_000n }),
    afterMs: fc.constantFrom(0n, 0n, 1_000n, windowMs / 3n, windowMs),
  });
  const cap = fc.record({
    eventPpm: fc.bigInt({ min: 0n, max: 500_000n }),
    windowPpm: fc.bigInt({ min: 500_000n, max: 1_000_000n }),
  });
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 1_500n }),
      cap,
      fc.array(step, { maxLength: 40 }),
      (balance, limits, steps) => {
        let state: TrancheState = { balance, windowStartMs: 0n, windowOpening: 0n, windowPaid: 0n };
        let now = t;
        let event = 0n;
        const windows = new Map<bigint, { opening: bigint; paid: bigint }>();
        for (const { deficit, afterMs } of steps) {
          now += afterMs;
          if (afterMs > 0n) event = 0n;
          state = rollWindow(state, now);
          let window = windows.get(state.windowStartMs);
          if (window === undefined) windows.set(state.windowStartMs, (window = { opening: state.balance, paid: 0n }));
          const limit = available(state, limits, event);
          const paid = deficit < limit ? deficit : limit;
          state = { ...state, balance: state.balance - paid, windowPaid: state.windowPaid + paid };
          event += paid;
          window.paid += paid;
          assert.ok(state.balance >= 0n);
          assert.ok(event * 1_000_000n <= window.opening * limits.eventPpm);
          assert.ok(window.paid * 1_000_000n <= window.opening * limits.windowPpm);
        }
      },
    ),
    { numRuns: runs },
  );
});
