import assert from 'node:assert/strict';
import type { AppState } from '../../../app/genesis.js';
import type { GenesisMarket } from '../../../cmd/plimsolld/node/init.js';
import type { ProducedBlock } from '../../../runtime/engine/engine.js';
import { quoteDivisorOf } from '../../../x/perps/keeper.js';
import { before, brokenBy } from '../../simulation/invariants.js';
import { SetPrices, testChain, type TestChain } from '../../support/chain.js';
import { seedAccounts, type SeededAccount } from '../../support/seeded.js';
import { Outcome } from './outcome.js';

export interface StageOptions {
  readonly markets: readonly GenesisMarket[];
  /** Price in USD by ticker at the beginning. */
  readonly prices: Readonly<Record<string, string>>;
  /** Accounts that hold positions from the first block on. */
  readonly accounts?: readonly SeededAccount[];
  readonly change?: (state: AppState) => void;
  /** Holds prices back as classes do; by default they may gap. */
  readonly clamp?: boolean;
  /** Runs circuit breakers as a new chain does; without them markets only know stale prices and governance. */
  readonly breakers?: boolean;
  /** False leaves the second application out that looks at every account. */
  readonly shadow?: boolean;
}

/** Blocks before anything happens: the first votes carry prices into the third. */
const firstBlocks = 3;

/** A chain that checks itself: after every block all identities and invariants hold, or it throws. */
export class Stage {
  readonly outcome: Outcome;

  private constructor(
    readonly chain: TestChain,
    readonly markets: readonly GenesisMarket[],
  ) {
    this.outcome = new Outcome(new Map(markets.map(({ market }) => [market.id, quoteDivisorOf(market)])));
  }

  /** Opens a chain on which prices have been voted once. */
  static async open({ markets, prices, accounts = [], change, ...rest }: StageOptions): Promise<Stage> {
    const marks = new Map(
      markets.map(({ market }) => [market.id, scaled(prices[market.ticker]!, market.priceExponent)]),
    );
    const chain = await testChain({
      ...rest,
      markets,
      prices: new SetPrices(prices),
      change(state) {
        if (accounts.length > 0) seedAccounts(state, markets, marks, accounts);
        change?.(state);
      },
    });
    const stage = new Stage(chain, markets);
    for (let block = 0; block < firstBlocks; block++) await stage.block();
    return stage;
  }

  /** A block that must leave every invariant whole. */
  async block(txs: readonly Uint8Array[] = [], afterMs = 1_000n): Promise<ProducedBlock> {
    const { plimsoll } = this.chain;
    const height = this.chain.engine.height;
    const earlier = height === 0n ? undefined : before(plimsoll, plimsoll.app.queryContext(), txs.length === 0);
    const produced = await this.chain.block(txs, afterMs);
    if (earlier !== undefined) assert.deepEqual(brokenBy(plimsoll, produced, earlier, new Set()), []);
    this.outcome.add(produced.results);
    return produced;
  }

  /** Prices that are voted now and hold from the next block on; runs until accounts that fail twice are closed. */
  async move(prices: Readonly<Record<string, string>>, blocks = 3): Promise<void> {
    this.chain.prices.set(prices);
    for (let block = 0; block < blocks; block++) await this.block();
  }

  /** Both sides' open interest at mark, quote quanta. */
  openInterest(): bigint {
    const { perps } = this.chain.plimsoll.keepers;
    const from = this.chain.plimsoll.app.queryContext();
    return this.markets.reduce((sum, { market: { id } }) => sum + perps.marketView(from, id).openInterest, 0n);
  }

  insurance(): bigint {
    const { keepers, app } = this.chain.plimsoll;
    return keepers.insurance.recount(app.queryContext());
  }

  close(): Promise<void> {
    return this.chain.close();
  }
}

/** A decimal price in units of 10^exponent. */
export function scaled(price: string, exponent: number): bigint {
  const [whole, fraction = ''] = price.split('.') as [string, string?];
  const digits = -exponent;
  if (digits < fraction.length) throw new Error(`price ${price} has more than ${digits} decimals`);
  return BigInt(whole + fraction.padEnd(digits, '0'));
}
