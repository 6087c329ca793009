import type { Market } from '../../../../gen/plimsoll/perps/v1/types.js';
import type { Stores } from '../../../../runtime/store/collection.js';
import type { Keepers } from '../../../../app/app.js';
import { clampPrice, type ClampState } from '../../../../x/oracle/clamp.js';
import { collateralDenom } from '../../../../x/perps/deps.js';
import { breakersView, standingOf } from '../../../../x/perps/breakers/index.js';
import type { Action } from '../../../../x/perps/breakers/rules/modes.js';
import { readImpact } from '../../../../x/perps/block/mark.js';
import { marketViewOf, type BookOrder } from '../../../../x/perps/keeper.js';
import { keeperBids, type BidTerms } from '../../../../x/perps/keeper-bids/store.js';
import { advanceMark } from '../../../../x/perps/mark/index.js';
import { lookup } from '../../../../x/perps/margin/index.js';
import { markState, minutesOf } from '../../../../x/perps/mark/store.js';
import { price, type AccountView, type MarketId, type Markets, type MarketView } from '../../../../x/perps/types.js';
import type { PriceHistory } from '../timeline.js';
import type { Trader } from './trader.js';

/**
 * All that a trader may base an order on: state as committed at `height`,
 * and the recorded prices up to then. Marks are those that the next block
 * will have, because its price is already public.
 */
export class TraderView {
  readonly #from: Stores;
  readonly #keepers: Keepers;
  readonly #histories: ReadonlyMap<MarketId, PriceHistory>;
  readonly #views = new Map<MarketId, MarketView>();

  constructor(
    readonly height: number,
    /** Time of the next block, milliseconds. */
    readonly nextMs: bigint,
    from: Stores,
    keepers: Keepers,
    histories: ReadonlyMap<MarketId, PriceHistory>,
  ) {
    this.#from = from;
    this.#keepers = keepers;
    this.#histories = histories;
  }

  readonly markets: Markets = lookup(
    (id) => this.#viewOf(id),
    (id) => this.#keepers.perps.markets(this.#from).asset(id),
  );

  #viewOf(id: MarketId): MarketView {
    let view = this.#views.get(id);
    if (view === undefined) {
      const state = this.#keepers.perps.marketState(this.#from, id);
      const oraclePrice = price(this.#next(id)?.price ?? state.oraclePrice);
      const { perps } = this.#keepers;
      const before = perps.marketView(this.#from, id);
      const { mark, state: marked } = advanceMark(before, markState(this.#from, id), () => minutesOf(this.#from, id), {
        timeMs: this.nextMs,
        oraclePrice,
        perpPrice: 0n,
        impact: readImpact(
          this.#from,
          { keeper: perps },
          { ...before, oraclePrice },
          perps.params(this.#from).mark!.maxImpactLevels,
        ),
        lastClearingPrice: state.lastClearingPrice,
        stood: state.markPrice,
      });
      const market = this.market(id);
      view = {
        ...marketViewOf(
          market,
          { ...state, markPrice: mark, oraclePrice },
          perps.ratesView(this.#from, market),
          marked.averagePrice,
        ),
        ...breakersView(standingOf(this.#from, market).state),
      };
      this.#views.set(id, view);
    }
    return view;
  }

  market(id: MarketId): Market {
    return this.#keepers.perps.market(this.#from, id)!;
  }

  history(id: MarketId): PriceHistory {
    return this.#histories.get(id)!;
  }

  /** True when the next block will have a new price that is not held back, and no breaker stops openings: orders that open are refused otherwise. */
  isOpen(id: MarketId): boolean {
    return this.permits(id, 'open');
  }

  /** True when the next block will have a new price that is not held back, and no breaker stops the action. */
  permits(id: MarketId, action: Action): boolean {
    return this.#next(id)?.clampedBlocks === 0 && standingOf(this.#from, this.market(id)).permits(action) !== 'no';
  }

  /** The price that the next block will accept; undefined when nobody will report one. */
  #next(id: MarketId): ClampState | undefined {
    const raw = this.history(id).at(this.height);
    if (raw === undefined) return undefined;
    const { oracle } = this.#keepers;
    const { oraclePairId } = this.market(id);
    const before = oracle.price(this.#from, oraclePairId);
    if (before === undefined) return { price: raw, clampedBlocks: 0, variance: 0n };
    return clampPrice(before, raw, oracle.pair(this.#from, oraclePairId)!.clampFloorPpm);
  }

  account({ subaccount }: Trader): AccountView {
    return this.#keepers.perps.account(this.#from, subaccount);
  }

  orders({ subaccount }: Trader): BookOrder[] {
    return [...this.#keepers.perps.ordersOf(this.#from, subaccount)];
  }

  /** Bids for failing positions, by client id. */
  bids({ subaccount }: Trader): BidTerms[] {
    return [...keeperBids.of(this.#from, subaccount)].map(([, terms]) => terms);
  }

  /** Coins outside the exchange. */
  funds({ wallet }: Trader): bigint {
    return this.#keepers.bank.balance(this.#from, wallet.address, collateralDenom);
  }

  /** Number and sequence to sign with. */
  signer({ wallet }: Trader): { readonly number: bigint; readonly sequence: bigint } {
    const account = this.#keepers.auth.account(this.#from, wallet.address);
    if (account === undefined) throw new Error(`trader account ${wallet.bech32} is not in the state`);
    return account;
  }
}
