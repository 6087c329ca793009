import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TriggerKind, TriggerSource } from '../../../gen/plimsoll/perps/v1/conditional.js';
import { Side } from '../../../gen/plimsoll/perps/v1/types.js';
import { excess, isReached, isRound, trailingTrigger, watchOf } from './rules.js';

const {
  TRIGGER_KIND_STOP_LOSS: stop,
  TRIGGER_KIND_TAKE_PROFIT: profit,
  TRIGGER_KIND_TRAILING_STOP: trail,
} = TriggerKind;

test('a sell stops on falling prices and takes profit on rising ones; a buy the other way round', () => {
  const rises = (kind: TriggerKind, side: Side): boolean =>
    watchOf({ marketId: 1, kind, side, triggerSource: TriggerSource.TRIGGER_SOURCE_MARK }).rising;
  assert.deepEqual(
    [stop, profit, trail].map((kind) => [rises(kind, Side.SIDE_SELL), rises(kind, Side.SIDE_BUY)]),
    [
      [false, true],
      [true, false],
      [false, true],
    ],
  );
});

test('a trigger is reached at its very price', () => {
  assert.deepEqual(
    [99n, 100n, 101n].map((price) => isReached(false, 100n, price)),
    [true, true, false],
  );
  assert.deepEqual(
    [99n, 100n, 101n].map((price) => isReached(true, 100n, price)),
    [false, true, true],
  );
});

test('a trailing stop triggers at its distance from the extreme, never sooner by rounding', () => {
  assert.equal(trailingTrigger(false, { unit: 'price', distance: 1_000n }, 60_000n), 59_000n);
  assert.equal(trailingTrigger(true, { unit: 'price', distance: 1_000n }, 60_000n), 61_000n);
  assert.equal(trailingTrigger(false, { unit: 'ppm', distance: 10_000n }, 60_000n), 59_400n);
  // 1 % of 99 is 0.99: a fall to 98.01, which no integer price is at, so 98.
  assert.equal(trailingTrigger(false, { unit: 'ppm', distance: 10_000n }, 99n), 98n);
  assert.equal(trailingTrigger(true, { unit: 'ppm', distance: 10_000n }, 99n), 100n);
});

test('distances are round: at most three significant digits', () => {
  assert.deepEqual([0n, 1n, 999n, 1_000n, 1_001n, 1_250_000n, 12_340n].map(isRound), [
    false,
    true,
    true,
    true,
    false,
    true,
    false,
  ]);
});

test('the worst is what the price went farthest beyond, as a share of the trigger', () => {
  assert.deepEqual([excess(100n, 90n), excess(1_000n, 990n), excess(90n, 100n)], [100_000n, 10_000n, 111_111n]);
});
