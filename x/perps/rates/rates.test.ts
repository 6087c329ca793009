import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { MarginRates } from '../../../gen/plimsoll/perps/v1/rates.js';
import { AppError } from '../../../runtime/baseapp/errors.js';
import { initialMargin } from '../margin/index.js';
import { accountWith, market, marketsOf } from '../testing/values.js';
import { ppb, type SolvencyClass } from '../types.js';
import { limitsOf } from './limits.js';
import { followSchedule, maintenanceTarget, steerFixed, steerMaintenance } from './maintenance.js';
import { boundOpening, steerOpening } from './opening.js';
import { defaultRatesParams as params, validateRatesParams } from './params.js';
import { cut, prolong, raise, rateAt } from './schedule.js';

const runs = Number(process.env['PLIMSOLL_FC_RUNS'] ?? '300');
const minute = 60_000n;
const hour = 60n * minute;
const notice = 10n * minute;
const percent = (value: number) => ppb(BigInt(Math.round(value * 10_000_000)));

const rates = (changes: Partial<MarginRates> = {}): MarginRates => ({
  marketId: 1,
  maintenancePpb: percent(1.25),
  schedule: undefined,
  maintenanceLowMs: 0n,
  openingPpb: percent(1.25),
  openingLowMs: 0n,
  openingCutMs: 0n,
  ...changes,
});

describe('limits (section 2)', () => {
  const table: readonly (readonly [SolvencyClass, number, floor: number, maintenance: number, opening: number])[] = [
    ['A', 0, 1.25, 2.5, 6.25],
    ['B', 0, 2.5, 5, 12.5],
    ['C', 0, 5, 10, 25],
    ['D', 0, 10, 20, 50],
    ['A', 20_000, 2, 4, 10],
    // No rate goes above half: initial margin would exceed the notional.
    ['D', 300_000, 30, 50, 50],
    ['D', 500_000, 50, 50, 50],
  ];
  for (const [name, own, floor, maintenance, opening] of table)
    test(`of class ${name}${own === 0 ? '' : ` with a floor of ${own} ppm`}: ${floor}, ${maintenance}, ${opening} %`, () =>
      assert.deepEqual(limitsOf(name, own), {
        floor: percent(floor),
        maintenanceCap: percent(maintenance),
        openingCap: percent(opening),
      }));
});

describe('schedules (section 4.1)', () => {
  test('a raise from 1.25 % to 2 % waits ten minutes and takes an hour', () => {
    const schedule = raise(percent(1.25), percent(2), 0n, notice, 100_000);
    // 7,500,000 ppb at 1,249,999 in ten minutes.
    assert.deepEqual(schedule, {
      announcedMs: 0n,
      startMs: 600_000n,
      endMs: 600_000n + 3_600_003n,
      fromPpb: 12_500_000n,
      toPpb: 20_000_000n,
    });
    assert.equal(rateAt(schedule, 0n), 12_500_000n);
    assert.equal(rateAt(schedule, 600_000n), 12_500_000n);
    // Rounded up: 7,500,000 * 600,000 / 3,600,003 = 1,249,998.96.
    assert.equal(rateAt(schedule, 1_200_000n), 13_749_999n);
    assert.equal(rateAt(schedule, 10_000_000n), 20_000_000n);
  });
  test('a cut from 2.5 % to 1.25 % takes 2 % of the first in an hour: 25 hours', () => {
    const schedule = cut(percent(2.5), percent(1.25), 0n, 20_000);
    assert.equal(schedule.endMs, 25n * hour);
    assert.equal(rateAt(schedule, hour), 24_500_000n);
    assert.equal(rateAt(schedule, 1n), 25_000_000n, 'rounded up');
  });
  test('prolonged, it keeps its slope', () => {
    const schedule = raise(percent(1.25), percent(2), 0n, notice, 100_000);
    const longer = prolong(schedule, percent(2.5));
    assert.deepEqual([longer.startMs, longer.toPpb], [schedule.startMs, percent(2.5)]);
    assert.equal(longer.endMs - longer.startMs, 6_000_005n);
    for (let time = 0n; time <= schedule.endMs; time += minute)
      assert.ok(rateAt(longer, time) <= rateAt(schedule, time) && rateAt(longer, time) + 2n > rateAt(schedule, time));
  });
});

