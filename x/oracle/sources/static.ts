import type { PriceSource, QuotedPrice } from '../price-source.js';

/** The same prices for ever. */
export class StaticPriceSource implements PriceSource {
  readonly #prices: readonly QuotedPrice[];

  /** @param prices symbol to decimal text */
  constructor(prices: Readonly<Record<string, string>>) {
    this.#prices = Object.entries(prices).map(([symbol, price]) => ({ symbol, price }));
  }

  prices(): readonly QuotedPrice[] {
    return this.#prices;
  }
}
