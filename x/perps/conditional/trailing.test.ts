import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Workbench } from '../../../runtime/baseapp/testing/workbench.js';
import { storeName } from '../keys.js';
import { isBetter, isReached, trailingTrigger, type Distance } from './rules.js';
import { trailingSteps, trailingStops, watchKey, type OrderId, type Watch } from './store.js';
import { beginTrailing, endTrailing, extremeOf, follow, reachedStops } from './trailing.js';

const step = fc.record({
  /** Change of the price in this block. */
  move: fc.integer({ min: -40, max: 40 }),
  /** Distances of stops that begin in it. */
  starts: fc.array(fc.constantFrom(1n, 5n, 10n, 20n, 50n, 100_000n, 200_000n), { maxLength: 3 }),
  /** One of those that run ends, if there are. */
  ends: fc.nat(40),
});

/** A stop as plain bookkeeping has it: its own extreme, moved in every block. */
interface Plain {
  readonly id: OrderId;
  readonly distance: Distance;
  readonly sequence: bigint;
  extreme: bigint;
}

test('trailing stops on steps trigger exactly as stops that each keep their own extreme', async () => {
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.array(step, { minLength: 1, maxLength: 40 }), async (rising, steps) => {
      const bench = await Workbench.open([{ name: storeName, kind: 'committed' }]);
      const ctx = bench.context();
      const watch: Watch = { marketId: 1, source: 'mark', rising };
      let price = 1_000n;
      let clientId = 0n;
      let running: Plain[] = [];
      for (const { move, starts, ends } of steps) {
        price += BigInt(move);
        if (price < 300n) price = 300n;
        follow(ctx, watch, price);
        for (const stop of running) if (isBetter(rising, price, stop.extreme)) stop.extreme = price;
        for (const stop of running) assert.equal(extremeOf(ctx, watch, stop.sequence), stop.extreme);

        const reached = reachedStops(ctx, watch, price, 1_000).map(({ id }) => id.clientId);
        const expected = running.filter(({ distance, extreme }) =>
          isReached(rising, trailingTrigger(rising, distance, extreme), price),
        );
        assert.deepEqual([...reached].sort(), expected.map(({ id }) => id.clientId).sort());
        for (const stop of expected) endTrailing(ctx, watch, stop.distance, stop.sequence);
        running = running.filter((stop) => !expected.includes(stop));

        const cancelled = running[ends];
        if (cancelled !== undefined) {
          endTrailing(ctx, watch, cancelled.distance, cancelled.sequence);
          running.splice(ends, 1);
        }
        for (const value of starts) {
          const distance: Distance = { unit: value > 1_000n ? 'ppm' : 'price', distance: value };
          const id = { account: 'a'.repeat(24), marketId: 1, clientId: ++clientId };
          running.push({ id, distance, sequence: beginTrailing(ctx, watch, distance, id, price), extreme: price });
        }
        const held = [...trailingSteps.values(ctx, watchKey(watch))];
        assert.equal(
          held.reduce((sum, { stops }) => sum + stops, 0),
          running.length,
        );
        // Along the sequence extremes get worse, and never two steps say the same.
        for (const [index, { extremePrice }] of held.entries())
          if (index > 0) assert.ok(isBetter(rising, held[index - 1]!.extremePrice, extremePrice));
        assert.equal([...trailingStops.entries(ctx)].length, running.length);
      }
    }),
    { numRuns: Number(process.env['PLIMSOLL_FC_RUNS'] ?? 100) },
  );
});

test('a block in which prices move but nothing is reached reads and writes one step, whatever trails', async () => {
  const bench = await Workbench.open([{ name: storeName, kind: 'committed' }]);
  const ctx = bench.context();
  const watch: Watch = { marketId: 1, source: 'mark', rising: false };
  for (let clientId = 1n; clientId <= 2_000n; clientId++)
    beginTrailing(
      ctx,
      watch,
      { unit: 'price', distance: 500n },
      { account: 'a'.repeat(24), marketId: 1, clientId },
      1_000n,
    );
  follow(ctx, watch, 1_200n);
  assert.equal([...trailingSteps.values(ctx)].length, 1);
  assert.deepEqual(reachedStops(ctx, watch, 701n, 10), []);
  assert.equal(reachedStops(ctx, watch, 700n, 10).length, 10);
});