describe('maintenance (section 4.1)', () => {
  const limits = limitsOf('A', 0);
  test('its target is the forecast between the floor and twice the floor', () => {
    const at = (forecast: number): bigint => maintenanceTarget(percent(forecast), limits);
    assert.deepEqual([at(0.3), at(1.7), at(9)], [percent(1.25), percent(1.7), percent(2.5)]);
  });
  test('a target of 5 % more does nothing; one above that announces a raise', () => {
    assert.equal(steerMaintenance(rates(), ppb(13_125_000n), hour, notice, params).schedule, undefined);
    const { schedule, maintenancePpb } = steerMaintenance(rates(), ppb(13_125_001n), hour, notice, params);
    assert.deepEqual([schedule!.startMs, schedule!.toPpb], [hour + notice, 13_125_001n]);
    assert.equal(maintenancePpb, percent(1.25), 'it has not begun');
  });
  test('a raise under way is lengthened as long as its end lies the notice ahead', () => {
    const announced = steerMaintenance(rates(), percent(1.5), 0n, notice, params);
    const end = announced.schedule!.endMs;
    const longer = steerMaintenance(announced, percent(2), end - notice, notice, params);
    assert.deepEqual([longer.schedule!.fromPpb, longer.schedule!.toPpb], [percent(1.25), percent(2)]);
    assert.equal(steerMaintenance(announced, percent(2), end - notice + 1n, notice, params), announced);
    assert.equal(
      steerMaintenance(announced, percent(1.57), minute, notice, params),
      announced,
      'within 5 % of its end',
    );
  });
  test('a raise stops where the target no longer is above the rate', () => {
    const announced = steerMaintenance(rates(), percent(2), 0n, notice, params);
    const half = followSchedule(announced, 40n * minute);
    assert.equal(half.maintenancePpb, 16_249_997n);
    const stopped = steerMaintenance(half, percent(1.6), 40n * minute, notice, params);
    assert.deepEqual([stopped.schedule, stopped.maintenancePpb], [undefined, half.maintenancePpb]);
  });
  test('a cut needs six hours below 80 %, follows its target, and stops when the target is above it', () => {
    let now = hour;
    let state = rates({ maintenancePpb: percent(2.5) });
    const step = (target: number): void => {
      state = steerMaintenance(followSchedule(state, now), percent(target), now, notice, params);
    };
    step(1.9);
    assert.equal(state.maintenanceLowMs, hour);
    now += 5n * hour;
    step(2);
    assert.equal(state.maintenanceLowMs, 0n, 'exactly 80 % is not below');
    step(1.9);
    now += 6n * hour - 1n;
    step(1.9);
    assert.equal(state.schedule, undefined);
    now += 1n;
    step(1.9);
    assert.deepEqual([state.schedule!.fromPpb, state.schedule!.toPpb], [percent(2.5), percent(1.9)]);
    now += hour;
    step(1.5);
    assert.equal(state.maintenancePpb, percent(2.45));
    assert.deepEqual([state.schedule!.fromPpb, state.schedule!.toPpb], [percent(2.5), percent(1.5)]);
    now += hour;
    step(2.45);
    assert.deepEqual([state.schedule, state.maintenancePpb], [undefined, percent(2.4)]);
  });
  test('a raise breaks a cut off', () => {
    const cutting = rates({ maintenancePpb: percent(2), schedule: cut(percent(2), percent(1.25), 0n, 20_000) });
    const { schedule } = steerMaintenance(cutting, percent(2.5), hour, notice, params);
    assert.deepEqual(
      [schedule!.fromPpb, schedule!.toPpb, schedule!.startMs],
      [percent(2), percent(2.5), hour + notice],
    );
  });
  test('fixed rates are raised by schedule and cut at once', () => {
    const raised = steerFixed(rates(), percent(2.5), 0n, notice, params);
    assert.deepEqual([raised.schedule!.toPpb, raised.maintenancePpb], [percent(2.5), percent(1.25)]);
    assert.equal(steerFixed(raised, percent(2.5), minute, notice, params), raised);
    const back = steerFixed(followSchedule(raised, 30n * minute), percent(1), 30n * minute, notice, params);
    assert.deepEqual([back.maintenancePpb, back.schedule], [percent(1), undefined]);
    const same = rates();
    assert.equal(steerFixed(same, percent(1.25), 0n, notice, params), same);
  });
});

