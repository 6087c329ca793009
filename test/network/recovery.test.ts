import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { comet, needsComet } from './support/comet-program.js';
import { Network, type NetworkNode } from './support/network.js';

const run = promisify(execFile);

/** Blocks as they were before something happened to the node. */
type Blocks = Awaited<ReturnType<Network['agreed']>>;

describe(
  'after any interruption CometBFT and the application agree again',
  { concurrency: false, ...needsComet },
  () => {
    let network: Network;
    let node: NetworkNode;
    before(async () => {
      network = await Network.create({ validators: 1, timeoutCommit: '50ms' });
      node = network.nodes[0]!;
      await node.start();
      await node.reach(8);
    });
    after(() => network.remove());

    /** Runs on past what was there, and all of that is as it was. */
    async function goesOn(from: number, known: Blocks = []): Promise<void> {
      await node.reach(from + 3);
      const now = await network.agreed(1, from);
      assert.deepEqual(now.slice(0, known.length), known);
      assert.deepEqual(node.mismatches(), []);
    }

    async function stopAt(): Promise<{ height: number; blocks: Blocks }> {
      const height = await node.height();
      const blocks = await network.agreed(1, height);
      await node.end('SIGTERM');
      return { height, blocks };
    }

    test('the engine killed alone: the application serves the next one', async () => {
      const height = await node.height();
      await node.comet.end('SIGKILL');
      node.comet.start();
      await goesOn(height + 1);
    });

    test('the application stopped alone: no block without it; both started again go on', async () => {
      const height = await node.height();
      await node.app.end('SIGTERM');
      assert.equal(node.app.exitCode, 0);
      await node.engineGone();
      await node.start();
      await goesOn(height + 1);
    });

    test('the state deleted: all blocks are executed again to the same hashes', async () => {
      const { height, blocks } = await stopAt();
      rmSync(join(node.home, 'data', 'state'), { recursive: true });
      await node.start();
      await goesOn(height, blocks);
    });

    test('the state rolled back: the blocks since then are executed again', async () => {
      const { height, blocks } = await stopAt();
      await run(process.execPath, [
        ...['--import', 'tsx', 'cmd/plimsolld/main.ts', 'rollback', '--home', node.home, '--to', String(height - 5)],
      ]);
      await node.start();
      await goesOn(height, blocks);
    });

    test('engine and state rolled back by one block: it is executed again', async () => {
      const { height, blocks } = await stopAt();
      await run(comet!, ['rollback', '--home', node.home]);
      await run(process.execPath, ['--import', 'tsx', 'cmd/plimsolld/main.ts', 'rollback', '--home', node.home]);
      await node.start();
      await goesOn(height, blocks);
    });

    // Last: the only validator has signed the height that its engine forgot, and will not sign it again.
    test('the application ahead of the engine: refused with both heights named, and the application is unharmed', async () => {
      await stopAt();
      await run(comet!, ['rollback', '--hard', '--home', node.home]);
      await node.start();
      await node.engineGone();
      assert.match(node.comet.output(), /app block height \(\d+\) is higher than core/);
      assert.ok(node.app.isRunning);
    });
  },
);
