import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { tamperBlocks } from './support/block-store.js';
import { needsComet } from './support/comet-program.js';
import { Network } from './support/network.js';

const blocksMissed = Number(process.env['PLIMSOLL_NETWORK_MISSED'] ?? '60');

async function until(holds: () => boolean, what: string): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    assert.ok(tries < 600, `not within a minute: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describe('of four validators on CometBFT', { concurrency: false, ...needsComet }, () => {
  let network: Network;
  before(async () => {
    network = await Network.create({ validators: 4, timeoutCommit: '50ms' });
    await network.start();
    await network.reach(3);
  });
  after(() => network.remove());

  test('T-D6 one dead: the others go on; it catches up to the same blocks although a peer sends false ones or none', async () => {
    const [first, second, liar, late] = network.nodes as [...typeof network.nodes] & { length: 4 };
    await late!.end('SIGKILL');
    const from = (await network.tip()) + 1;
    const to = from + blocksMissed;
    await Promise.all([first!, second!, liar!].map((node) => node.reach(to, 60_000 + 3_000 * blocksMissed)));
    const blocks = await network.agreed(from, to, [first!, second!]);
    await liar!.end('SIGTERM');
    // The first five are asked for at once, with some of the others.
    await tamperBlocks(liar!.home, {
      falsified: new Map(blocks.slice(0, 5).map(({ height, appHash }) => [Number(height), appHash])),
      missing: blocks.slice(5).map(({ height }) => Number(height)),
    });
    await liar!.start();

    // Alone with the liar it refuses what it gets, and waits.
    const elsewhere = ['--p2p.laddr', 'tcp://127.0.0.1:0', '--p2p.external-address', '', '--p2p.pex=false'];
    await late!.start(undefined, [...elsewhere, '--p2p.persistent_peers', liar!.peer]);
    await until(() => liar!.comet.output().includes("asking for a block we don't have"), 'a missing one is asked for');
    await until(() => /Error in validation.*height=\d+/.test(late!.comet.output()), 'a false one is refused');
    assert.ok((await late!.height()) < from);
    await late!.end('SIGTERM');

    // With honest peers beside the liar it comes back to the blocks that were agreed on.
    await late!.start();
    await late!.reach(to + 3, 120_000 + 1_000 * blocksMissed);
    assert.deepEqual(await network.agreed(from, to, [late!, first!]), blocks);
    await network.reach(to + 4);
    await network.agreed(to + 1, to + 3);
    for (const node of network.nodes) assert.deepEqual(node.mismatches(), []);
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
