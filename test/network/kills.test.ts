import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { needsComet } from './support/comet-program.js';
import { Network } from './support/network.js';

const kills = Number(process.env['PLIMSOLL_NETWORK_KILLS'] ?? '2');
const seed = Number(process.env['PLIMSOLL_SEED'] ?? Date.now() % 1_000_000);

/** A small generator with a seed: the moments can be repeated, what the machine does in them cannot. */
function random(state: number): () => number {
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('all four validators killed', { concurrency: false, ...needsComet }, () => {
  let network: Network;
  after(() => network.remove());

  test(`at ${kills} random moments (seed ${seed}): no state ever differs, no block is lost`, async () => {
    const next = random(seed);
    network = await Network.create({ validators: 4, timeoutCommit: '50ms' });
    await network.start();
    await network.reach(3);
    for (let round = 0; round < kills; round++) {
      await new Promise((resolve) => setTimeout(resolve, next() * 1_500));
      const tip = await network.tip();
      const from = Math.max(1, tip - 5);
      const old = await network.agreed(from, from);
      const processes = network.nodes.flatMap((node) => [node.app, node.comet]);
      processes.sort(() => next() - 0.5);
      await Promise.all(
        processes.map(async (each) => {
          await new Promise((resolve) => setTimeout(resolve, next() * 60));
          await each.end('SIGKILL');
        }),
      );
      await network.start();
      await network.reach(tip + 2);
      const now = await network.agreed(from, tip + 1);
      assert.deepEqual(now.slice(0, 1), old);
      assert.deepEqual(
        network.nodes.flatMap((node) => node.mismatches()),
        [],
        `after kill ${round + 1}`,
      );
    }
  });
});
