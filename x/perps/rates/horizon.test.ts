import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { notches, stepHorizon, type HorizonState } from './horizon.js';

const numRuns = Number(process.env['PLIMSOLL_FC_RUNS'] ?? 300);
const minute = 60_000n;
const rules = { reviewDays: 7, calmDays: 30 };
const state = (minutes: bigint, steppedDay = 0n, calmDays = 0): HorizonState => ({ minutes, steppedDay, calmDays });

describe('the horizon of a market', () => {
  const table: readonly (readonly [string, HorizonState, bigint, bigint, HorizonState])[] = [
    ['stays while closes take half of it', state(20n), 10n * minute, 100n, state(20n, 0n, 1)],
    ['goes one notch up when they take longer', state(20n), 10n * minute + 1n, 100n, state(30n, 100n)],
    ['goes no further before seven days are over', state(30n, 100n), 60n * minute, 106n, state(30n, 100n)],
    ['goes on then', state(30n, 100n), 60n * minute, 107n, state(60n, 107n)],
    ['ends at an hour', state(60n, 107n), 600n * minute, 200n, state(60n, 107n)],
    ['forgets calm days with one slow day', state(60n, 107n, 29), 31n * minute, 137n, state(60n, 107n)],
    ['comes down after thirty calm days', state(60n, 107n, 29), 15n * minute, 137n, state(30n, 137n)],
    ['not if the lower one would be too short', state(60n, 107n, 29), 15n * minute + 1n, 137n, state(60n, 107n, 30)],
    ["never below the class's", state(20n, 0n, 29), 0n, 100n, state(20n, 0n, 30)],
    ["follows the class's up", state(10n), 0n, 100n, state(20n, 0n, 1)],
  ];
  for (const [what, before, latency, day, expected] of table)
    test(what, () => assert.deepEqual(stepHorizon(before, 20n, latency, day, rules), expected));

  test('moves by one notch a week at most, within the class and an hour', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...notches),
        fc.array(fc.bigInt({ min: 0n, max: 120n }), { maxLength: 120 }),
        (least, days) => {
          let now = state(least);
          let stepped = -100;
          days.forEach((latency, index) => {
            const next = stepHorizon(now, least, latency * minute, BigInt(index), rules);
            const [from, to] = [notches.indexOf(now.minutes), notches.indexOf(next.minutes)];
            assert.ok(to >= notches.indexOf(least) && to - from <= 1 && from - to <= 1);
            if (to > from) assert.ok(index - stepped >= 7);
            if (to !== from) stepped = index;
            now = next;
          });
        },
      ),
      { numRuns },
    );
  });
});
