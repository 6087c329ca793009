import { addBalance, type AppState } from '../../app/genesis.js';
import { moduleAddress, toBech32 } from '../../runtime/crypto/address.js';
import { usdc } from './amounts.js';

/** A position with which a chain begins, in an account that holds nothing else. */
export interface OpeningPosition {
  readonly owner: string;
  readonly number?: number;
  readonly marketId?: number;
  /** Base quanta, signed. In each market they sum to zero. */
  readonly quantity: bigint;
  /** Equity at the mark, quote quanta. */
  readonly equity: bigint;
}

/** USD of the demo markets' first marks, in 10^-6. */
const marks: Readonly<Record<number, bigint>> = { 1: usdc(60_000), 2: usdc(3_000) };

/** An account with which a chain begins. */
export interface OpeningAccount {
  readonly owner: string;
  readonly number?: number;
  /** Base quanta, signed. In each market they sum to zero over all accounts. */
  readonly held: readonly { readonly marketId: number; readonly quantity: bigint }[];
  /** Equity at the marks, quote quanta. */
  readonly equity: bigint;
}

/** What a quantity is worth at its demo market's first mark, quote quanta, toward zero. */
export const openingWorth = (marketId: number, quantity: bigint): bigint => (quantity * marks[marketId]!) / 10n ** 8n;

/** Opens positions of the demo markets at their first marks, with the cash that gives each account its equity. */
export const openPositions = (state: AppState, positions: readonly OpeningPosition[]): void =>
  openAccounts(
    state,
    positions.map(({ marketId = 1, quantity, ...account }) => ({ ...account, held: [{ marketId, quantity }] })),
  );

/** The same for accounts that may hold several. */
export function openAccounts(state: AppState, accounts: readonly OpeningAccount[]): void {
  const perps = state['perps'] as { subaccounts: unknown[]; positions: unknown[]; market_states: unknown[] };
  const long = new Map<number, bigint>();
  let total = 0n;
  for (const { owner, number = 0, held, equity } of accounts) {
    const id = { owner, number };
    let cash = equity;
    for (const { marketId, quantity } of [...held].sort((a, b) => a.marketId - b.marketId)) {
      if (quantity === 0n) continue;
      const value = openingWorth(marketId, quantity);
      cash -= value;
      if (quantity > 0n) long.set(marketId, (long.get(marketId) ?? 0n) + quantity);
      perps.positions.push({
        subaccount: id,
        market_id: marketId,
        quantity: `${quantity}`,
        entry_value: `${value}`,
        funding_index: '0',
      });
    }
    total += cash;
    perps.subaccounts.push({ id, cash: `${cash}`, underwater_height: '0' });
  }
  perps.market_states = [1, 2].map((id) => ({
    market_id: id,
    oracle_price: `${marks[id]}`,
    mark_price: `${marks[id]}`,
    long_quanta: `${long.get(id) ?? 0n}`,
    short_quanta: `${long.get(id) ?? 0n}`,
    funding_index: '0',
    clearing_balance: '0',
  }));
  addBalance(state, toBech32(moduleAddress('perps')), 'uusdc', total);
}
