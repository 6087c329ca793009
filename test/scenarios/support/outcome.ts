import { accountOf, amountOf, numberOf, perpsEvents, type BlockEvents } from '../../support/events.js';

/** What the waterfall did over some blocks. Quote quanta. */
export class Outcome {
  /** Different accounts that were liquidated or went bankrupt. */
  readonly liquidated = new Set<string>();
  /** Those that were closed or charged though they were solvent. */
  readonly deleveraged = new Set<string>();
  readonly charged = new Set<string>();
  /** Notional that liquidation orders closed in auctions. */
  book = 0n;
  /** Notional closed at mark on solvent accounts against bankrupt ones. */
  adl = 0n;
  deficit = 0n;
  insurance = 0n;
  exchange = 0n;
  badDebt = 0n;
  /** What gainers gave, to the quantum. */
  taken = 0n;
  /** Most closes outside the book in one block, both sides counted. */
  mostCloses = 0;
  readonly #divisors: ReadonlyMap<number, bigint>;

  /** @param divisors of quantity times price, by market */
  constructor(divisors: ReadonlyMap<number, bigint>) {
    this.#divisors = divisors;
  }

  add(results: BlockEvents): void {
    let closes = 0;
    for (const event of perpsEvents(results)) {
      switch (event.name) {
        case 'EventFill':
          if (event.fields['liquidation'] === true) this.book += amountOf(event.fields, 'quote_amount');
          break;
        case 'EventLiquidation':
        case 'EventBankruptcy':
          this.liquidated.add(accountOf(event.fields));
          break;
        case 'EventDeleveraged':
          closes++;
          if (event.fields['bankrupt'] === true) break;
          this.deleveraged.add(accountOf(event.fields));
          this.adl +=
            (amountOf(event.fields, 'quantity') * amountOf(event.fields, 'price')) /
            this.#divisors.get(numberOf(event.fields, 'market_id'))!;
          break;
        case 'EventHaircut':
          this.charged.add(accountOf(event.fields));
          this.taken += amountOf(event.fields, 'amount');
          break;
        case 'EventDeficit':
          this.deficit += amountOf(event.fields, 'deficit');
          this.insurance += amountOf(event.fields, 'paid_by_insurance');
          this.exchange += amountOf(event.fields, 'paid_by_exchange');
          this.badDebt += amountOf(event.fields, 'bad_debt');
          break;
        default:
      }
    }
    if (closes > this.mostCloses) this.mostCloses = closes;
  }

  /** What had to be taken from gainers: deficits less what everybody else paid. */
  get needed(): bigint {
    return this.deficit - this.insurance - this.exchange - this.badDebt;
  }

  /** Haircut taken over haircut needed, to six digits: 1 is neither too little nor too much. */
  get overshoot(): number {
    if (this.needed === 0n) return this.taken === 0n ? 1 : Infinity;
    return Number((this.taken * 1_000_000n) / this.needed) / 1e6;
  }
}

/** Whole USDC. */
export const wholeUsdc = (quanta: bigint): number => Number(quanta / 1_000_000n);
