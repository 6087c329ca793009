import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LeverageQueue } from '../baselines/leverage-queue.js';
import { StaticMargin } from '../baselines/static-margin.js';
import { runCells } from './cells.js';
import { cases, setupOf } from './setup.js';

const caseOf = (id: string) => cases.find((each) => each.id === id)!;

test('on the same path ours owes nothing, and takes from winners exactly what is needed', async () => {
  const found = await runCells(setupOf(caseOf('alt-vee'), '1', 40), '1', ['static', 'queue']);
  const { ours, static: fixed, queue } = found;
  assert.equal(ours!.unpaid, 0);
  assert.ok(ours!.overshoot === undefined || Math.abs(ours!.overshoot - 1) < 1e-4, `overshoot ${ours!.overshoot}`);
  // The same leverage, or nothing is compared.
  for (const { leverage } of [fixed!, queue!]) assert.ok(Math.abs(ours!.leverage - leverage) < 1e-9);
  for (const { liquidated } of Object.values(found)) assert.ok(liquidated > 0);
});

test('who deleverages in which order changes against whom a bankrupt is closed, not how much of him', () => {
  // A fund that is empty and a book that is nearly so: much is left to deleveraging.
  const full = setupOf(caseOf('alt-vee'), '3', 120);
  const setup = { ...full, capital: 0, depth: full.depth.map((depth) => depth / 20) };
  const [random, queue, fill] = (['random', 'queue', 'water-fill'] as const).map((order) =>
    new StaticMargin(setup, '3', { order }).run(),
  );
  assert.ok(random!.deleveraged > 0.1, `${random!.deleveraged}`);
  for (const each of [queue!, fill!]) {
    assert.ok(each.unpaid < 1e-6, `${each.unpaid}`);
    assert.ok(Math.abs(each.overshoot! - 1) < 1e-9);
    // Random order asks nobody's leverage.
    assert.ok(each.deleveragedCalm! < random!.deleveragedCalm!, `${each.deleveragedCalm}`);
  }
  assert.notDeepEqual(random, queue);
  assert.notDeepEqual(queue, fill);
});

test('a margin that rises later liquidates nobody less', () => {
  const setup = setupOf(caseOf('major-grind'), '2', 120);
  const floor = [setup.case.maintenance];
  const rising = setup.path.map((_, step) => setup.case.maintenance * (1 + Math.min(1, step / 100)));
  for (const run of [
    (rates: readonly number[]) => new StaticMargin(setup, '2', { rates }).run(),
    (rates: readonly number[]) => new LeverageQueue(setup, rates).run(),
  ])
    assert.ok(run(rising).liquidated >= run(floor).liquidated);
});
