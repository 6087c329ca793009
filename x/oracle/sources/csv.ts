import { readFileSync } from 'node:fs';
import type { PriceSource, QuotedPrice } from '../price-source.js';

/** One recorded bar; prices as written in the file. */
export interface Bar {
  /** Opening time in milliseconds. */
  readonly timeMs: number;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
}

const price = /^\d{1,15}(\.\d{1,18})?([eE][+-]?\d{1,2})?$/;

/**
 * Reads bars `timestamp_utc_s,open,high,low,close[,volume]` or
 * `timestamp_utc_s,close`. Bars ascend in time; gaps stay gaps.
 * @throws Error naming file, line and fault
 */
export function readBars(path: string): Bar[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(
      `${path}: ${(error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file' : (error as Error).message}`,
      {
        cause: error,
      },
    );
  }
  const lines = text.split(/\r?\n/);
  const header = lines[0]!.trim().split(',');
  const column = (name: string): number => header.indexOf(name);
  const fail = (line: number, what: string): never => {
    throw new Error(`${path}:${line + 1}: ${what}`);
  };
  const timeAt = column('timestamp_utc_s');
  const closeAt = column('close');
  if (timeAt === -1 || closeAt === -1) {
    fail(0, `the header must name timestamp_utc_s and close, found ${JSON.stringify(lines[0]!.slice(0, 100))}`);
  }
  const bars: Bar[] = [];
  for (let line = 1; line < lines.length; line++) {
    const row = lines[line]!.trim();
    if (row === '') continue;
    const cells = row.split(',');
    if (cells.length !== header.length) fail(line, `${cells.length} fields, the header has ${header.length}`);
    if (!/^\d{1,11}$/.test(cells[timeAt]!))
      fail(line, `timestamp_utc_s: ${JSON.stringify(cells[timeAt])} is not a time in seconds`);
    const timeMs = Number(cells[timeAt]) * 1000;
    if (bars.length > 0 && timeMs <= bars.at(-1)!.timeMs) fail(line, 'timestamp_utc_s: bars must ascend in time');
    const read = (name: string): string => {
      const at = column(name);
      const cell = cells[at === -1 ? closeAt : at]!;
      if (!price.test(cell) || Number(cell) <= 0)
        fail(line, `${name}: ${JSON.stringify(cell.slice(0, 40))} is not a positive price`);
      return cell;
    };
    const bar = { timeMs, open: read('open'), high: read('high'), low: read('low'), close: read('close') };
    const [open, high, low, close] = [Number(bar.open), Number(bar.high), Number(bar.low), Number(bar.close)];
    if (low > Math.min(open, close) || high < Math.max(open, close))
      fail(line, 'high and low do not span open and close');
    bars.push(bar);
  }
  if (bars.length === 0) fail(0, 'there are no bars');
  return bars;
}

/** Usual distance between bars: the smallest one in the file. */
export function barInterval(bars: readonly Bar[]): number {
  let least = Infinity;
  for (let i = 1; i < bars.length; i++) least = Math.min(least, bars[i]!.timeMs - bars[i - 1]!.timeMs);
  return Number.isFinite(least) ? least : 60_000;
}

interface Series {
  readonly symbol: string;
  readonly bars: readonly Bar[];
  readonly interval: number;
}

/**
 * Replays recorded bars by block time. Within a bar the price goes from open
 * to the extreme that the close lies farther from, to the other extreme, to
 * close: an up bar sees its low first, a down bar its high. In a gap there is no price.
 */
export class CsvPriceSource implements PriceSource {
  readonly #series: readonly Series[];

  /** @param files symbol to path. @throws Error naming file, line and fault */
  constructor(files: Readonly<Record<string, string>>) {
    this.#series = Object.entries(files).map(([symbol, path]) => {
      const bars = readBars(path);
      return { symbol, bars, interval: barInterval(bars) };
    });
  }

  /** First bar's opening and last bar's end over all files, in milliseconds. */
  span(): { readonly startMs: number; readonly endMs: number; readonly intervalMs: number } {
    return {
      startMs: Math.min(...this.#series.map(({ bars }) => bars[0]!.timeMs)),
      endMs: Math.max(...this.#series.map(({ bars, interval }) => bars.at(-1)!.timeMs + interval)),
      intervalMs: Math.min(...this.#series.map(({ interval }) => interval)),
    };
  }

  firstPrice(symbol: string): string {
    return this.#series.find((series) => series.symbol === symbol)!.bars[0]!.open;
  }

  prices(timeMs: bigint): readonly QuotedPrice[] {
    const time = Number(timeMs);
    const found: QuotedPrice[] = [];
    for (const { symbol, bars, interval } of this.#series) {
      const bar = barAt(bars, time);
      if (bar === undefined || time >= bar.timeMs + interval) continue;
      const quarter = Math.floor((4 * (time - bar.timeMs)) / interval);
      const up = Number(bar.close) >= Number(bar.open);
      const path = up ? [bar.open, bar.low, bar.high, bar.close] : [bar.open, bar.high, bar.low, bar.close];
      found.push({ symbol, price: path[quarter]! });
    }
    return found;
  }
}

/** The last bar that opened at or before a time. */
function barAt(bars: readonly Bar[], time: number): Bar | undefined {
  let low = 0;
  let high = bars.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (bars[middle]!.timeMs <= time) low = middle + 1;
    else high = middle;
  }
  return bars[low - 1];
}
