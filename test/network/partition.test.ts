import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { comet, needsComet } from './support/comet-program.js';
import { Namespaces, namespacesAllowed } from './support/namespaces.js';
import { Network } from './support/network.js';

const needsNamespaces =
  comet === undefined ? needsComet : namespacesAllowed ? {} : { skip: 'network namespaces are not allowed here' };
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('four hosts', { concurrency: false, ...needsNamespaces }, () => {
  let network: Network | undefined;
  let hosts: Namespaces | undefined;
  after(async () => {
    await network?.remove();
    hosts?.remove();
  });

  test('cut off from each other go on where more than two thirds are together, wait where not, and agree when healed', async () => {
    hosts = Namespaces.create(4);
    network = await Network.create({ validators: 4, timeoutCommit: '100ms', hosts });
    await network.start();
    await network.reach(3);
    const [, , , fourth] = network.nodes;
    const majority = network.nodes.slice(0, 3);

    hosts.partition([0, 1, 2], [3]);
    const alone = await fourth!.height();
    await Promise.all(majority.map((node) => node.reach(alone + 10)));
    assert.ok((await fourth!.height()) <= alone + 1, 'a validator alone decided blocks');
    hosts.heal();
    await fourth!.reach(alone + 12);

    hosts.partition([0, 1], [2, 3]);
    await wait(500);
    const split = await network.tip();
    await wait(4_000);
    assert.ok((await network.tip()) <= split + 1, 'half of the power decided blocks');
    hosts.heal();
    await network.reach(split + 5);
    await network.agreed(1, split + 4);
    assert.deepEqual(
      network.nodes.flatMap((node) => node.mismatches()),
      [],
    );
  });
});

describe('four validators far apart', { concurrency: false, ...needsComet }, () => {
  let network: Network | undefined;
  after(() => network?.remove());

  test('with 150 ms on every way between them still agree on blocks and prices', async () => {
    network = await Network.create({ validators: 4, timeoutCommit: '100ms', delayMs: 150 });
    await network.start();
    await network.reach(8, 240_000);
    await network.agreed(1, 7);
    assert.deepEqual(
      network.nodes.flatMap((node) => node.mismatches()),
      [],
    );
  });
});
