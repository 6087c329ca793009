import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { needsComet } from './support/comet-program.js';
import { Network } from './support/network.js';

const blocksMissed = Number(process.env['PLIMSOLL_NETWORK_MISSED'] ?? '100');

describe('of four validators on CometBFT', { concurrency: false, ...needsComet }, () => {
  let network: Network;
  before(async () => {
    network = await Network.create({ validators: 4, timeoutCommit: '50ms' });
    await network.start();
    await network.reach(3);
  });
  after(() => network.remove());

  test('one dead: the others go on; it catches up to the same blocks', async () => {
    const dead = network.nodes[3]!;
    await dead.end('SIGKILL');
    const living = network.nodes.slice(0, 3);
    const from = await network.tip();
    await Promise.all(living.map((node) => node.reach(from + blocksMissed, 60_000 + 3_000 * blocksMissed)));
    await dead.start();
    await dead.reach(from + blocksMissed + 2, 60_000 + 1_000 * blocksMissed);
    await network.agreed(from, from + blocksMissed);
  });

  test('two dead: no block; one back: blocks again', async () => {
    const [first, second, third, fourth] = network.nodes as [
      (typeof network.nodes)[0],
      (typeof network.nodes)[0],
      (typeof network.nodes)[0],
      (typeof network.nodes)[0],
    ];
    await Promise.all([third.end('SIGKILL'), fourth.end('SIGKILL')]);
    const settled = await network.tip();
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    // One block may have been decided before the second one died.
    assert.ok((await network.tip()) <= settled + 1);
    await third.start();
    await Promise.all([first, second, third].map((node) => node.reach(settled + 4)));
    await fourth.start();
    await network.reach(settled + 6);
    await network.agreed(settled, settled + 5);
    assert.deepEqual(
      network.nodes.flatMap((node) => node.mismatches()),
      [],
    );
  });
});