describe('opening (section 4.1)', () => {
  const limits = limitsOf('A', 0);
  test('rises at once, up to its cap', () => {
    assert.equal(steerOpening(rates(), percent(3), 0n, limits, params).openingPpb, percent(3));
    assert.equal(steerOpening(rates(), percent(40), 0n, limits, params).openingPpb, percent(6.25));
  });
  test('falls by 2 % an hour after six hours below 80 %, never under the forecast', () => {
    let state = steerOpening(rates({ openingPpb: percent(5) }), percent(3.95), hour, limits, params);
    assert.equal(state.openingLowMs, hour);
    state = steerOpening(state, percent(3.95), 7n * hour - 1n, limits, params);
    assert.equal(state.openingPpb, percent(5));
    state = steerOpening(state, percent(3.95), 7n * hour, limits, params);
    assert.equal(state.openingPpb, percent(4.9));
    assert.equal(steerOpening(state, percent(3.9), 8n * hour - 1n, limits, params).openingPpb, percent(4.9));
    // 4.9 % less 2 % of it; 3.9 % is under 80 % of 4.9 %.
    assert.equal(steerOpening(state, percent(3.9), 8n * hour, limits, params).openingPpb, percent(4.802));
    assert.equal(steerOpening(state, percent(3.95), 8n * hour, limits, params).openingPpb, percent(4.9));
  });
  test('is bounded by its limits and by maintenance', () => {
    assert.equal(boundOpening(rates({ openingPpb: percent(1) }), limits).openingPpb, percent(1.25));
    assert.equal(boundOpening(rates({ openingPpb: percent(9) }), limits).openingPpb, percent(6.25));
    assert.equal(boundOpening(rates({ maintenancePpb: percent(2) }), limits).openingPpb, percent(2));
  });
  test('initial margin is twice the larger of both: 60,000 USDC at 2 % need 2,400', () => {
    const { openingPpb } = boundOpening(rates({ maintenancePpb: percent(2) }), limits);
    const view = market({ maintenanceRate: percent(2), openingRate: ppb(openingPpb) });
    const account = accountWith(10_000_000_000n, [[view, 600_000_000n]]);
    assert.equal(initialMargin(account, [], marketsOf(view)), 2_400_000_000n);
  });
});

/** Rates of a class over minutes of forecasts, as a block moves them. */
function walk(name: SolvencyClass, forecasts: readonly number[], each: (state: MarginRates, nowMs: bigint) => void) {
  const limits = limitsOf(name, 0);
  let state = rates({ maintenancePpb: limits.maintenanceCap, openingPpb: limits.maintenanceCap });
  let now = hour;
  each(state, now);
  for (const ppmOfFloor of forecasts) {
    // A forecast stays for an hour, so that waits end.
    const forecast = ppb((limits.floor * BigInt(ppmOfFloor)) / 1_000_000n);
    for (let step = 0; step < 60; step++) {
      now += minute;
      state = followSchedule(state, now);
      state = steerMaintenance(state, maintenanceTarget(forecast, limits), now, notice, params);
      state = boundOpening(steerOpening(state, forecast, now, limits, params), limits);
      each(state, now);
    }
  }
}

const forecasts = fc.array(
  fc.oneof(fc.integer({ min: 0, max: 900_000 }), fc.integer({ min: 900_000, max: 8_000_000 })),
  { minLength: 1, maxLength: 60 },
);
const name = fc.constantFrom<SolvencyClass>('A', 'B', 'C', 'D');

