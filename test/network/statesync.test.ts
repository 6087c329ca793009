import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { needsComet } from './support/comet-program.js';
import { Network } from './support/network.js';

/** Heights between two snapshots. */
const interval = 5;

test(
  'a validator that was never there gets the state from its peers through CometBFT, and goes on with them',
  needsComet,
  async () => {
    const network = await Network.create({ validators: 4, timeoutCommit: '300ms' });
    try {
      const [first, second, third, late] = network.nodes as [...typeof network.nodes] & { length: 4 };
      const present = [first!, second!, third!];
      for (const { home } of present) {
        const path = join(home, 'config', 'app.toml');
        const text = readFileSync(path, 'utf8');
        assert.match(text, /^snapshot-interval = 0$/m);
        assert.match(text, /^snapshot-keep-recent = \d+$/m);
        // Blocks are fast here: what peers offered must still be there when it is asked for.
        const often = text.replace(/^snapshot-interval = 0$/m, `snapshot-interval = ${interval}`);
        writeFileSync(path, often.replace(/^snapshot-keep-recent = \d+$/m, 'snapshot-keep-recent = 1000'));
      }
      await Promise.all(present.map((node) => node.start()));
      await first!.reach(interval * 3 + 2, 300_000);
      const { hash } = (await first!.header(2))!;
      appendFileSync(
        join(late!.home, 'config', 'config.toml'),
        `
[statesync]
enable = true
rpc_servers = "${first!.rpc},${second!.rpc}"
trust_height = 2
trust_hash = "${hash}"
trust_period = "168h0m0s"
discovery_time = "5s"
chunk_request_timeout = "10s"
`,
      );
      await late!.start();
      await late!.reach((await network.tip()) + 3, 300_000);
      const restored = /snapshot restored.*?height"?[=:]"?(\d+)/.exec(late!.app.output());
      assert.ok(restored !== null, late!.app.tail());
      const height = Number(restored[1]);
      assert.equal(height % interval, 0);
      const status = await late!.ask<{ sync_info: Record<string, string> }>('status');
      assert.ok(
        Number(status!.sync_info['earliest_block_height']) > interval,
        'it has no blocks from before the snapshot',
      );
      await network.agreed(height + 1, (await late!.height()) - 1);
      for (const node of network.nodes) assert.deepEqual(node.mismatches(), []);
    } finally {
      await network.remove();
    }
  },
);
