import type { Figures } from '../scenarios/scenario.js';

/** Names and values; large numbers in groups of three digits. */
export const figuresTable = (figures: Figures): string =>
  markdownTable([['figure', 'value'], ...Object.entries(figures).map(([name, value]) => [name, grouped(value)])]);

/** The first row is the head. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const [head, ...body] = rows;
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head!), line(head!.map(() => '---')), ...body.map(line)].join('\n');
}

const grouped = (value: string | number): string =>
  typeof value === 'number' && Number.isInteger(value) ? String(value).replace(/\B(?=(\d{3})+$)/g, ',') : String(value);
