import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory for one test file's paths, homes and reports. */
export const scratch = (): string => mkdtempSync(join(tmpdir(), 'plimsoll-replay-'));

/** Integers from 0 to bound - 1, the same for the same seed (Numerical Recipes' generator). */
export function integers(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

/** A stretch of a path: so many bars, each moving by a drift and up to the noise, in parts per million. */
export interface Stretch {
  readonly bars: number;
  readonly drift: number;
  readonly noise: number;
  /** The venue is silent: no bars are written. */
  readonly silent?: boolean;
}

const startSeconds = 1_700_000_040;

/** Writes a synthetic path as a CSV of bars. Prices are integers of a millionth, written as decimals. */
export function writePath(
  directory: string,
  name: string,
  first: number,
  stretches: readonly Stretch[],
  { seed = 7, intervalSeconds = 60, closeOnly = false } = {},
): string {
  const draw = integers(seed);
  const lines = [closeOnly ? 'timestamp_utc_s,close' : 'timestamp_utc_s,open,high,low,close,volume'];
  let price = Math.round(first * 1e6);
  let time = startSeconds;
  for (const { bars, drift, noise, silent } of stretches) {
    for (let bar = 0; bar < bars; bar++, time += intervalSeconds) {
      const move = drift + draw(2 * noise + 1) - noise;
      const open = price;
      const close = Math.max(1, open + Math.round((open * move) / 1e6));
      const wick = 1 + draw(Math.max(1, Math.round((open * noise) / 1e6)));
      const high = Math.max(open, close) + wick;
      const low = Math.max(1, Math.min(open, close) - wick);
      price = close;
      if (silent === true) continue;
      const cells = closeOnly ? [close] : [open, high, low, close];
      lines.push(`${[time, ...cells.map(decimal)].join(',')}${closeOnly ? '' : `,${draw(1000)}`}`);
    }
  }
  const path = join(directory, name);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

const decimal = (millionths: number): string => (millionths / 1e6).toFixed(6);
