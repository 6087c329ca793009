import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { simulate } from './simulation.js';

/** Short runs of what `make sim-long` does at length. */
const runs = [
  { seed: '1', blocks: 200, shadow: true, happens: ['EventFill', 'EventLiquidationStarted', 'EventNetted'] },
  {
    seed: '2',
    blocks: 350,
    shadow: false,
    happens: ['EventFill', 'EventLiquidation', 'EventFundingSettled', 'EventConditionalTriggered'],
  },
] as const;

describe('random people on the real chain: ID-0 to ID-4, INV-L1 and E1 to E12 hold after every block', () => {
  for (const { seed, blocks, shadow, happens } of runs) {
    test(`seed ${seed}, ${blocks} blocks${shadow ? ', with a second application that keeps nothing in memory' : ''}`, async () => {
      const tally = await simulate({ seed, blocks, actors: 40, shadow });
      // A run in which nothing happens proves nothing.
      for (const name of happens) assert.ok(tally.count(name) > 0, `no ${name} in ${blocks} blocks`);
      const accepted = [...tally.sent.values()].reduce((sum, each) => sum + each.accepted, 0);
      assert.ok(accepted > 2 * blocks, `only ${accepted} transactions were accepted`);
    });
  }

  test('the same seed gives the same chain', async () => {
    const hashes = [
      await simulate({ seed: '3', blocks: 40, actors: 20, shadow: false }),
      await simulate({ seed: '3', blocks: 40, actors: 20, shadow: false }),
    ];
    assert.deepEqual(hashes[0]!.appHash, hashes[1]!.appHash);
  });
});
