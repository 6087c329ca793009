import type { Event, ResponseFinalizeBlock } from 'cosmjs-types/tendermint/abci/types';

/** What a replay found; amounts in quote quanta as decimal strings. */
export interface Report {
  readonly blocks: number;
  readonly txs: number;
  readonly failedTxs: number;
  readonly fills: number;
  readonly liquidations: { readonly accounts: number; readonly notional: string };
  readonly waterfall: {
    readonly book: string;
    readonly insurance: string;
    readonly adl: string;
    readonly haircut: string;
  };
  readonly insurance: { readonly start: string; readonly min: string; readonly end: string };
  readonly badDebt: string;
  readonly negativeEquityBlockEnds: number;
  readonly identityViolations: number;
  readonly breakers: readonly string[];
  readonly appHash: string;
  readonly wallSeconds: number;
  readonly blocksPerSecond: number;
  readonly txsPerSecond: number;
  readonly inputs: {
    readonly prices: Readonly<Record<string, string>>;
    readonly seed: number;
    readonly accounts: number;
    readonly class: string;
    readonly blocksPerBar: number;
  };
}

/**
 * Counts what blocks did from their stored results, so that a replay which
 * was cut counts the same as one that was not.
 */
export class Counters {
  blocks = 0;
  txs = 0;
  failedTxs = 0;
  fills = 0;
  liquidatedAccounts = 0;
  book = 0n;
  insurance = 0n;
  adl = 0n;
  haircut = 0n;
  badDebt = 0n;
  readonly halts: string[] = [];
  #tranches = new Map<string, bigint>();
  insuranceMin: bigint;
  /** Accounts in liquidation in the previous block: one that stays is counted once. */
  #failing = new Set<string>();

  constructor(tranches: ReadonlyMap<number, bigint>) {
    for (const [id, balance] of tranches) this.#tranches.set(String(id), balance);
    this.insuranceMin = this.insuranceTotal;
  }

  get insuranceTotal(): bigint {
    return [...this.#tranches.values()].reduce((sum, each) => sum + each, 0n);
  }

  add(results: ResponseFinalizeBlock, priceOf: (marketId: number) => { readonly divisor: bigint }): void {
    this.blocks++;
    for (const { code, gasWanted } of results.txResults) {
      // Price votes are no transaction: they want no gas.
      if (gasWanted === 0n) continue;
      this.txs++;
      if (code !== 0) this.failedTxs++;
    }
    const failing = new Set<string>();
    for (const event of results.events) this.#event(event, priceOf, failing);
    for (const account of failing) if (!this.#failing.has(account)) this.liquidatedAccounts++;
    this.#failing = failing;
  }

  #event(event: Event, priceOf: (marketId: number) => { readonly divisor: bigint }, failing: Set<string>): void {
    const read = (name: string): string => {
      const text = event.attributes.find(({ key }) => key === name)!.value;
      return text.startsWith('"') ? text.slice(1, -1) : text;
    };
    switch (event.type) {
      case 'plimsoll.perps.v1.EventFill':
        this.fills++;
        if (read('liquidation') === 'true') this.book += BigInt(read('quote_amount'));
        break;
      case 'plimsoll.perps.v1.EventLiquidation':
        failing.add(read('subaccount'));
        break;
      case 'plimsoll.perps.v1.EventBankruptcy':
        failing.add(read('subaccount'));
        break;
      case 'plimsoll.perps.v1.EventDeleveraged':
        if (read('bankrupt') === 'true') {
          this.adl += (BigInt(read('quantity')) * BigInt(read('price'))) / priceOf(Number(read('market_id'))).divisor;
        }
        break;
      case 'plimsoll.perps.v1.EventDeficit':
        this.insurance += BigInt(read('paid_by_insurance'));
        this.haircut += BigInt(read('paid_by_haircut'));
        this.badDebt += BigInt(read('bad_debt'));
        break;
      case 'plimsoll.insurance.v1.EventPayment':
      case 'plimsoll.insurance.v1.EventContribution': {
        this.#tranches.set(read('market_id'), BigInt(read('balance')));
        const total = this.insuranceTotal;
        if (total < this.insuranceMin) this.insuranceMin = total;
        break;
      }
      case 'plimsoll.perps.v1.EventInvariantBroken':
        this.halts.push(`${read('identity')}: ${read('detail')}`);
        break;
    }
  }
}
