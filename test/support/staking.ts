import { createApp, type PlimsollApp } from '../../app/app.js';
import { addBalance, collectGenTxs, type AppState } from '../../app/genesis.js';
import { mounts } from '../../app/mounts.js';
import { demoAccounts } from '../../cmd/plimsolld/devnet/demo.js';
import { keyFromMnemonic, type SigningKey } from '../../cmd/plimsolld/keyring/keyring.js';
import { buildAppState, stakedGenesisDoc } from '../../cmd/plimsolld/node/init.js';
import { makeGenTx } from '../../cmd/plimsolld/tx/gentx.js';
import { signDirect, type UnsignedTx } from '../../cmd/plimsolld/tx/sign.js';
import { descriptorImage } from '../../gen/image.js';
import { createRegistry } from '../../runtime/codec/registry.js';
import type { TxMessage } from '../../runtime/codec/tx.js';
import { fromBech32, operatorPrefix, toBech32 } from '../../runtime/crypto/address.js';
import { VirtualClock } from '../../runtime/engine/clock.js';
import { ConsensusKey } from '../../runtime/engine/consensus-key.js';
import { EmbeddedEngine, type ProducedBlock } from '../../runtime/engine/engine.js';
import type { GenesisDoc } from '../../runtime/engine/genesis-doc.js';
import { openStore } from '../../runtime/store/index.js';
import { StaticPriceSource } from '../../x/oracle/sources/static.js';
import { strictLogger } from './chain.js';

export const stakingChainId = 'plimsoll-stake-1';
const genesisTime = '2026-01-01T00:00:00Z';
export const plim = 1_000_000n;
/** What each demo account has at genesis. */
export const purse = 10_000_000n * plim;

export const registry = createRegistry(descriptorImage);
export const keys: readonly SigningKey[] = demoAccounts.map(({ mnemonic }) => keyFromMnemonic(mnemonic));
export const operatorOf = (key: SigningKey): string => toBech32(fromBech32(key.address), operatorPrefix);
export const consensusKeys = [1, 2, 3, 4].map((fill) => ConsensusKey.fromSeed(Buffer.alloc(32, fill)));

/** Alice's validator, and as many more as `stakes` has entries, in whole PLIM. */
export async function stakedState(
  stakes: readonly bigint[],
  change: (state: AppState) => void = () => {},
): Promise<AppState> {
  return buildAppState([], (state) => {
    for (const { address } of keys) {
      addBalance(state, address, 'uplim', purse);
      addBalance(state, address, 'uusdc', purse);
    }
    const genTxs = stakes.map((stake, index) =>
      makeGenTx(
        registry,
        stakingChainId,
        keys[index]!,
        consensusKeys[index]!.publicKey,
        { denom: 'uplim', amount: (stake * plim).toString() },
        { moniker: demoAccounts[index]!.name },
      ),
    );
    collectGenTxs(state, genTxs);
    change(state);
  });
}

export interface StakingChain {
  readonly plimsoll: PlimsollApp;
  readonly engine: EmbeddedEngine;
  sign(key: SigningKey, messages: readonly TxMessage[], changes?: Partial<UnsignedTx>): Uint8Array;
  /** A block, so many milliseconds after the one before. All transactions must succeed. */
  block(txs?: readonly Uint8Array[], afterMs?: bigint): Promise<ProducedBlock>;
  close(): Promise<void>;
}

/** The whole application, after its first block, on the embedded engine, which votes with the first consensus key. */
export async function stakingChain(
  state: AppState,
  path?: string,
  doc: GenesisDoc = stakedGenesisDoc(stakingChainId, genesisTime, state),
): Promise<StakingChain> {
  const store = await openStore({ path: path === undefined ? undefined : `${path}/state`, mounts, sync: false });
  const prices = new StaticPriceSource({});
  const plimsoll = createApp({ store, chainId: stakingChainId, prices, logger: strictLogger });
  const clock = new VirtualClock(BigInt(Date.parse(genesisTime)));
  const engine = await EmbeddedEngine.open({
    app: plimsoll.app,
    genesis: doc,
    validator: consensusKeys[0]!,
    clock,
    path: path === undefined ? undefined : `${path}/blocks`,
    logger: strictLogger,
  });
  clock.set(engine.timeMs + 1_000n);
  // Accounts are there to sign for from the first block on.
  if (engine.height === 0n) await engine.produceBlock();
  const pending = new Map<string, bigint>();
  return {
    plimsoll,
    engine,
    sign(key, messages, changes = {}) {
      const account = plimsoll.keepers.auth.account(plimsoll.app.queryContext(), fromBech32(key.address))!;
      const sequence = pending.get(key.address) ?? account.sequence;
      pending.set(key.address, sequence + 1n);
      const tx = { messages, fee: [], gasLimit: 1_000_000n, ...changes };
      return signDirect(tx, key, { chainId: stakingChainId, accountNumber: account.number, sequence });
    },
    async block(txs = [], afterMs = 1_000n) {
      for (const tx of txs) {
        const { code, log } = await engine.broadcastTx(tx);
        if (code !== 0) throw new Error(`refused by CheckTx: ${log}`);
      }
      pending.clear();
      clock.set(clock.nowMs() + afterMs);
      const produced = await engine.produceBlock();
      for (const { code, log } of produced.results.txResults) if (code !== 0) throw new Error(log);
      return produced;
    },
    async close() {
      await engine.stop();
      await store.close();
    },
  };
}

/** A message from its proto JSON. */
export function message(typeName: string, json: Record<string, unknown>): TxMessage {
  return { typeName, bytes: registry.fromJson(typeName, json as never) };
}

export const delegateMessage = (key: SigningKey, to: SigningKey, amount: bigint): TxMessage =>
  message('cosmos.staking.v1beta1.MsgDelegate', {
    delegator_address: key.address,
    validator_address: operatorOf(to),
    amount: { denom: 'uplim', amount: amount.toString() },
  });

export const undelegateMessage = (key: SigningKey, from: SigningKey, amount: bigint): TxMessage =>
  message('cosmos.staking.v1beta1.MsgUndelegate', {
    delegator_address: key.address,
    validator_address: operatorOf(from),
    amount: { denom: 'uplim', amount: amount.toString() },
  });

export const createMessage = (key: SigningKey, consensus: ConsensusKey, amount: bigint): TxMessage =>
  message('cosmos.staking.v1beta1.MsgCreateValidator', {
    description: { moniker: 'new' },
    commission: { rate: '0.1', max_rate: '0.2', max_change_rate: '0.01' },
    min_self_delegation: '1',
    validator_address: operatorOf(key),
    pubkey: {
      '@type': '/cosmos.crypto.ed25519.PubKey',
      key: Buffer.from(consensus.publicKey).toString('base64'),
    },
    value: { denom: 'uplim', amount: amount.toString() },
  });
