import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { silentLogger } from '../../../runtime/log.js';
import { loadAppConfig, loadNodeConfig } from '../config.js';
import { demoMarkets } from '../devnet/demo.js';
import { buildAppState, genesisDoc, writeHome } from './init.js';
import { startNode } from './node.js';

async function node(t: TestContext, telemetry: object) {
  const home = mkdtempSync(join(tmpdir(), 'plimsoll-telemetry-'));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const state = await buildAppState(demoMarkets(1_000_000_000_000n), () => {});
  writeHome(home, (validator) => genesisDoc('metrics-1', '2024-01-01T00:00:00Z', validator, state), {
    app: { prices: { static: { 'BTC-USD': '60000', 'ETH-USD': '3000' } }, telemetry },
  });
  const overrides = {
    'rpc.laddr': { flag: '--rpc', text: '127.0.0.1:0' },
    'grpc.address': { flag: '--grpc', text: '127.0.0.1:0' },
    'consensus.block_interval_ms': { flag: '--block-interval', text: '50' },
  };
  const running = await startNode({
    home,
    node: loadNodeConfig(home, overrides),
    app: loadAppConfig(home, overrides),
    logger: silentLogger,
    onFatal: (error) => assert.fail(error),
  });
  t.after(() => running.stop());
  const deadline = Date.now() + 20_000;
  while (running.engine.height < 5n && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
  return running;
}

test('a node serves what it does with blocks, and the public figures of each market', async (t) => {
  const running = await node(t, { enabled: true, address: '127.0.0.1:0' });
  const url = `http://${running.metricsAddress}`;
  const text = await (await fetch(`${url}/metrics`)).text();
  const value = (line: string): number => {
    const found = text.split('\n').find((each) => each.startsWith(`${line} `));
    assert.ok(found !== undefined, `no ${line}`);
    return Number(found.slice(line.length + 1));
  };
  assert.ok(value('plimsoll_height') >= 5);
  assert.ok(value('plimsoll_block_seconds_count{step="execute"}') >= 5);
  assert.ok(value('plimsoll_block_interval_seconds') > 0);
  assert.equal(value('plimsoll_perps_maintenance_rate{market="BTC-USD"}'), 0.025);
  assert.equal(value('plimsoll_perps_tranche_usdc{market="BTC-USD"}'), 1_000_000);
  assert.equal(value('plimsoll_perps_open_interest_cap_usdc{market="ETH-USD"}'), 100_000_000);
  assert.equal((await fetch(`${url}/else`)).status, 404);
});

test('a node serves no metrics unless it is told to', async (t) => {
  assert.equal((await node(t, {})).metricsAddress, undefined);
});
