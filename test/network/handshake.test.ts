import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { needsComet } from './support/comet-program.js';
import { Network, type NetworkNode } from './support/network.js';

const crashing = 'test/network/support/crashing-node.ts';
/** Blocks from one death to the next. */
const life = 6;

/** Each start leads to the next death: the application kills itself at this moment of that height. */
const deaths: readonly (readonly [method: string, moment: string, height: number])[] = [
  ['initChain', 'after', 0],
  ['commit', 'before', 1],
  ['prepareProposal', 'after', 1 + life],
  ['processProposal', 'after', 1 + 2 * life],
  ['extendVote', 'after', 1 + 3 * life],
  ['finalizeBlock', 'before', 1 + 4 * life],
  ['finalizeBlock', 'after', 1 + 5 * life],
  ['commit', 'before', 1 + 6 * life],
  ['commit', 'after', 1 + 7 * life],
];

describe('an application killed', { concurrency: false, ...needsComet }, () => {
  let network: Network;
  let node: NetworkNode;
  /** Blocks as they were before the last death. */
  let known: Awaited<ReturnType<Network['agreed']>> = [];
  before(async () => {
    network = await Network.create({ validators: 1, timeoutCommit: '200ms' });
    node = network.nodes[0]!;
  });
  after(() => network.remove());

  async function goesOn(height: number): Promise<void> {
    await node.reach(height);
    const now = await network.agreed(1, height);
    assert.deepEqual(now.slice(0, known.length), known);
    assert.deepEqual(node.mismatches(), []);
    known = now;
  }

  for (const [index, [method, moment, height]] of deaths.entries()) {
    test(`${moment} ${method} of height ${height}: both start again and go on`, async () => {
      await node.start([crashing, method, String(height), moment]);
      const before = deaths[index - 1]?.[2] ?? 0;
      // What the last death interrupted is there, and blocks after it.
      if (height > before + 2) await goesOn(before + 2);
      await node.app.ended(180_000);
      await node.engineGone();
    });
  }

  test('runs on when nobody kills it', async () => {
    await node.start();
    await goesOn(deaths.at(-1)![2] + 3);
  });
});
