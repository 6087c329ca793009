import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exportAppState, type AppState } from '../app/genesis.js';
import { horizonOf } from '../x/perps/rates/horizon-of.js';
import { testChain } from './support/chain.js';
import { eventsOf } from './support/orders.js';

const startMs = BigInt(Date.parse('2026-01-01T00:00:00Z'));
const today = startMs / 86_400_000n;

/** A hundred breaches of the last days that ended, one in fifty of them after 257 to 512 blocks, and looks of a chain that ended. */
function slowCloses(state: AppState): void {
  const ended = ['98', '0', '0', '0', '0', '0', '0', '0', '0', '0', '2', '0', '0'];
  const perps = state['perps'] as { stress?: Record<string, unknown>; rates?: unknown };
  perps.stress = { ...perps.stress, latencies: [{ market_id: 1, day: `${today - 2n}`, ended }] };
  const look = { minutes: 10, calm_days: 3, day: `${today - 1n}`, height: '0', time_ms: `${startMs - 1_000n}` };
  perps.rates = {
    horizons: [
      { ...look, market_id: 1, stepped_day: `${today - 7n}` },
      { ...look, market_id: 2, stepped_day: `${today - 7n}` },
    ],
  };
}

test('a market of which one account in a hundred needed half its horizon is given a longer one, and its rates follow', async () => {
  const chain = await testChain({ change: slowCloses });
  try {
    const { perps } = chain.plimsoll.keepers;
    const horizon = (id: number): bigint => {
      const ctx = chain.plimsoll.app.queryContext();
      return horizonOf(ctx, perps.market(ctx, id)!);
    };
    // How long blocks took elsewhere says nothing about how long they take here: the first day only notes its look.
    const { results: noted } = await chain.block();
    assert.deepEqual(eventsOf(noted, 'EventHorizon'), []);
    await chain.block([], 86_400_000n);
    // 512 blocks of a day's third are more than five minutes of ten.
    const { results } = await chain.block();
    const [stepped, ...others] = eventsOf(results, 'EventHorizon');
    assert.deepEqual(others, []);
    assert.equal(stepped!['previous_minutes'], 10);
    assert.ok(Number(stepped!['latency_p99_ms']) >= 512_000, String(stepped!['latency_p99_ms']));
    assert.deepEqual([horizon(1), horizon(2)], [20n, 10n]);
    // Nothing more on the same day, nor in the week after.
    for (const afterMs of [1_000n, 1_000n, 86_400_000n]) {
      const next = await chain.block([], afterMs);
      assert.deepEqual(eventsOf(next.results, 'EventHorizon'), []);
    }
    assert.equal(horizon(1), 20n);
    const exported = exportAppState(chain.plimsoll.modules, chain.plimsoll.app.queryContext())['perps'] as {
      rates: { horizons: { market_id: number; minutes: number; stepped_day: string }[] };
    };
    assert.deepEqual(
      exported.rates.horizons.map(({ market_id, minutes, stepped_day }) => [market_id, minutes, stepped_day]),
      [
        [1, 20, `${today + 1n}`],
        [2, 10, `${today - 7n}`],
      ],
    );
  } finally {
    await chain.close();
  }
});
