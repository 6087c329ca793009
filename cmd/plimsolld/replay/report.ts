import { randomBytes } from 'node:crypto';
import { accessSync, constants, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Failure } from '../failure.js';
import type { ReplayInputs } from './inputs.js';
import { RatePaths, type RatePath } from './rate-paths.js';
import type { BlockRecord, BreakerNote } from './record.js';
import type { Role } from './traders/trader.js';

/** The outcome of a replay. Amounts are decimal strings in quote quanta (10^-6 USDC). */
export interface ReplayReport {
  readonly inputs: {
    readonly prices: Readonly<Record<string, { readonly file: string; readonly sha256: string }>>;
    readonly class: string;
    readonly accounts: number;
    readonly seed: string;
    readonly blocksPerBar: number;
  };
  /** How many of the accounts behave in which way: one in twenty is a keeper, with bids on both sides of its market. */
  readonly traders: Readonly<Record<Role, number>>;
  readonly blocks: number;
  /** Transactions of traders that blocks included; `failedTxs` of them were refused when they ran. */
  readonly txs: number;
  readonly failedTxs: number;
  /** Each side of a trade counts. */
  readonly fills: number;
  readonly liquidations: {
    /** Different accounts that were liquidated or went bankrupt at least once. */
    readonly accounts: number;
    /** Notional closed on them, through the book and outside it. */
    readonly notional: string;
    /** Cases that could be judged an hour later, and those in which the account would have stood again by itself: see hindsight.ts. */
    readonly judged: number;
    readonly unnecessary: number;
    /** unnecessary / judged; zero when none was judged. */
    readonly unnecessarySharePpm: number;
  };
  readonly margin: {
    /** Mean over blocks and markets of one over the initial margin rate of a position without size add-on. */
    readonly averageAllowedLeverage: number;
    /** By symbol. */
    readonly rates: Readonly<Record<string, RatePath>>;
  };
  readonly waterfall: {
    /** Notional that liquidation orders closed in the auctions. */
    readonly book: string;
    /** Notional that keepers' standing bids took over, at mark. */
    readonly keepers: string;
    /** Notional that backstop vaults took over, at mark. */
    readonly backstop: string;
    /** What bankrupt accounts owed: insurance, haircut, exchange and bad debt paid it, to the unit. */
    readonly deficit: string;
    /** Paid by the tranches. */
    readonly insurance: string;
    /** Notional closed on solvent accounts against bankrupt ones. */
    readonly adl: string;
    /** Paid by gainers. */
    readonly haircut: string;
    /** Of penalties: what repaid earlier haircuts of the market. */
    readonly recovered: string;
    /**
     * Haircut taken / haircut needed: "1" when they are equal, also when none
     * was needed; any other ratio as "taken/needed". Taken is what gainers
     * paid one by one, less the rounding that went to tranches; needed is what
     * the bankrupt owed one by one, less what tranches and exchange paid.
     */
    readonly overshoot: string;
    /** Returned by the exchange out of the fees and roundings it took from gainers. */
    readonly exchange: string;
  };
  readonly insurance: { readonly start: string; readonly min: string; readonly end: string };
  /** What the backstop vaults were worth at mark. */
  readonly vaults: { readonly start: string; readonly min: string; readonly end: string };
  readonly badDebt: string;
  /** Accounts that ended a block with negative equity, summed over blocks. Must be 0. */
  readonly negativeEquityBlockEnds: number;
  /** Accounting identities that did not hold, summed over blocks. Must be 0. */
  readonly identityViolations: number;
  /** The first violations in words; empty when there are none. */
  readonly violations: readonly string[];
  /** What breakers did, the first thousand times; trigger INVARIANT with the identity as figure when trading stopped everywhere. */
  readonly breakers: readonly BreakerEvent[];
  readonly appHash: string;
  /** Of all sessions that a replay took. */
  readonly wallSeconds: number;
  readonly blocksPerSecond: number;
  readonly txsPerSecond: number;
}

/** A breaker's note with where and when. */
export interface BreakerEvent extends Omit<BreakerNote, 'marketId'> {
  readonly height: number;
  /** Empty for the whole exchange. */
  readonly market: string;
}

const shownViolations = 20;
const shownBreakers = 1_000;

/** Adds up the blocks of a replay. */
export class Tally {
  #blocks = 0;
  #txs = 0;
  #failed = 0;
  #fills = 0;
  readonly #liquidated = new Set<string>();
  #judged = 0;
  #unnecessary = 0;
  readonly #rates = new RatePaths();
  #closed = 0n;
  #book = 0n;
  #keepers = 0n;
  #backstop = 0n;
  #leastVaults: bigint;
  #vaults: bigint;
  #adl = 0n;
  #deficit = 0n;
  #insurancePaid = 0n;
  #haircut = 0n;
  #exchange = 0n;
  #haircutTaken = 0n;
  #haircutNeeded = 0n;
  #recovered = 0n;
  #least: bigint;
  #now: bigint;
  #badDebt = 0n;
  #negative = 0;
  #violationCount = 0;
  readonly #violations: string[] = [];
  readonly #breakers: (Omit<BreakerEvent, 'market'> & { readonly marketId: number })[] = [];
  #halted = false;
  #micros = 0;

  /**
   * @param start insurance before the first block
   * @param startVaults what backstop vaults are worth before it
   */
  constructor(
    readonly start: bigint,
    readonly startVaults: bigint,
  ) {
    this.#leastVaults = startVaults;
    this.#vaults = startVaults;
    this.#least = start;
    this.#now = start;
  }

  get insurance(): bigint {
    return this.#now;
  }

