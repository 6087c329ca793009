import { createApp, type PlimsollApp } from '../../app/app.js';
import { addBalance, type AppState } from '../../app/genesis.js';
import { mounts } from '../../app/mounts.js';
import { genesisDoc, buildAppState, type GenesisMarket } from '../../cmd/plimsolld/node/init.js';
import { keyFromMnemonic, type SigningKey } from '../../cmd/plimsolld/keyring/keyring.js';
import { signDirect, type UnsignedTx } from '../../cmd/plimsolld/tx/sign.js';
import { demoAccounts, demoMarkets } from '../../cmd/plimsolld/devnet/demo.js';
import type { Application } from '../../runtime/abci/application.js';
import { VirtualClock } from '../../runtime/engine/clock.js';
import { ConsensusKey } from '../../runtime/engine/consensus-key.js';
import { EmbeddedEngine, type ProducedBlock } from '../../runtime/engine/engine.js';
import { fromBech32 } from '../../runtime/crypto/address.js';
import type { TxMessage } from '../../runtime/codec/tx.js';
import type { Logger } from '../../runtime/log.js';
import { openStore } from '../../runtime/store/index.js';
import type { EpochOptions } from '../../x/solvency/epochs.js';
import type { PriceSource, QuotedPrice } from '../../x/oracle/price-source.js';
import { Shadow } from './shadow.js';

export const chainId = 'plimsoll-test-1';
const genesisTime = '2026-01-01T00:00:00Z';

/** Prices that a test sets. */
export class SetPrices implements PriceSource {
  #prices: readonly QuotedPrice[];
  constructor(prices: Readonly<Record<string, string>>) {
    this.#prices = [];
    this.set(prices);
  }
  set(prices: Readonly<Record<string, string>>): void {
    this.#prices = Object.entries(prices).map(([symbol, price]) => ({ symbol, price }));
  }
  prices(): readonly QuotedPrice[] {
    return this.#prices;
  }
}

/** Complains loudly: a test that logs an error has found one. */
export const strictLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error(fields, message) {
    throw new Error(`${message} ${JSON.stringify(fields)}`);
  },
};

/** Lets prices gap by any amount in one block. */
function removeClamps(state: AppState): void {
  const { pairs } = state['oracle'] as { readonly pairs: { clamp_floor_ppm: number }[] };
  for (const pair of pairs) pair.clamp_floor_ppm = 0;
}

/** Lets the market go on whatever prices do and however long blocks take. */
function removeBreakers(state: AppState): void {
  delete (state['perps'] as { readonly params: { breakers?: unknown } }).params.breakers;
}

export interface TestChain {
  readonly plimsoll: PlimsollApp;
  /** The application, and the one that watches it if there is one. */
  readonly apps: readonly PlimsollApp[];
  readonly engine: EmbeddedEngine;
  readonly prices: SetPrices;
  readonly keys: readonly SigningKey[];
  /** Signs with the account's next sequence, also after others in the same block. */
  sign(
    key: SigningKey,
    messages: readonly TxMessage[],
    changes?: Partial<UnsignedTx & { sequence: bigint; chainId: string }>,
  ): Uint8Array;
  /** Produces a block with these transactions, one second later unless said otherwise. */
  block(txs?: readonly Uint8Array[], afterMs?: bigint): Promise<ProducedBlock>;
  close(): Promise<void>;
}

export interface TestChainOptions {
  readonly path?: string;
  readonly markets?: readonly GenesisMarket[];
  readonly change?: (state: AppState) => void;
  readonly prices?: SetPrices;
  /** Holds prices back as classes do; by default a price may gap by any amount in one block. */
  readonly clamp?: boolean;
  /** Runs circuit breakers as a new chain does; without them markets only know stale prices and governance. */
  readonly breakers?: boolean;
  readonly logger?: Logger;
  readonly proofs?: EpochOptions;
  /** False: no second application watches that derived indexes change nothing. Half the time. */
  readonly shadow?: boolean;
  /** What the engine calls instead of the application itself: a server in front of it, for example. */
  readonly behind?: (app: Application) => Promise<Application>;
}

/** The real application on the real engine in virtual time, with the demo accounts funded and prices set by the test. */
export async function testChain(options: TestChainOptions = {}): Promise<TestChain> {
  const prices = options.prices ?? new SetPrices({ 'BTC-USD': '60000', 'ETH-USD': '3000' });
  const keys = demoAccounts.map(({ mnemonic }) => keyFromMnemonic(mnemonic));
  const state = await buildAppState(options.markets ?? demoMarkets(1_000_000_000_000n), (changed) => {
    for (const { address } of keys) addBalance(changed, address, 'uusdc', 10_000_000_000_000n);
    if (options.clamp !== true) removeClamps(changed);
    if (options.breakers !== true) removeBreakers(changed);
    options.change?.(changed);
  });
  const validator = ConsensusKey.fromSeed(Buffer.alloc(32, 7));
  const store = await openStore({
    path: options.path === undefined ? undefined : `${options.path}/state`,
    mounts,
    sync: false,
  });
  const plimsoll = createApp({
    store,
    chainId,
    prices,
    logger: options.logger ?? strictLogger,
    ...(options.proofs === undefined ? {} : { proofs: options.proofs }),
  });
  const behind = options.behind === undefined ? plimsoll.app : await options.behind(plimsoll.app);
  // A chain on disk may begin in the middle, where a shadow was not.
  const watched = options.path === undefined && options.shadow !== false;
  const shadow = watched ? await Shadow.open(chainId, options.logger ?? strictLogger) : undefined;
  const clock = new VirtualClock(BigInt(Date.parse(genesisTime)));
  const engine = await EmbeddedEngine.open({
    app: shadow?.behind(behind) ?? behind,
    genesis: genesisDoc(chainId, genesisTime, validator, state),
    validator,
    clock,
    path: options.path === undefined ? undefined : `${options.path}/blocks`,
    logger: strictLogger,
  });
  clock.set(engine.timeMs + 1_000n);
  const pending = new Map<string, bigint>();
  return {
    plimsoll,
    apps: shadow === undefined ? [plimsoll] : [plimsoll, shadow.plimsoll],
    engine,
    prices,
    keys,
    sign(key, messages, changes = {}) {
      const account = plimsoll.keepers.auth.account(plimsoll.app.queryContext(), fromBech32(key.address))!;
      const sequence = changes.sequence ?? pending.get(key.address) ?? account.sequence;
      pending.set(key.address, sequence + 1n);
      const tx = { messages, fee: [], gasLimit: 500_000n, ...changes };
      return signDirect(tx, key, { chainId: changes.chainId ?? chainId, accountNumber: account.number, sequence });
    },
    async block(txs = [], afterMs = 1_000n) {
      for (const tx of txs) {
        const { code, log } = await engine.broadcastTx(tx);
        if (code !== 0) throw new Error(`refused by CheckTx: ${log}`);
      }
      pending.clear();
      clock.set(clock.nowMs() + afterMs);
      return engine.produceBlock();
    },
    async close() {
      await engine.stop();
      await store.close();
      await shadow?.close();
    },
  };
}
