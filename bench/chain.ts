import { createApp, type PlimsollApp } from '../app/app.js';
import { addBalance, addMarket, defaultAppState, validateAppState, type AppState } from '../app/genesis.js';
import { mounts } from '../app/mounts.js';
import { Market } from '../gen/plimsoll/perps/v1/types.js';
import { moduleAddress, toBech32 } from '../runtime/crypto/address.js';
import { ConsensusKey } from '../runtime/engine/consensus-key.js';
import { VirtualClock } from '../runtime/engine/clock.js';
import { EmbeddedEngine } from '../runtime/engine/engine.js';
import { defaultConsensusParams, type GenesisDoc } from '../runtime/engine/genesis-doc.js';
import { silentLogger } from '../runtime/log.js';
import { openStore } from '../runtime/store/index.js';
import type { CommitMultiStore } from '../runtime/store/types.js';
import { StaticPriceSource } from '../x/oracle/sources/static.js';
import { marketOfClass } from '../x/perps/params.js';
import { Wallet } from '../cmd/plimsolld/replay/wallet.js';

export const chainId = 'plimsoll-bench-1';
export const symbols = ['BTC-USD', 'ETH-USD', 'SOL-USD'] as const;
const prices = { 'BTC-USD': '43538.02', 'ETH-USD': '3282.25', 'SOL-USD': '44.1' };
/** 12 digits of price and a base quantum of a ten-thousandth of a dollar, as a replay would list them. */
const priceExponents = { 'BTC-USD': -7, 'ETH-USD': -8, 'SOL-USD': -10 };

export interface BenchApp {
  readonly plimsoll: PlimsollApp;
  readonly store: CommitMultiStore;
}

/** The application over an empty store in memory. */
export async function benchApp(): Promise<BenchApp> {
  const store = await openStore({ mounts, keepVersions: 2 });
  const plimsoll = createApp({ store, chainId, prices: new StaticPriceSource(prices), logger: silentLogger });
  return { plimsoll, store };
}

/** Three class A markets and their tranches. */
export function benchState({ plimsoll }: BenchApp): AppState {
  const state = defaultAppState(plimsoll.modules);
  for (const [index, symbol] of symbols.entries()) {
    const priceExponent = priceExponents[symbol];
    const market = marketOfClass('A', {
      id: index + 1,
      ticker: symbol,
      baseExponent: -15 - priceExponent,
      priceExponent,
      tickSize: 10_000_000n,
      stepSize: 100n,
      oraclePairId: index + 1,
    });
    const json = plimsoll.registry.toJson('plimsoll.perps.v1.Market', Market.encode(market).finish());
    addMarket(state, market, json, 10n ** 12n);
  }
  return state;
}

export const traderWallets = (count: number): Wallet[] =>
  Array.from({ length: count }, (_, index) => new Wallet(`plimsoll bench ${index}`));

/** Gives each wallet collateral on its first subaccount. */
export function fund(state: AppState, wallets: readonly Wallet[], collateral: bigint): void {
  const { perps, bank } = state as unknown as {
    readonly perps: { subaccounts: unknown[] };
    readonly bank: { balances: unknown[] };
  };
  for (const { bech32 } of wallets) {
    perps.subaccounts.push({ id: { owner: bech32, number: 0 }, cash: collateral.toString(), underwater_height: '0' });
    bank.balances.push({ address: bech32, coins: [{ denom: 'uusdc', amount: '1000000' }] });
  }
  addBalance(state, toBech32(moduleAddress('perps')), 'uusdc', collateral * BigInt(wallets.length));
}

/** The embedded engine on a genesis, one second a block, past the first prices. */
export async function benchEngine(
  { plimsoll }: BenchApp,
  state: AppState,
): Promise<{ engine: EmbeddedEngine; block: () => Promise<void> }> {
  validateAppState(plimsoll.modules, state);
  const validator = ConsensusKey.fromSeed(Buffer.alloc(32, 3));
  const genesis: GenesisDoc = {
    genesis_time: '2026-01-01T00:00:00Z',
    chain_id: chainId,
    initial_height: '1',
    consensus_params: { ...defaultConsensusParams, block: { max_bytes: '-1', max_gas: '-1' } },
    validators: [
      {
        address: Buffer.from(validator.address).toString('hex').toUpperCase(),
        pub_key: { type: 'tendermint/PubKeyEd25519', value: Buffer.from(validator.publicKey).toString('base64') },
        power: '10',
        name: 'bench',
      },
    ],
    app_hash: '',
    app_state: state,
  };
  const start = BigInt(Date.parse(genesis.genesis_time));
  const clock = new VirtualClock(start);
  const mempool = { maxTxs: 1_000_000, maxTxBytes: 1 << 20, maxBytes: 1 << 30, cacheSize: 10_000 };
  const engine = await EmbeddedEngine.open({
    app: plimsoll.app,
    genesis,
    validator,
    clock,
    mempool,
    logger: silentLogger,
  });
  const block = async (): Promise<void> => {
    clock.set(start + (engine.height + 1n) * 1_000n);
    const { results } = await engine.produceBlock();
    const failed = results.txResults.find(({ code }) => code !== 0);
    if (failed !== undefined) throw new Error(`a transaction failed: ${failed.log}`);
  };
  for (let height = 0; height < 3; height++) await block();
  return { engine, block };
}
