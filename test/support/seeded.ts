import { addBalance, type AppState } from '../../app/genesis.js';
import type { GenesisMarket } from '../../cmd/plimsolld/node/init.js';
import { moduleAddress, toBech32 } from '../../runtime/crypto/address.js';
import { quoteDivisorOf } from '../../x/perps/keeper.js';

/** A position that a chain begins with. */
export interface SeededPosition {
  readonly market: number;
  /** Base quanta, negative for a short. */
  readonly quantity: bigint;
  /** Price of entry; the mark unless given. */
  readonly entry?: bigint;
}

/** An account that a chain begins with. */
export interface SeededAccount {
  readonly owner: string;
  readonly number?: number;
  /** Equity at the first marks, quote quanta. */
  readonly equity: bigint;
  readonly positions: readonly SeededPosition[];
}

/** An address that nobody has the key of, spread over the key space as addresses are. */
export function keylessOwner(index: number): string {
  const address = Buffer.alloc(20);
  address.writeUInt32BE(Math.imul(index + 1, 0x9e3779b1) >>> 0, 0);
  address.writeUInt32BE(index, 16);
  return toBech32(address);
}

/**
 * Writes accounts with their positions into a genesis whose markets stand at
 * these marks. Positions of each market must cancel.
 * @param marks by market id
 * @throws Error naming a market whose positions do not cancel
 */
export function seedAccounts(
  state: AppState,
  markets: readonly GenesisMarket[],
  marks: ReadonlyMap<number, bigint>,
  accounts: readonly SeededAccount[],
): void {
  const perps = state['perps'] as { subaccounts: unknown[]; positions: unknown[]; market_states: unknown[] };
  const divisors = new Map(markets.map(({ market }) => [market.id, quoteDivisorOf(market)]));
  const longs = new Map<number, bigint>();
  const shorts = new Map<number, bigint>();
  let cash = 0n;
  for (const { owner, number = 0, equity, positions } of accounts) {
    const id = { owner, number };
    let own = equity;
    for (const { market, quantity, entry } of [...positions].sort((a, b) => a.market - b.market)) {
      const [mark, divisor] = [marks.get(market)!, divisors.get(market)!];
      own -= floorDiv(quantity * mark, divisor);
      const side = quantity > 0n ? longs : shorts;
      side.set(market, (side.get(market) ?? 0n) + (quantity > 0n ? quantity : -quantity));
      perps.positions.push({
        subaccount: id,
        market_id: market,
        quantity: `${quantity}`,
        entry_value: `${floorDiv(quantity * (entry ?? mark), divisor)}`,
        funding_index: '0',
      });
    }
    cash += own;
    perps.subaccounts.push({ id, cash: `${own}`, underwater_height: '0' });
  }
  perps.market_states = markets.map(({ market: { id } }) => {
    const [long, short] = [longs.get(id) ?? 0n, shorts.get(id) ?? 0n];
    if (long !== short) throw new Error(`market ${id}: longs of ${long} against shorts of ${short}`);
    return {
      market_id: id,
      oracle_price: `${marks.get(id)!}`,
      mark_price: `${marks.get(id)!}`,
      long_quanta: `${long}`,
      short_quanta: `${short}`,
      funding_index: '0',
      clearing_balance: '0',
    };
  });
  addBalance(state, toBech32(moduleAddress('perps')), 'uusdc', cash);
}

/** Divides by a positive number towards minus infinity, as equity does. */
function floorDiv(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value % divisor < 0n ? quotient - 1n : quotient;
}
