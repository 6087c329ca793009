import { SolvencyClass, type Market } from '../gen/plimsoll/perps/v1/types.js';
import type { Module } from '../runtime/baseapp/module.js';
import { moduleAddress, toBech32 } from '../runtime/crypto/address.js';
import { mint } from '../runtime/pool/shares.js';
import type { Context } from '../runtime/baseapp/context.js';

/** The chain's genesis state: one section for each module, proto JSON. */
export type AppState = Record<string, unknown>;

interface JsonCoin {
  denom: string;
  amount: string;
}

interface Sections {
  readonly bank: {
    balances: { address: string; coins: JsonCoin[] }[];
    denom_metadata: unknown[];
  };
  readonly backstop: { vaults: unknown[] };
  readonly insurance: { tranches: Record<string, unknown>[] };
  readonly oracle: {
    pairs: { id: number; symbol: string; exponent: number; clamp_floor_ppm: number }[];
    params: Record<string, unknown>;
  };
  readonly genutil: { gen_txs: unknown[] };
  readonly valset: { params: { mode: string } };
  readonly perps: { markets: unknown[]; subaccounts: unknown[]; params: Record<string, unknown> };
}

/** Sections with every module's defaults. */
export function defaultAppState(modules: readonly Module[]): AppState {
  return Object.fromEntries(modules.map((module) => [module.name, structuredClone(module.defaultGenesis())]));
}

/** @throws Error naming module and field */
export function validateAppState(modules: readonly Module[], state: AppState): void {
  for (const { name } of modules) if (state[name] === undefined) throw new Error(`app_state.${name}: missing`);
  for (const name of Object.keys(state)) {
    if (!modules.some((module) => module.name === name)) throw new Error(`app_state.${name}: no such module`);
  }
  for (const module of modules) {
    try {
      module.validateGenesis(state[module.name]);
    } catch (error) {
      throw new Error(`app_state.${module.name}: ${(error as Error).message}`, { cause: error });
    }
  }
}

/** State at a context as genesis sections. */
export function exportAppState(modules: readonly Module[], ctx: Context): AppState {
  return Object.fromEntries(modules.map((module) => [module.name, module.exportGenesis(ctx)]));
}

const sections = (state: AppState): Sections => state as unknown as Sections;

/** Gives an address coins. */
export function addBalance(state: AppState, address: string, denom: string, amount: bigint): void {
  const { balances } = sections(state).bank;
  let entry = balances.find((each) => each.address === address);
  if (entry === undefined) balances.push((entry = { address, coins: [] }));
  const coin = entry.coins.find((each) => each.denom === denom);
  if (coin !== undefined) coin.amount = (BigInt(coin.amount) + amount).toString();
  else {
    entry.coins.push({ denom, amount: amount.toString() });
    entry.coins.sort((a, b) => (a.denom < b.denom ? -1 : 1));
  }
}

/** Lists a market with its price pair (id and exponent of the market) and a tranche of the given size. */
export function addMarket(state: AppState, market: Market, marketJson: unknown, tranche: bigint): void {
  sections(state).oracle.pairs.push({
    id: market.oraclePairId,
    symbol: market.ticker,
    exponent: market.priceExponent,
    clamp_floor_ppm: clampFloorPpm(market.class),
  });
  sections(state).perps.markets.push(marketJson);
  // A chain's first money is its own: the junior slice.
  sections(state).insurance.tranches.push({
    id: { kind: 'TRANCHE_KIND_MARKET', number: market.id },
    junior: tranche.toString(),
    senior: '0',
    shares: '0',
    recent: [],
    total_in: tranche.toString(),
    total_out: '0',
    target: '0',
    target_time_ms: '0',
    mature_shares: '0',
    prices: [],
  });
  if (tranche > 0n) addBalance(state, toBech32(moduleAddress('insurance')), 'uusdc', tranche);
}

/** Gives the backstop vault of a class money of the protocol's own. Once for each class. */
export function fundVault(state: AppState, number: number, amount: bigint): void {
  const shares = mint(amount, 0n, 0n).toString();
  sections(state).backstop.vaults.push({
    number,
    shares,
    protocol_shares: shares,
    mature_shares: '0',
    results: [],
    hour: '0',
    base: '0',
    closed_until_day: '0',
    prices: [],
    total_in: amount.toString(),
    total_out: '0',
    penalties: '0',
    payments: '0',
    taken: '0',
  });
  const owner = toBech32(moduleAddress('backstop'));
  sections(state).perps.subaccounts.push({ id: { owner, number }, cash: amount.toString(), underwater_height: '0' });
  addBalance(state, toBech32(moduleAddress('perps')), 'uusdc', amount);
}

/** Least clamp of a class. risk-model section 15.2. */
export function clampFloorPpm(solvencyClass: SolvencyClass): number {
  switch (solvencyClass) {
    case SolvencyClass.SOLVENCY_CLASS_A:
      return 10_000;
    case SolvencyClass.SOLVENCY_CLASS_B:
      return 20_000;
    case SolvencyClass.SOLVENCY_CLASS_C:
      return 30_000;
    default:
      return 50_000;
  }
}

/** Stake says who votes from the first block on, beginning with validators that these signed transactions make. */
export function collectGenTxs(state: AppState, genTxs: readonly unknown[]): void {
  sections(state).valset.params.mode = 'MODE_STAKE';
  sections(state).genutil.gen_txs.push(...genTxs);
}

/** Sets how old a price may grow, for both the oracle and the markets. */
export function setStaleness(state: AppState, staleMs: bigint): void {
  const { params } = sections(state).oracle;
  params['stale_ms'] = staleMs.toString();
  if (BigInt(params['late_ms'] as string) > staleMs) params['late_ms'] = staleMs.toString();
  if (BigInt(params['dead_ms'] as string) < 2n * staleMs) params['dead_ms'] = (2n * staleMs).toString();
  sections(state).perps.params['stale_ms'] = staleMs.toString();
  // Later steps stay behind the first.
  const breakers = breakersOf(state);
  if (breakers !== undefined && BigInt(breakers['halt_ms'] as string) < 4n * staleMs)
    breakers['halt_ms'] = (4n * staleMs).toString();
}

/** Sets after how long a time without blocks markets re-open by auction (breaker B10). */
export function setOutage(state: AppState, outageMs: bigint): void {
  breakersOf(state)!['outage_ms'] = outageMs.toString();
}

const breakersOf = (state: AppState): Record<string, unknown> | undefined =>
  sections(state).perps.params['breakers'] as Record<string, unknown> | undefined;

/** Names for wallets: what one USDC and one PLIM are. */
export function addDenomMetadata(state: AppState): void {
  const unit = (base: string, display: string, name: string) => ({
    description: name,
    denom_units: [
      { denom: base, exponent: 0, aliases: [] },
      { denom: display, exponent: 6, aliases: [] },
    ],
    base,
    display,
    name,
    symbol: display.toUpperCase(),
    uri: '',
    uri_hash: '',
  });
  sections(state).bank.denom_metadata = [unit('uplim', 'plim', 'Plimsoll stake'), unit('uusdc', 'usdc', 'USD Coin')];
}
