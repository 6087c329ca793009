import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { barInterval, readBars, type Bar } from '../../../x/oracle/sources/csv.js';
import type { ClassName } from '../../../x/perps/params.js';
import { Failure } from '../failure.js';

/** What a replay is asked to do; enough to repeat it to the last byte. */
export interface ReplayInputs {
  /** In the order of the command line; market ids count from 1. */
  readonly prices: readonly PriceFile[];
  readonly className: ClassName;
  readonly accounts: number;
  readonly seed: string;
  readonly blocksPerBar: number;
  /** Stop after this many blocks; undefined runs to the end of the files. */
  readonly maxBlocks?: number;
}

/** A recorded price path. */
export interface PriceFile {
  /** For example BTC-USD. */
  readonly symbol: string;
  readonly path: string;
  readonly bars: readonly Bar[];
  /** Milliseconds from one bar to the next. */
  readonly intervalMs: number;
  /** SHA-256 of the file, hex. */
  readonly digest: string;
}

/** What the command line gives, still as text. */
export interface ReplayFlags {
  readonly prices: readonly string[];
  readonly accounts: string;
  readonly seed: string;
  readonly blocksPerBar: string;
  readonly class: string;
  readonly blocks?: string;
}

const maxMarkets = 20;
/** About a week of wall time at full speed; a mistyped file is far above it. */
const maxHeights = 20_000_000;
const minAccounts = 8;
const maxAccounts = 100_000;

/** @throws Failure naming the flag, or the file and line, and what would be accepted */
export function readInputs(flags: ReplayFlags): ReplayInputs {
  const className = flags.class;
  if (className !== 'A' && className !== 'B' && className !== 'C' && className !== 'D') {
    throw new Failure(`--class: ${JSON.stringify(className)}; expected A, B, C or D`, 2);
  }
  if (flags.prices.length === 0) {
    throw new Failure('--prices: missing; expected at least one SYMBOL=FILE.csv, like BTC-USD=btc.csv', 2);
  }
  if (flags.prices.length > maxMarkets)
    throw new Failure(`--prices: ${flags.prices.length} files; at most ${maxMarkets}`, 2);
  if (flags.seed === '' || flags.seed.length > 100) throw new Failure('--seed: expected 1 to 100 characters', 2);
  const accounts = integer('--accounts', flags.accounts, minAccounts, maxAccounts);
  const blocksPerBar = integer('--blocks-per-bar', flags.blocksPerBar, 1, 60);
  const maxBlocks = flags.blocks === undefined ? undefined : integer('--blocks', flags.blocks, 1, maxHeights);
  const prices = flags.prices.map(readPriceFile);
  for (const [index, { symbol }] of prices.entries()) {
    if (prices.findIndex((other) => other.symbol === symbol) !== index) {
      throw new Failure(`--prices: ${symbol} is named twice`, 2);
    }
  }
  requireOverlap(prices);
  return { prices, className, accounts, seed: flags.seed, blocksPerBar, maxBlocks };
}

function integer(flag: string, text: string, low: number, high: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  if (!(value >= low && value <= high)) {
    throw new Failure(`${flag}: ${JSON.stringify(text)}; expected an integer from ${low} to ${high}`, 2);
  }
  return value;
}

function readPriceFile(argument: string): PriceFile {
  const at = argument.indexOf('=');
  const symbol = argument.slice(0, Math.max(at, 0));
  const path = argument.slice(at + 1);
  if (at === -1 || !/^[A-Z0-9]{1,16}-[A-Z0-9]{1,16}$/.test(symbol) || path === '') {
    throw new Failure(`--prices: ${JSON.stringify(argument)}; expected SYMBOL=FILE.csv with a symbol like BTC-USD`, 2);
  }
  let bars: Bar[];
  let digest: string;
  try {
    bars = readBars(path);
    digest = createHash('sha256').update(readFileSync(path)).digest('hex');
  } catch (error) {
    throw new Failure(`--prices ${symbol}: ${(error as Error).message}`);
  }
  return { symbol, path, bars, intervalMs: barInterval(bars), digest };
}

/** Markets of one run must share some time: otherwise the run would be years of silence between two events. */
function requireOverlap(prices: readonly PriceFile[]): void {
  const [first, ...others] = prices;
  for (const other of others) {
    const from = Math.max(first!.bars[0]!.timeMs, other.bars[0]!.timeMs);
    const to = Math.min(endOf(first!), endOf(other));
    if (from >= to) {
      throw new Failure(
        `--prices: ${first!.path} and ${other.path} have no time in common; replay them one after the other`,
      );
    }
  }
}

export const endOf = ({ bars, intervalMs }: PriceFile): number => bars.at(-1)!.timeMs + intervalMs;
