import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { needsComet } from './support/comet-program.js';
import { Network } from './support/network.js';

/** Ways in which the malicious node tampers. */
const attackCount = 14;

describe('a proposer that tampers with the price votes', { concurrency: false, ...needsComet }, () => {
  let network: Network | undefined;
  after(() => network?.remove());

  test('is rejected by the others in each of its ways, and the chain goes on', async () => {
    network = await Network.create({
      validators: 4,
      scripts: { 3: ['test/network/support/malicious-node.ts'] },
      timeoutCommit: '50ms',
    });
    await network.start();
    const [malicious, honest] = [network.nodes[3]!, network.nodes.slice(0, 3)];
    const tried = (): { name: string; height: number }[] =>
      [...malicious.app.output().matchAll(/^ATTACK (\w+) (\d+)$/gm)].map(([, name, height]) => ({
        name: name!,
        height: Number(height),
      }));
    const until = Date.now() + 300_000;
    while (new Set(tried().map(({ name }) => name)).size < attackCount) {
      assert.ok(Date.now() < until, `only ${tried().length} attacks in two minutes`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    const attacks = tried();
    const last = attacks.at(-1)!.height;
    await Promise.all(honest.map((node) => node.reach(last + 3)));
    const blocks = await network.agreed(1, last + 1, honest);
    const { address } = JSON.parse(readFileSync(join(malicious.home, 'config', 'priv_validator_key.json'), 'utf8')) as {
      address: string;
    };
    for (const { name, height } of attacks) {
      const block = blocks.find((each) => each.height === BigInt(height))!;
      assert.notEqual(block.proposer, address, `the ${name} proposal of height ${height} was decided`);
      for (const node of honest) {
        assert.match(
          node.app.output(),
          new RegExp(`proposal rejected  height=${height} reason=`),
          `${node.home} did not reject ${name} at ${height}`,
        );
      }
    }
    assert.deepEqual(
      honest.flatMap((node) => node.mismatches()),
      [],
    );
  });
});
