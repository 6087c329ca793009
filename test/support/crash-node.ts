import { createApp } from '../../app/app.js';
import { addBalance } from '../../app/genesis.js';
import { mounts } from '../../app/mounts.js';
import { demoAccounts, demoMarkets } from '../../cmd/plimsolld/devnet/demo.js';
import { keyFromMnemonic } from '../../cmd/plimsolld/keyring/keyring.js';
import { buildAppState, genesisDoc } from '../../cmd/plimsolld/node/init.js';
import { signDirect } from '../../cmd/plimsolld/tx/sign.js';
import { MsgDeposit } from '../../gen/plimsoll/perps/v1/tx.js';
import { SnapshotConnection } from '../../runtime/baseapp/snapshots.js';
import { fromBech32 } from '../../runtime/crypto/address.js';
import { VirtualClock } from '../../runtime/engine/clock.js';
import { ConsensusKey } from '../../runtime/engine/consensus-key.js';
import { EmbeddedEngine } from '../../runtime/engine/engine.js';
import { silentLogger } from '../../runtime/log.js';
import { openStore } from '../../runtime/store/index.js';
import { SnapshotLibrary, SnapshotManager } from '../../runtime/store/statesync/index.js';
import { armKill } from '../../runtime/store/testing/kill.js';
import { chainId, SetPrices } from './chain.js';

// Run as `crash-node.ts DIRECTORY HEIGHT`: the whole node, on disk, up to a height. The same blocks
// whatever interrupts it; each holds one deposit.
const [, , directory, target] = process.argv;
const genesisTime = '2026-01-01T00:00:00Z';
const genesisMs = BigInt(Date.parse(genesisTime));

const keys = demoAccounts.map(({ mnemonic }) => keyFromMnemonic(mnemonic));
const state = await buildAppState(demoMarkets(1_000_000_000_000n), (changed) => {
  for (const { address } of keys) addBalance(changed, address, 'uusdc', 10_000_000_000_000n);
});
const validator = ConsensusKey.fromSeed(Buffer.alloc(32, 7));
const doc = genesisDoc(chainId, genesisTime, validator, state);
const { evidence } = doc.consensus_params;
const genesis = {
  ...doc,
  consensus_params: { ...doc.consensus_params, evidence: { ...evidence, max_age_num_blocks: '6' } },
};

const store = await openStore({ path: `${directory}/state`, mounts, keepVersions: 3, snapshotInterval: 4 });
const library = await SnapshotLibrary.open(`${directory}/snapshots`);
const stateSync = { interval: 3, keepRecent: 1 };
const manager = new SnapshotManager(store, library, stateSync, silentLogger);
const prices = new SetPrices({ 'BTC-USD': '60000', 'ETH-USD': '3000' });
const { app, keepers } = createApp({
  store,
  chainId,
  prices,
  logger: silentLogger,
  snapshots: new SnapshotConnection(store, manager, silentLogger),
  retention: { minRetainBlocks: 5, keepVersions: 3, snapshotInterval: 3, snapshotKeepRecent: 1 },
});
// Armed before the engine opens: replaying what was missed can be killed too.
armKill();
const clock = new VirtualClock(genesisMs);
const path = `${directory}/blocks`;
const engine = await EmbeddedEngine.open({ app, genesis, validator, clock, path, logger: silentLogger });
const say = (): void => console.log(`${engine.height} ${Buffer.from(engine.appHash).toString('hex')}`);
say();
while (engine.height < BigInt(target!)) {
  const height = engine.height + 1n;
  clock.set(genesisMs + (height + 1n) * 1_000n);
  prices.set({ 'BTC-USD': `${60_000n + height}`, 'ETH-USD': '3000' });
  const key = keys[Number(height % 4n)]!;
  const account = keepers.auth.account(app.queryContext(), fromBech32(key.address));
  if (account !== undefined) {
    const bytes = MsgDeposit.encode({
      owner: key.address,
      subaccountNumber: 0,
      amount: { denom: 'uusdc', amount: `${1_000_000n * height}` },
    }).finish();
    const messages = [{ typeName: 'plimsoll.perps.v1.MsgDeposit', bytes }];
    const tx = { messages, fee: [], gasLimit: 5_000_000n, memo: 'm'.repeat(250) };
    const signed = signDirect(tx, key, { chainId, accountNumber: account.number, sequence: account.sequence });
    const { code, log } = await engine.broadcastTx(signed);
    if (code !== 0) throw new Error(log);
  }
  await engine.produceBlock();
  // A snapshot that is still running would leave the next one out.
  await manager.settled();
  say();
}
const { commit } = (await engine.block(engine.height))!;
console.log(`end ${engine.earliestHeight} ${Buffer.from(commit.blockId.hash).toString('hex')}`);
await engine.stop();
for (const { height, hash } of library.list()) console.log(`snapshot ${height} ${Buffer.from(hash).toString('hex')}`);
await manager.close();
await store.close();
