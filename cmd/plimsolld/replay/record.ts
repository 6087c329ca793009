import type { ResponseFinalizeBlock } from 'cosmjs-types/tendermint/abci/types';
import type { Market } from '../../../gen/plimsoll/perps/v1/types.js';
import { quoteDivisorOf } from '../../../x/perps/keeper.js';
import type { BlockAudit } from './audit.js';
import type { Case, Verdict } from './hindsight.js';
import type { RatePoint } from './rate-paths.js';

/** What one block adds to the report. Amounts in quote quanta. */
export interface BlockRecord {
  readonly height: number;
  /** Transactions of traders in the block, and how many of them failed. */
  readonly txs: number;
  readonly failed: number;
  /** Both sides of each trade count. */
  readonly fills: number;
  /** Accounts that were liquidated, owner and number. */
  readonly liquidated: readonly string[];
  /** Those of them that were not waiting for their verdict yet, and verdicts of earlier ones. */
  readonly cases: readonly Case[];
  readonly verdicts: readonly Verdict[];
  /** Of markets with a price. */
  readonly rates: readonly RatePoint[];
  /** Closed by liquidation orders in the auction. */
  readonly book: bigint;
  /** Taken over by keepers, at mark. */
  readonly keepers: bigint;
  /** Taken over by backstop vaults, at mark. */
  readonly backstop: bigint;
  /** Closed on bankrupt accounts outside the book, at mark. */
  readonly bankrupt: bigint;
  /** Closed on solvent accounts against bankrupt ones, at mark. */
  readonly deleveraged: bigint;
  /** What bankrupt accounts owed. */
  readonly deficit: bigint;
  readonly paidByInsurance: bigint;
  readonly paidByHaircut: bigint;
  readonly paidByExchange: bigint;
  /** Cut from gainers one by one, less what rounding took too much and tranches got. */
  readonly haircutTaken: bigint;
  /** Deficits of the bankrupt one by one, less what tranches paid out and the exchange returned. */
  readonly haircutNeeded: bigint;
  /** Penalties that repaid earlier haircuts. */
  readonly recovered: bigint;
  readonly insurance: bigint;
  /** What backstop vaults are worth. */
  readonly vaults: bigint;
  readonly badDebt: bigint;
  readonly negativeAccounts: number;
  readonly violations: readonly string[];
  readonly haltedReason: string;
  /** What breakers did: docs/breakers.md. */
  readonly breakers: readonly BreakerNote[];
  /** Wall time that the block took, microseconds. */
  readonly micros: number;
}

/** A trigger that was raised or ended. */
export interface BreakerNote {
  readonly marketId: number;
  /** As in plimsoll.perps.v1.Trigger, without the prefix: VELOCITY is B1, and so on. */
  readonly trigger: string;
  readonly active: boolean;
  /** Mode of the market afterwards. */
  readonly mode: string;
  readonly figure: string;
  readonly limit: string;
}

type Attributes = ReadonlyMap<string, string>;

const amount = (attributes: Attributes, name: string): bigint => BigInt(JSON.parse(attributes.get(name)!) as string);
const number = (attributes: Attributes, name: string): number => Number(attributes.get(name)!);
const accountOf = (attributes: Attributes): string => {
  const { owner, number } = JSON.parse(attributes.get('subaccount')!) as { owner: string; number: number };
  return `${owner}/${number}`;
};

const prefix = 'plimsoll.perps.v1.';
const insurancePayment = 'plimsoll.insurance.v1.EventPayment';

/** Reads a block's results. The first result is the price votes' from the third block on. */
export function recordOf(
  height: number,
  results: Pick<ResponseFinalizeBlock, 'events' | 'txResults'>,
  markets: ReadonlyMap<number, Market>,
  audit: BlockAudit,
  after: Pick<BlockRecord, 'rates' | 'verdicts'> & {
    readonly open: (liquidated: readonly string[]) => readonly Case[];
  },
  micros: number,
): BlockRecord {
  const txs = results.txResults.slice(hasVotes(height) ? 1 : 0);
  const record = {
    height,
    txs: txs.length,
    failed: txs.filter(({ code }) => code !== 0).length,
    fills: 0,
    book: 0n,
    keepers: 0n,
    backstop: 0n,
    bankrupt: 0n,
    deleveraged: 0n,
    deficit: 0n,
    paidByInsurance: 0n,
    paidByHaircut: 0n,
    paidByExchange: 0n,
    haircutTaken: 0n,
    haircutNeeded: 0n,
    recovered: 0n,
  };
  const liquidated = new Set<string>();
  const breakers: BreakerNote[] = [];
  for (const { type, attributes } of results.events) {
    if (!type.startsWith(prefix) && type !== insurancePayment) continue;
    const fields: Attributes = new Map(attributes.map(({ key, value }) => [key, value]));
    if (type === insurancePayment) {
      record.haircutNeeded -= amount(fields, 'amount');
      continue;
    }
    switch (type.slice(prefix.length)) {
      case 'EventFill':
        record.fills++;
        if (fields.get('liquidation') === 'true') record.book += amount(fields, 'quote_amount');
        break;
      case 'EventKeeperFill':
        record.keepers += amount(fields, 'notional');
        break;
      case 'EventBackstopTakeover':
        record.backstop += amount(fields, 'notional');
        break;
      case 'EventLiquidation':
        liquidated.add(accountOf(fields));
        break;
      case 'EventBankruptcy':
        liquidated.add(accountOf(fields));
        record.haircutNeeded += amount(fields, 'deficit');
        break;
      case 'EventBreaker':
        breakers.push(noteOf(fields));
        break;
      case 'EventHaircut':
        record.haircutTaken += amount(fields, 'amount');
        break;
      case 'EventRecoveryPaid':
        record.recovered += amount(fields, 'amount');
        break;
      case 'EventDeleveraged': {
        const divisor = quoteDivisorOf(markets.get(number(fields, 'market_id'))!);
        const notional = (amount(fields, 'quantity') * amount(fields, 'price')) / divisor;
        if (fields.get('bankrupt') === 'true') record.bankrupt += notional;
        else record.deleveraged += notional;
        break;
      }
      case 'EventDeficit':
        record.deficit += amount(fields, 'deficit');
        record.paidByInsurance += amount(fields, 'paid_by_insurance');
        record.paidByHaircut += amount(fields, 'paid_by_haircut');
        record.paidByExchange += amount(fields, 'paid_by_exchange');
        record.haircutNeeded -= amount(fields, 'paid_by_exchange');
        record.haircutTaken -= amount(fields, 'haircut_surplus');
        break;
      default:
    }
  }
  const { violations, negativeAccounts, insurance, vaults, badDebt, haltedReason } = audit;
  return {
    ...record,
    liquidated: [...liquidated],
    cases: after.open([...liquidated]),
    verdicts: after.verdicts,
    rates: after.rates,
    violations,
    negativeAccounts,
    insurance,
    vaults,
    badDebt,
    haltedReason,
    breakers,
    micros,
  };
}

function noteOf(fields: Attributes): BreakerNote {
  const text = (name: string): string => JSON.parse(fields.get(name)!) as string;
  return {
    marketId: number(fields, 'market_id'),
    trigger: text('trigger').replace('TRIGGER_', ''),
    active: fields.get('active') === 'true',
    mode: text('after').replace('MARKET_MODE_', ''),
    figure: text('figure'),
    limit: text('limit'),
  };
}

/** Vote extensions are enabled at height 2, so that blocks carry them from height 3 on. */
export const hasVotes = (height: number): boolean => height > 2;
