import type { JsonValue } from '../../runtime/codec/types.js';

export type OutputFormat = 'json' | 'text';

/** Prints a value to stdout: JSON for programs, indented names and values for people. */
export function print(value: JsonValue, format: OutputFormat): void {
  process.stdout.write(format === 'json' ? `${JSON.stringify(value, null, 2)}\n` : `${lines(value, '').join('\n')}\n`);
}

function lines(value: JsonValue, indent: string): string[] {
  if (Array.isArray(value)) {
    if (value.length === 0) return [`${indent}(none)`];
    return value.flatMap((item) => {
      const [first, ...rest] = lines(item, `${indent}  `);
      return [`${indent}- ${first!.trimStart()}`, ...rest];
    });
  }
  if (value !== null && typeof value === 'object') {
    return Object.entries(value).flatMap(([key, item]) =>
      item !== null && typeof item === 'object' && Object.keys(item).length > 0
        ? [`${indent}${key}:`, ...lines(item, `${indent}  `)]
        : [`${indent}${key}: ${item === null || typeof item === 'object' ? '-' : String(item)}`],
    );
  }
  return [`${indent}${String(value)}`];
}

/** Aligns columns of a table. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
