import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ClassChange } from '../../../gen/plimsoll/perps/v1/rates.js';
import { SolvencyClass } from '../../../gen/plimsoll/perps/v1/types.js';
import { dayMs } from '../../../runtime/baseapp/time.js';
import { defaultRatesParams as params } from '../rates/params.js';
import type { SolvencyClass as Name } from '../types.js';
import { betterBy, classOf, type ClassStatistics } from './classify.js';
import { judgeBetweenDays, judgeDay, newStanding, openingClass, promotionFault } from './standing.js';

const statistics = (changes: Partial<ClassStatistics> = {}): ClassStatistics => ({
  depthUsd: 60_000_000n,
  sources: 8,
  dispersionPpm: 300,
  marketCapUsd: 0n,
  daysListed: 100n,
  ...changes,
});

describe('the class of a market (section 2)', () => {
  const table: readonly (readonly [Partial<ClassStatistics>, allowed: Name, earned: Name])[] = [
    [{}, 'A', 'A'],
    [{ depthUsd: 50_000_000n }, 'A', 'A'],
    [{ depthUsd: 49_999_999n }, 'B', 'B'],
    [{ sources: 5 }, 'B', 'B'],
    // Nobody says how many places prices come from: nothing is held against the market, and nothing is proven.
    [{ sources: 0 }, 'A', 'D'],
    [{ depthUsd: 5_000_000n, sources: 4 }, 'C', 'C'],
    [{ depthUsd: 249_999n }, 'D', 'D'],
    [{ sources: 3 }, 'D', 'D'],
    [{ dispersionPpm: 1_563 }, 'B', 'B'],
    [{ dispersionPpm: 6_251 }, 'D', 'D'],
  ];
  for (const [changes, allowed, earned] of table)
    test(`with ${
      Object.entries(changes)
        .map(([key, value]) => `${key} ${value}`)
        .join(', ') || 'everything'
    }`, () =>
      assert.deepEqual(
        [classOf(statistics(changes), params, false), classOf(statistics(changes), params, true)],
        [allowed, earned],
      ));
  test('market cap and age count where governance asks for them', () => {
    const strict = { ...params, classA: { ...params.classA!, marketCapUsd: 1_000n, daysListed: 200 } };
    const of = (changes: Partial<ClassStatistics>, proven: boolean) => classOf(statistics(changes), strict, proven);
    assert.deepEqual([of({}, false), of({}, true)], ['A', 'B']);
    assert.equal(of({ marketCapUsd: 999n }, false), 'B');
    assert.equal(of({ marketCapUsd: 1_000n, daysListed: 200n }, true), 'A');
    assert.equal(of({ marketCapUsd: 1_000n, daysListed: 199n }, true), 'B');
  });
  test('classes are ordered', () => {
    assert.deepEqual([betterBy('A', 'B'), betterBy('D', 'A'), betterBy('C', 'C')], [1, -3, 0]);
  });
});

describe('a demotion', () => {
  const notice = 93_600_000n;
  const judge = (standing: ReturnType<typeof newStanding>, allowed: Name, nowMs: bigint) =>
    judgeDay(standing, 'A', { allowed, earned: allowed }, nowMs, notice);
  test('is announced, holds for new risk at once, and is withdrawn when statistics recover', () => {
    const { standing, change } = judge(newStanding(1, 0n), 'B', dayMs);
    assert.equal(change, ClassChange.CLASS_CHANGE_ANNOUNCED);
    assert.deepEqual([standing.pending, standing.pendingMs], [SolvencyClass.SOLVENCY_CLASS_B, dayMs + notice]);
    assert.equal(openingClass('A', standing), 'B');
    assert.equal(judge(standing, 'B', 2n * dayMs).change, undefined);
    const back = judge(standing, 'A', 2n * dayMs);
    assert.deepEqual([back.change, openingClass('A', back.standing)], [ClassChange.CLASS_CHANGE_WITHDRAWN, 'A']);
  });
  test('that gets worse is announced anew, one that gets milder keeps its time', () => {
    const announced = judge(newStanding(1, 0n), 'B', dayMs).standing;
    const worse = judge(announced, 'D', 2n * dayMs).standing;
    assert.deepEqual([worse.pending, worse.pendingMs], [SolvencyClass.SOLVENCY_CLASS_D, 2n * dayMs + notice]);
    const milder = judge(worse, 'C', 3n * dayMs).standing;
    assert.deepEqual([milder.pending, milder.pendingMs], [SolvencyClass.SOLVENCY_CLASS_C, worse.pendingMs]);
  });
});

test('a look between two days announces falls only, deeper ones anew, and leaves the count of days alone', () => {
  const notice = 93_600_000n;
  const nowMs = 5n * dayMs + 1n;
  const quiet = { ...newStanding(1, 0n), day: 5n, betterDays: 7 };
  const look = (standing: ReturnType<typeof newStanding>, allowed: Name) =>
    judgeBetweenDays(standing, 'B', allowed, nowMs, notice);
  assert.deepEqual(look(quiet, 'A'), { standing: quiet, change: undefined });
  assert.deepEqual(look(quiet, 'B'), { standing: quiet, change: undefined });
  const fallen = look(quiet, 'C');
  assert.equal(fallen.change, ClassChange.CLASS_CHANGE_ANNOUNCED);
  assert.deepEqual(
    [fallen.standing.pending, fallen.standing.pendingMs, fallen.standing.day],
    [SolvencyClass.SOLVENCY_CLASS_C, nowMs + notice, 5n],
  );
  assert.equal(look(fallen.standing, 'C').change, undefined);
  assert.equal(look(fallen.standing, 'D').standing.pending, SolvencyClass.SOLVENCY_CLASS_D);
  const deep = look(quiet, 'D').standing;
  for (const better of ['A', 'B', 'C'] as const) assert.deepEqual(look(deep, better).standing, deep);
});

describe('a promotion', () => {
  const standing = (betterDays: number, promotedMs = 0n) => ({ ...newStanding(1, 0n), betterDays, promotedMs });
  const now = 100n * dayMs;
  test('counts days in a row', () => {
    let state = newStanding(1, 0n);
    for (let day = 1n; day <= 30n; day++)
      state = judgeDay(state, 'C', { allowed: 'A', earned: 'A' }, day * dayMs, 0n).standing;
    assert.equal(state.betterDays, 30);
    assert.equal(judgeDay(state, 'C', { allowed: 'A', earned: 'C' }, 31n * dayMs, 0n).standing.betterDays, 0);
  });
  const table: readonly (readonly [what: string, fault: string | undefined, expected: RegExp])[] = [
    ['not earned long enough', promotionFault(standing(29), 'B', 'A', now, 30), /for 29 days in a row; 30 are needed/],
    ['by two classes', promotionFault(standing(90), 'C', 'A', now, 30), /A is 2 classes above C; at most one/],
    ['too soon', promotionFault(standing(30, 80n * dayMs), 'B', 'A', now, 30), /promoted 20 days ago/],
    ['downwards', promotionFault(standing(90), 'A', 'B', now, 30), /statistics demote, governance does not/],
  ];
  for (const [what, fault, expected] of table) test(`is refused ${what}`, () => assert.match(fault!, expected));
  test('is possible after thirty days of merit, and thirty after the last', () => {
    assert.equal(promotionFault(standing(30), 'B', 'A', now, 30), undefined);
    assert.equal(promotionFault(standing(30, 70n * dayMs), 'B', 'A', now, 30), undefined);
  });
});
