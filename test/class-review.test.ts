import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exportGenesis } from '../app/export.js';
import { Trigger } from '../gen/plimsoll/perps/v1/breakers.js';
import { SolvencyClass } from '../gen/plimsoll/perps/v1/types.js';
import type { Context } from '../runtime/baseapp/context.js';
import { breakerStore } from '../x/perps/breakers/store.js';
import { ratesStore } from '../x/perps/rates/store.js';
import { usdc } from './support/amounts.js';
import { testChain, type TestChain } from './support/chain.js';
import { marketFor } from './support/markets.js';
import { eventsOf } from './support/orders.js';

interface State {
  readonly perps: {
    readonly params: { readonly rates: { readonly kappa_max_ppm: number } };
    readonly rates: {
      readonly volatilities: { coverage: { kappa_ppm: number; pinned_windows: number } }[];
      readonly standings: { day: string }[];
    };
  };
  readonly oracle: { statistics: unknown[] };
}

const statisticsOf = (depthUsd: number, hours: number) => ({
  pair_id: 1,
  hours,
  depth_p10_usd: String(depthUsd),
  dispersion_ppm: 200,
  sources_p10: 7,
});

/** A class A market that had its look of the day, whose kappa has been at its largest for so many windows. */
async function pinned(windows: number, statistics: unknown): Promise<TestChain> {
  const markets = [marketFor('BTC-USD', 'A', usdc(1_000_000))];
  const first = await testChain({ markets, breakers: true });
  for (let i = 0; i < 3; i++) await first.block();
  const ctx = first.plimsoll.app.queryContext();
  const state = exportGenesis(first.plimsoll, ctx, first.engine.genesis, true).app_state as unknown as State;
  await first.close();
  const { perps, oracle } = state;
  const { coverage } = perps.rates.volatilities[0]!;
  coverage.kappa_ppm = perps.params.rates.kappa_max_ppm;
  coverage.pinned_windows = windows;
  assert.notEqual(perps.rates.standings[0]!.day, '0', 'the look of the day is over');
  oracle.statistics = [statistics];
  return testChain({
    clamp: true,
    breakers: true,
    change(genesis) {
      for (const name of Object.keys(genesis)) delete genesis[name];
      Object.assign(genesis, structuredClone(state));
    },
  });
}

const table: readonly (readonly [
  what: string,
  windows: number,
  statistics: unknown,
  found: unknown,
  pending: SolvencyClass,
])[] = [
  [
    'statistics that carry class B announce the demotion at once',
    20,
    statisticsOf(10_000_000, 200),
    { class: 'SOLVENCY_CLASS_A', allowed: 'SOLVENCY_CLASS_B', announced: true },
    SolvencyClass.SOLVENCY_CLASS_B,
  ],
  [
    'statistics that carry the class keep it',
    20,
    statisticsOf(60_000_000, 200),
    { class: 'SOLVENCY_CLASS_A', allowed: 'SOLVENCY_CLASS_A', announced: false },
    SolvencyClass.SOLVENCY_CLASS_UNSPECIFIED,
  ],
  [
    'too few statistics decide nothing',
    20,
    statisticsOf(10_000_000, 3),
    { class: 'SOLVENCY_CLASS_A', allowed: 'SOLVENCY_CLASS_UNSPECIFIED', announced: false },
    SolvencyClass.SOLVENCY_CLASS_UNSPECIFIED,
  ],
  [
    'one window less is no reason to look',
    19,
    statisticsOf(10_000_000, 200),
    undefined,
    SolvencyClass.SOLVENCY_CLASS_UNSPECIFIED,
  ],
];

for (const [what, windows, statistics, found, pending] of table)
  test(`B11, ${windows} windows at the largest kappa: ${what}`, async () => {
    const chain = await pinned(windows, statistics);
    const now = (): Context => chain.plimsoll.app.queryContext();
    // Prices come with the second block.
    await chain.block();
    const { day, betterDays } = ratesStore.standing(now(), 1);
    const reviews: unknown[] = [];
    const changes: unknown[] = [];
    for (let i = 0; i < 5; i++) {
      const { results } = await chain.block();
      reviews.push(...eventsOf(results, 'EventClassReview'));
      changes.push(...eventsOf(results, 'EventSolvencyClass').map(({ change }) => change));
    }
    assert.deepEqual(reviews, found === undefined ? [] : [{ market_id: 1, ...(found as object) }], 'once');
    const standing = ratesStore.standing(now(), 1);
    assert.equal(standing.pending, pending);
    assert.deepEqual(changes, pending === SolvencyClass.SOLVENCY_CLASS_B ? ['CLASS_CHANGE_ANNOUNCED'] : []);
    // The look of the day comes all the same.
    assert.deepEqual([standing.day, standing.betterDays], [day, betterDays]);
    const active = breakerStore.market(now(), 1)?.active ?? [];
    assert.deepEqual(
      active.map(({ trigger, marginFactorPpm }) => [trigger, marginFactorPpm]),
      found === undefined ? [] : [[Trigger.TRIGGER_COVERAGE, 1_250_000]],
    );
    await chain.close();
  });
