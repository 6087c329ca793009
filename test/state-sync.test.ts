import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ResponseApplySnapshotChunk_Result, ResponseOfferSnapshot_Result } from 'cosmjs-types/tendermint/abci/types';
import { createApp, type PlimsollApp } from '../app/app.js';
import { mounts } from '../app/mounts.js';
import type { SigningKey } from '../cmd/plimsolld/keyring/keyring.js';
import { MsgDeposit, MsgPlaceOrder } from '../gen/plimsoll/perps/v1/tx.js';
import { OrderType, Side, TimeInForce } from '../gen/plimsoll/perps/v1/types.js';
import { SnapshotConnection } from '../runtime/baseapp/snapshots.js';
import type { TxMessage } from '../runtime/codec/tx.js';
import { BlockStore } from '../runtime/engine/block-store.js';
import { silentLogger } from '../runtime/log.js';
import { openStore, type MultiStore } from '../runtime/store/index.js';
import { SnapshotLibrary, SnapshotManager } from '../runtime/store/statesync/index.js';
import { audit } from '../x/perps/block/identities.js';
import { chainId, SetPrices, testChain, type TestChain } from './support/chain.js';

const typeName = (name: string): string => `plimsoll.perps.v1.${name}`;
const deposit = (owner: string): TxMessage => ({
  typeName: typeName('MsgDeposit'),
  bytes: MsgDeposit.encode({
    owner,
    subaccountNumber: 0,
    amount: { denom: 'uusdc', amount: '50000000000' },
  }).finish(),
});
const order = (owner: string, side: Side, clientId: bigint): TxMessage => ({
  typeName: typeName('MsgPlaceOrder'),
  bytes: MsgPlaceOrder.encode(
    MsgPlaceOrder.fromPartial({
      owner,
      subaccountNumber: 0,
      marketId: 1,
      clientId,
      side,
      type: OrderType.ORDER_TYPE_LIMIT,
      quantity: 50_000_000n,
      price: 60_000_000_000n,
      timeInForce: TimeInForce.TIME_IN_FORCE_GTC,
    }),
  ).finish(),
});

/** A block in which two accounts trade with each other at a price that moves. */
async function trade(chain: TestChain, round: number): Promise<void> {
  chain.prices.set({ 'BTC-USD': `${60_000 + 10 * round}`, 'ETH-USD': '3000' });
  const [alice, bob] = chain.keys as [SigningKey, SigningKey];
  const sides = [Side.SIDE_BUY, Side.SIDE_SELL];
  const { results } = await chain.block(
    [alice, bob].map((key, index) => chain.sign(key, [order(key.address, sides[index]!, BigInt(round))])),
  );
  for (const { code, log } of results.txResults) assert.equal(code, 0, log);
}

const appOver = (store: MultiStore, snapshots: SnapshotConnection): PlimsollApp =>
  createApp({ store, chainId, prices: new SetPrices({}), logger: silentLogger, snapshots });

test('a node that was never there is restored from a snapshot and goes on with the same hashes', async () => {
  const path = mkdtempSync(join(tmpdir(), 'plimsoll-statesync-'));
  try {
    const [old, fresh] = [join(path, 'old'), join(path, 'fresh')];
    let chain = await testChain({ path: old });
    for (let height = 0; height < 4; height++) await chain.block();
    await chain.block(chain.keys.slice(0, 2).map((key) => chain.sign(key, [deposit(key.address)])));
    for (let round = 1; round <= 5; round++) await trade(chain, round);
    await chain.close();

    // The old node makes a snapshot of height 7 and serves it.
    const source = await openStore({ path: join(old, 'state'), mounts });
    const library = await SnapshotLibrary.open(join(old, 'snapshots'));
    const manager = new SnapshotManager(source, library, { interval: 7, keepRecent: 1 }, silentLogger);
    const server = appOver(source, new SnapshotConnection(source, manager, silentLogger)).app;
    manager.committed(7n);
    await manager.settled();
    const { snapshots } = await server.listSnapshots();
    const hashOf7 = source.pin(7n).stores.map(({ hash }) => hash);

    // The new node trusts a header, and takes the rest from anybody.
    const target = await openStore({ path: join(fresh, 'state'), mounts });
    const { app } = appOver(target, new SnapshotConnection(target, undefined, silentLogger));
    const appHash = await appHashAfter(join(old, 'blocks'), 7);
    const offer = await app.offerSnapshot({ snapshot: snapshots[0], appHash });
    assert.equal(offer.result, ResponseOfferSnapshot_Result.ACCEPT);
    for (let chunk = 0; chunk < snapshots[0]!.chunks; chunk++) {
      const loaded = await server.loadSnapshotChunk({ height: 7n, format: 1, chunk });
      const answer = await app.applySnapshotChunk({ index: chunk, chunk: loaded.chunk, sender: 'old' });
      assert.equal(answer.result, ResponseApplySnapshotChunk_Result.ACCEPT);
    }
    const info = await app.info();
    assert.deepEqual([info.lastBlockHeight, Buffer.from(info.lastBlockAppHash)], [7n, Buffer.from(appHash)]);
    assert.deepEqual(
      target.pin(7n).stores.map(({ hash }) => hash),
      hashOf7,
    );
    await assert.rejects(async () => app.queryContext(6n), /height 6 is pruned: the oldest kept is 7/);
    await target.close();
    await manager.close();
    await source.close();

    // Both go on: the new one executes blocks 8 to 10 first and must meet the hashes that the old one stored.
    cpSync(join(old, 'blocks'), join(fresh, 'blocks'), { recursive: true });
    const hashes: string[][] = [];
    for (const home of [old, fresh]) {
      chain = await testChain({ path: home });
      assert.equal(chain.engine.height, 10n);
      for (let round = 6; round <= 8; round++) await trade(chain, round);
      const ctx = chain.plimsoll.app.queryContext();
      assert.deepEqual(audit(ctx, chain.plimsoll.perpsDeps).violations, []);
      const { commit } = (await chain.engine.block(chain.engine.height))!;
      hashes.push([chain.engine.appHash, commit.blockId.hash].map((hash) => Buffer.from(hash).toString('hex')));
      await chain.close();
    }
    assert.deepEqual(hashes[1], hashes[0]);
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
});

/** The application hash after a height, as the next header carries it. */
async function appHashAfter(path: string, height: number): Promise<Uint8Array> {
  const blocks = await BlockStore.open(path);
  try {
    return (await blocks.block(height + 1))!.block.header.appHash;
  } finally {
    await blocks.close();
  }
}
