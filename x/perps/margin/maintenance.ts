import { quote, type AccountView, type Base, type MarketView, type Markets, type Quote } from '../types.js';
import { notional } from '../units/amounts.js';
import { holdingExposure } from './collateral.js';
import { concentration } from './concentration.js';
import { exposureOf, grantsOffsets, linearMargin } from './exposure.js';
import { Portfolio, type Exposure } from './portfolio.js';

/** Maintenance margin of a quantity alone, without stress vectors: linear part and concentration, rounded up. risk-model section 4.2. O(1). */
export function maintenanceMarginOf(market: MarketView, quantity: Base): Quote {
  const size = notional(market, quantity);
  return quote(linearMargin(size, market.maintenanceRate) + concentration(market, size));
}

/** What a position adds to maintenance margin. */
interface Parts {
  readonly exposure: Exposure;
  /** Closing costs, which nothing offsets. */
  readonly concentration: Quote;
}

function partsOf(market: MarketView, quantity: Base): Parts {
  const size = notional(market, quantity);
  return {
    exposure: exposureOf(market, size, quantity, market.maintenanceRate),
    concentration: concentration(market, size),
  };
}

/** The sums that maintenance margin is made of, kept while positions come and go. Each step and the margin: O(factors + clusters). */
export class MaintenanceExposures {
  readonly #portfolio: Portfolio;
  #concentration = 0n;

  /** Starts with all positions of the account, and its collateral as long spot positions. */
  constructor(account: AccountView, markets: Markets) {
    this.#portfolio = new Portfolio(grantsOffsets(account.settings));
    for (const each of account.collateral) this.#portfolio.add(holdingExposure(each, markets));
    for (const { marketId, quantity } of account.positions) this.add(markets(marketId), quantity);
  }

  add(market: MarketView, quantity: Base): void {
    this.#add(partsOf(market, quantity));
  }

  remove(market: MarketView, quantity: Base): void {
    this.#remove(partsOf(market, quantity));
  }

  /** Maintenance margin of everything that is in. */
  margin(): Quote {
    return quote(this.#portfolio.margin() + this.#concentration);
  }

  /** `equity >= margin()`, without a root. */
  coveredBy(equity: bigint): boolean {
    return this.#portfolio.coveredBy(equity - this.#concentration);
  }

  /** Maintenance margin with one position more; nothing stays changed. */
  marginWith(market: MarketView, quantity: Base): Quote {
    const parts = partsOf(market, quantity);
    this.#add(parts);
    const margin = this.margin();
    this.#remove(parts);
    return margin;
  }

  /** True when the margin is the plain sum over positions, and stays so however they shrink. */
  get plain(): boolean {
    return this.#portfolio.plain;
  }

  #add(parts: Parts): void {
    this.#portfolio.add(parts.exposure);
    this.#concentration += parts.concentration;
  }

  #remove(parts: Parts): void {
    this.#portfolio.remove(parts.exposure);
    this.#concentration -= parts.concentration;
  }
}

/** Margin of an account with at most one position and USDC only, when nothing but its size decides it. */
function simpleMargin({ positions, collateral }: AccountView, markets: Markets): Quote | undefined {
  if (collateral.length > 0) return undefined;
  const [only, other] = positions;
  if (only === undefined) return quote(0n);
  if (other !== undefined) return undefined;
  const market = markets(only.marketId);
  return market.shocks.length === 0 ? maintenanceMarginOf(market, only.quantity) : undefined;
}

/** Maintenance margin MM of an account: offsets of section 5, and concentration. O(positions + assets held). */
export const maintenanceMargin = (account: AccountView, markets: Markets): Quote =>
  simpleMargin(account, markets) ?? new MaintenanceExposures(account, markets).margin();

/** `equity >= maintenanceMargin(account, markets)`, decided without a root: what a scan of many accounts asks. */
export function coversMaintenance(account: AccountView, equity: bigint, markets: Markets): boolean {
  const margin = simpleMargin(account, markets);
  return margin === undefined ? new MaintenanceExposures(account, markets).coveredBy(equity) : equity >= margin;
}

/**
 * How maintenance margin divides over the account's positions, in their
 * order: the part that is offset by `weights` (Euler), the concentration of
 * each as it is. risk-model section 5.
 */
export function maintenanceWeights(
  account: AccountView,
  markets: Markets,
): { readonly offsettable: bigint; readonly weights: readonly bigint[]; readonly concentrations: readonly Quote[] } {
  const parts = account.positions.map(({ marketId, quantity }) => partsOf(markets(marketId), quantity));
  const portfolio = new Portfolio(grantsOffsets(account.settings));
  for (const each of account.collateral) portfolio.add(holdingExposure(each, markets));
  for (const { exposure } of parts) portfolio.add(exposure);
  return {
    offsettable: portfolio.margin(),
    weights: portfolio.weights(parts.map(({ exposure }) => exposure)),
    concentrations: parts.map((each) => each.concentration),
  };
}