test('INV-M1 maintenance rises only on a way that was announced the notice before', () => {
  fc.assert(
    fc.property(name, forecasts, (of, path) => {
      /** For each time, the most that was announced for it by then. */
      const announced: { readonly atMs: bigint; readonly schedule: NonNullable<MarginRates['schedule']> }[] = [];
      let before: MarginRates | undefined;
      walk(of, path, (state, now) => {
        if (state.schedule !== undefined && state.schedule !== before?.schedule)
          announced.push({ atMs: now, schedule: state.schedule });
        if (before !== undefined && state.maintenancePpb > before.maintenancePpb) {
          const known = announced.filter(({ atMs }) => atMs + notice <= now);
          assert.ok(known.some(({ schedule }) => rateAt(schedule, now) >= state.maintenancePpb));
        }
        before = state;
      });
    }),
    { numRuns: Math.ceil(runs / 5) },
  );
});

test('INV-M2 maintenance rises by no more than a tenth in any ten minutes', () => {
  fc.assert(
    fc.property(name, forecasts, (of, path) => {
      const seen: bigint[] = [];
      walk(of, path, ({ maintenancePpb }) => {
        seen.push(maintenancePpb);
        const earlier = seen.at(-11);
        if (earlier !== undefined) assert.ok(maintenancePpb * 10n <= earlier * 11n, `${earlier} to ${maintenancePpb}`);
      });
    }),
    { numRuns: Math.ceil(runs / 5) },
  );
});

test('INV-M3 opening is never below maintenance; INV-G1 both stay between floor and cap, and fall by no more than their speed', () => {
  fc.assert(
    fc.property(name, forecasts, (of, path) => {
      const { floor, maintenanceCap, openingCap } = limitsOf(of, 0);
      const seen: MarginRates[] = [];
      walk(of, path, (state) => {
        const { maintenancePpb, openingPpb } = state;
        assert.ok(openingPpb >= maintenancePpb);
        assert.ok(maintenancePpb >= floor && maintenancePpb <= maintenanceCap);
        assert.ok(openingPpb >= floor && openingPpb <= openingCap);
        seen.push(state);
        const anHourAgo = seen.at(-61);
        if (anHourAgo === undefined) return;
        // Maintenance falls along a line of 2 % of where it began; that is at most twice where it is.
        assert.ok(maintenancePpb * 100n >= anHourAgo.maintenancePpb * 96n - 100n);
        assert.ok(openingPpb * 100n >= anHourAgo.openingPpb * 98n - 100n);
      });
    }),
    { numRuns: Math.ceil(runs / 5) },
  );
});

test('parameters outside the bounds of section 23 are refused by name', () => {
  validateRatesParams(params);
  const table: readonly (readonly [Partial<typeof params>, RegExp])[] = [
    [{ kappaMinPpm: 3_499_999 }, /rates.kappa_min_ppm: 3499999; expected 3500000 to 12000000/],
    [{ kappaMaxPpm: 12_000_001 }, /rates.kappa_max_ppm/],
    [{ kappaStartPpm: 13_000_000 }, /rates.kappa_start_ppm/],
    [{ raiseNoticeAbS: 299n }, /rates.raise_notice_ab_s: 299; expected 300/],
    [{ raiseSlopePpm: 100_001 }, /rates.raise_slope_ppm/],
    [{ loadingCapPpm: 950_001 }, /rates.loading_cap_ppm/],
    [{ index: [{ ticker: 'BTC-USD', weightPpm: 999_999 }] }, /rates.index: weights add up to 999999/],
    [{ demotionNoticeS: 86_400n }, /rates.demotion_notice_s: 86400; at least 90600/],
    [{ classA: undefined }, /rates.class_a: missing/],
  ];
  for (const [change, text] of table) {
    assert.throws(
      () => validateRatesParams({ ...params, ...change }),
      (error) => error instanceof AppError && error.code === 25 && text.test(error.message),
    );
  }
});
