import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { descriptorImage } from '../../gen/image.js';
import { BaseApp } from '../baseapp/app.js';
import { changeConsensusParams, consensusParams, consensusStore } from '../baseapp/consensus-params.js';
import type { Module } from '../baseapp/module.js';
import { createRegistry } from '../codec/registry.js';
import { silentLogger } from '../log.js';
import { openStore } from '../store/index.js';
import { genesisOf, openEngine } from './testing/open.js';
import type { GenesisDoc } from './genesis-doc.js';

/** Halves the block at height 3, as a decision of governance would. */
const changer: Module = {
  name: 'changer',
  stores: [],
  register() {},
  defaultGenesis: () => ({}),
  validateGenesis() {},
  initGenesis() {},
  exportGenesis: () => ({}),
  endBlock(ctx) {
    if (ctx.block.height === 3n) changeConsensusParams(ctx, { block: { maxBytes: 10_000_000n, maxGas: 7_000_000n } });
  },
};
const genesis: GenesisDoc = { ...genesisOf(), app_state: { changer: {} } };

async function open(directory: string) {
  const store = await openStore({
    path: join(directory, 'state'),
    mounts: [{ name: consensusStore, kind: 'committed' }],
  });
  const app = new BaseApp({
    name: 'params',
    version: '1',
    chainId: genesis.chain_id,
    store,
    registry: createRegistry(descriptorImage),
    modules: { all: [changer], begin: [], end: [changer] },
    ante: () => {},
    logger: silentLogger,
  } as ConstructorParameters<typeof BaseApp>[0]);
  const engine = await openEngine(app, { genesis, path: join(directory, 'blocks') });
  return {
    app,
    engine,
    close: async () => {
      await engine.stop();
      await store.close();
    },
  };
}

test('consensus parameters that a block changes hold for the next one, in engine and application, also after a restart', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'plimsoll-params-'));
  try {
    const first = await open(directory);
    for (let height = 1n; height <= 4n; height++) {
      const { results } = await first.engine.produceBlock();
      assert.equal(results.consensusParamUpdates !== undefined, height === 3n, `height ${height}`);
      const expected = height < 3n ? 22_020_096n : 10_000_000n;
      assert.equal(first.engine.consensusParams.block!.maxBytes, expected);
      assert.equal(consensusParams(first.app.queryContext())!.block!.maxBytes, expected);
    }
    await first.close();
    const again = await open(directory);
    assert.deepEqual(again.engine.consensusParams.block, { maxBytes: 10_000_000n, maxGas: 7_000_000n });
    assert.equal(again.engine.consensusParams.abci!.voteExtensionsEnableHeight, 2n);
    await again.engine.produceBlock();
    await again.close();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
