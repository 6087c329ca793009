import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** A recorded file, or undefined when the recordings are not on this machine; PLIMSOLL_DATA names their directory. */
export function recorded(name: string): string | undefined {
  const path = join(process.env['PLIMSOLL_DATA'] ?? resolve('..', 'shared', 'data'), name);
  return existsSync(path) ? path : undefined;
}

/** Rows of a CSV file without quoted fields, by column. */
export function rowsOf(path: string): Record<string, string>[] {
  const [head, ...lines] = readFileSync(path, 'utf8').trim().split(/\r?\n/);
  const names = head!.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((cell, index) => [names[index]!, cell])));
}