  add(record: BlockRecord): void {
    this.#blocks++;
    this.#txs += record.txs;
    this.#failed += record.failed;
    this.#fills += record.fills;
    for (const account of record.liquidated) this.#liquidated.add(account);
    this.#judged += record.verdicts.length;
    this.#unnecessary += record.verdicts.filter(({ unnecessary }) => unnecessary).length;
    this.#rates.add(record.height, record.rates);
    this.#closed += record.book + record.keepers + record.backstop + record.bankrupt;
    this.#book += record.book;
    this.#keepers += record.keepers;
    this.#backstop += record.backstop;
    this.#vaults = record.vaults;
    if (record.vaults < this.#leastVaults) this.#leastVaults = record.vaults;
    this.#adl += record.deleveraged;
    this.#deficit += record.deficit;
    this.#insurancePaid += record.paidByInsurance;
    this.#haircut += record.paidByHaircut;
    this.#exchange += record.paidByExchange;
    this.#haircutTaken += record.haircutTaken;
    this.#haircutNeeded += record.haircutNeeded;
    this.#recovered += record.recovered;
    this.#now = record.insurance;
    if (record.insurance < this.#least) this.#least = record.insurance;
    this.#badDebt = record.badDebt;
    this.#negative += record.negativeAccounts;
    this.#violationCount += record.violations.length;
    for (const violation of record.violations) {
      if (this.#violations.length < shownViolations) this.#violations.push(`block ${record.height}: ${violation}`);
    }
    const { haltedReason } = record;
    for (const note of record.breakers)
      if (this.#breakers.length < shownBreakers) this.#breakers.push({ height: record.height, ...note });
    if (haltedReason !== '' && !this.#halted) {
      const stop = { trigger: 'INVARIANT', active: true, mode: 'HALTED', figure: haltedReason, limit: '' };
      this.#breakers.push({ height: record.height, marketId: 0, ...stop });
    }
    this.#halted = haltedReason !== '';
    this.#micros += record.micros;
  }

  report(
    { prices, className, accounts, seed, blocksPerBar }: ReplayInputs,
    traders: Readonly<Record<Role, number>>,
    appHash: Uint8Array,
  ): ReplayReport {
    const seconds = this.#micros / 1e6;
    const rate = (count: number): number => (seconds === 0 ? 0 : Number((count / seconds).toFixed(1)));
    return {
      inputs: {
        prices: Object.fromEntries(prices.map(({ symbol, path, digest }) => [symbol, { file: path, sha256: digest }])),
        class: className,
        accounts,
        seed,
        blocksPerBar,
      },
      traders,
      blocks: this.#blocks,
      txs: this.#txs,
      failedTxs: this.#failed,
      fills: this.#fills,
      liquidations: {
        accounts: this.#liquidated.size,
        notional: this.#closed.toString(),
        judged: this.#judged,
        unnecessary: this.#unnecessary,
        unnecessarySharePpm: this.#judged === 0 ? 0 : Math.round((this.#unnecessary * 1_000_000) / this.#judged),
      },
      margin: {
        averageAllowedLeverage: this.#rates.averageAllowedLeverage,
        // Market ids count the files from 1.
        rates: Object.fromEntries([...this.#rates.paths()].map(([id, path]) => [prices[id - 1]!.symbol, path])),
      },
      waterfall: {
        book: this.#book.toString(),
        keepers: this.#keepers.toString(),
        backstop: this.#backstop.toString(),
        deficit: this.#deficit.toString(),
        insurance: this.#insurancePaid.toString(),
        adl: this.#adl.toString(),
        haircut: this.#haircut.toString(),
        recovered: this.#recovered.toString(),
        overshoot: ratio(this.#haircutTaken, this.#haircutNeeded),
        exchange: this.#exchange.toString(),
      },
      insurance: { start: this.start.toString(), min: this.#least.toString(), end: this.#now.toString() },
      vaults: {
        start: this.startVaults.toString(),
        min: this.#leastVaults.toString(),
        end: this.#vaults.toString(),
      },
      badDebt: this.#badDebt.toString(),
      negativeEquityBlockEnds: this.#negative,
      identityViolations: this.#violationCount,
      violations: this.#violations,
      breakers: this.#breakers.map(({ height, marketId, ...note }) => ({
        height,
        market: prices[marketId - 1]?.symbol ?? '',
        ...note,
      })),
      appHash: Buffer.from(appHash).toString('hex').toUpperCase(),
      wallSeconds: Number(seconds.toFixed(3)),
      blocksPerSecond: rate(this.#blocks),
      txsPerSecond: rate(this.#txs),
    };
  }
}

const ratio = (taken: bigint, needed: bigint): string => (taken === needed ? '1' : `${taken}/${needed}`);

/** The exit status a report asks for: 0 only when every block was solvent and the books held. */
export const statusOf = ({ negativeEquityBlockEnds, identityViolations }: ReplayReport): 0 | 1 =>
  negativeEquityBlockEnds === 0 && identityViolations === 0 ? 0 : 1;

/** Refuses early what could not be written in the end. @throws Failure naming the flag */
export function requireWritable(out: string): void {
  const directory = dirname(out);
  try {
    accessSync(directory, constants.W_OK);
    if (!statSync(directory).isDirectory()) throw new Error('not a directory');
  } catch (error) {
    throw new Failure(`--out ${out}: cannot write into ${directory}: ${(error as Error).message}`);
  }
  if (statSync(out, { throwIfNoEntry: false })?.isDirectory() === true)
    throw new Failure(`--out ${out}: is a directory`);
}

/** Writes the whole report or nothing. */
export function writeReport(out: string, report: ReplayReport): void {
  const temporary = `${out}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    writeFileSync(temporary, `${JSON.stringify(report, null, 2)}\n`, { flag: 'wx' });
    renameSync(temporary, out);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new Failure(`--out ${out}: ${(error as Error).message}`);
  }
}
