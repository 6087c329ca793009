import type { ResponseFinalizeBlock } from 'cosmjs-types/tendermint/abci/types';
import { accountOf, amountOf, numberOf, perpsEvents } from '../../support/events.js';

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

  add(results: Pick<ResponseFinalizeBlock, 'events'>): void {
    let closes = 0;
    for (const { name, fields } of perpsEvents(results)) {
      switch (name) {
        case 'EventFill':
          if (fields['liquidation'] === true) this.book += amountOf(fields, 'quote_amount');
          break;
        case 'EventLiquidation':
        case 'EventBankruptcy':
          this.liquidated.add(accountOf(fields));
          break;
        case 'EventDeleveraged':
          closes++;
          if (fields['bankrupt'] === true) break;
          this.deleveraged.add(accountOf(fields));
          this.adl +=
            (amountOf(fields, 'quantity') * amountOf(fields, 'price')) /
            this.#divisors.get(numberOf(fields, 'market_id'))!;
          break;
        case 'EventHaircut':
          this.charged.add(accountOf(fields));
          this.taken += amountOf(fields, 'amount');
          break;
        case 'EventDeficit':
          this.deficit += amountOf(fields, 'deficit');
          this.insurance += amountOf(fields, 'paid_by_insurance');
          this.exchange += amountOf(fields, 'paid_by_exchange');
          this.badDebt += amountOf(fields, 'bad_debt');
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
