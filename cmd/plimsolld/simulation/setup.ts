import { createHash } from 'node:crypto';
import secp256k1 from 'secp256k1';
import { addBalance, setStaleness, type AppState } from '../../../app/genesis.js';
import type { Market } from '../../../gen/plimsoll/perps/v1/types.js';
import { fromBech32, moduleAddress, toBech32 } from '../../../runtime/crypto/address.js';
import { ConsensusKey } from '../../../runtime/engine/consensus-key.js';
import type { GenesisDoc } from '../../../runtime/engine/genesis-doc.js';
import type { CsvPriceSource } from '../../../x/oracle/sources/csv.js';
import { marketOfClass, type ClassName } from '../../../x/perps/params.js';
import { subaccountKey } from '../../../x/perps/subaccount-key.js';
import { signingKey, type SigningKey } from '../keyring/keyring.js';
import { buildAppState, genesisDoc } from '../node/init.js';
import { endowment, strategyOf, type Trader } from './traders.js';

export interface ReplayInputs {
  /** Symbol to path. */
  readonly prices: Readonly<Record<string, string>>;
  readonly accounts: number;
  readonly seed: number;
  readonly blocksPerBar: number;
  readonly class: ClassName;
}

export const chainId = 'plimsoll-replay-1';

export interface Setup {
  readonly genesis: GenesisDoc;
  readonly validator: ConsensusKey;
  readonly traders: readonly (Trader & { readonly key: SigningKey })[];
  readonly tranches: ReadonlyMap<number, bigint>;
}

/** A 32-byte secret that follows from the seed. */
function secret(seed: number, name: string): Uint8Array {
  for (let attempt = 0; ; attempt++) {
    const bytes = createHash('sha256').update(`plimsoll-replay/${seed}/${name}/${attempt}`).digest();
    if (secp256k1.privateKeyVerify(bytes)) return bytes;
  }
}

/**
 * A market whose price integers have 13 digits at the first price, so that
 * they survive a fall by a factor of a million, and whose base quantum is
 * worth about one quote quantum then.
 */
export function marketFor(id: number, ticker: string, firstPrice: string, name: ClassName): Market {
  const magnitude = Math.floor(Math.log10(Number(firstPrice)));
  return marketOfClass(name, {
    id,
    ticker,
    baseExponent: -magnitude - 6,
    priceExponent: magnitude - 12,
    tickSize: 100n,
    stepSize: 1_000n,
    oraclePairId: id,
  });
}

/** Money behind each market at the start, by class: small enough that a crisis can exhaust it. */
const trancheOf: Readonly<Record<ClassName, bigint>> = {
  A: 100_000_000_000n,
  B: 60_000_000_000n,
  C: 40_000_000_000n,
  D: 20_000_000_000n,
};

/** Genesis, keys and traders: all of it follows from the inputs. */
export async function setUp(inputs: ReplayInputs, source: CsvPriceSource, startMs: number): Promise<Setup> {
  const symbols = Object.keys(inputs.prices);
  const markets = symbols.map((symbol, index) => marketFor(index + 1, symbol, source.firstPrice(symbol), inputs.class));
  const makers = Math.max(2 * markets.length, Math.floor(inputs.accounts / 40));
  const traders = Array.from({ length: inputs.accounts }, (_, index) => {
    const key = signingKey(secret(inputs.seed, `trader/${index}`));
    return {
      index,
      key,
      strategy: strategyOf(index, makers),
      owner: key.address,
      account: subaccountKey(fromBech32(key.address), 0),
      market: markets[index % markets.length]!,
    };
  });
  const tranche = trancheOf[inputs.class];
  const state = await buildAppState(
    markets.map((market) => ({ market, tranche })),
    (changed) => fund(changed, traders),
  );
  const validator = ConsensusKey.fromSeed(secret(inputs.seed, 'validator'));
  const time = new Date(startMs).toISOString().replace(/\.000Z$/, 'Z');
  return {
    genesis: genesisDoc(chainId, time, validator, state),
    validator,
    traders,
    tranches: new Map(markets.map(({ id }) => [id, tranche])),
  };
}

/** Traders start with cash on their subaccounts and a reserve in the bank. */
function fund(state: AppState, traders: readonly Trader[]): void {
  const perps = state['perps'] as { subaccounts: unknown[] };
  const bank = state['bank'] as { balances: { address: string; coins: { denom: string; amount: string }[] }[] };
  let total = 0n;
  for (const { owner, strategy } of traders) {
    const { cash, reserve } = endowment(strategy);
    total += cash;
    perps.subaccounts.push({ id: { owner, number: 0 }, cash: cash.toString(), underwater_height: '0' });
    bank.balances.push({ address: owner, coins: [{ denom: 'uusdc', amount: reserve.toString() }] });
  }
  addBalance(state, toBech32(moduleAddress('perps')), 'uusdc', total);
  setStaleness(state, 30_000n);
}
