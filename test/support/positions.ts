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

/** Opens positions of the demo markets at their first marks, with the cash that gives each account its equity. */
export function openPositions(state: AppState, positions: readonly OpeningPosition[]): void {
  const perps = state['perps'] as { subaccounts: unknown[]; positions: unknown[]; market_states: unknown[] };
  const long = new Map<number, bigint>();
  let total = 0n;
  for (const { owner, number = 0, marketId = 1, quantity, equity } of positions) {
    const value = (quantity * marks[marketId]!) / 10n ** 8n;
    const id = { owner, number };
    perps.subaccounts.push({ id, cash: `${equity - value}`, underwater_height: '0' });
    perps.positions.push({
      subaccount: id,
      market_id: marketId,
      quantity: `${quantity}`,
      entry_value: `${value}`,
      funding_index: '0',
    });
    total += equity - value;
    if (quantity > 0n) long.set(marketId, (long.get(marketId) ?? 0n) + quantity);
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
