import { fdiv, max, million, min } from '../../runtime/math/integers.js';
import type { JsonValue } from '../../runtime/codec/types.js';

/** Most that a number moves within the window, ppm of what it was. risk-model section 16. */
const largestChange = 250_000n;
/** Values that held within this time bound a change, milliseconds: seven days. */
export const windowMs = 604_800_000n;

/** How single fields of a value are looked at; paths have dots, and [] for the entries of a list. */
export interface FieldRules {
  /** Names, facts and shapes: no size that a small step means anything for. */
  readonly free?: readonly string[];
  /** Zero says that there is none: not a number to measure from or towards. */
  readonly zeroIsNone?: readonly string[];
  /** Less is safer: may fall by any amount. */
  readonly mayFall?: readonly string[];
}

export interface Bound {
  readonly least: bigint;
  readonly most: bigint;
}

const integer = /^-?\d{1,78}$/;
const duration = /^(-?\d{1,20})(?:\.(\d{1,9}))?s$/;

/** A JSON value as a number; durations in nanoseconds; undefined when it is none. */
function numberOf(value: JsonValue): bigint | undefined {
  if (typeof value === 'number') return BigInt(value);
  if (typeof value !== 'string') return undefined;
  if (integer.test(value)) return BigInt(value);
  const match = duration.exec(value);
  if (match === null) return undefined;
  return BigInt(match[1]!) * 1_000_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'));
}

/** Every number of a message in proto JSON by its path, in the order of fields. */
export function numbersOf(value: JsonValue, path = '', found = new Map<string, bigint>()): Map<string, bigint> {
  const number = numberOf(value);
  if (number !== undefined) found.set(path, number);
  else if (Array.isArray(value))
    for (const [index, each] of value.entries()) numbersOf(each, `${path}[${index}]`, found);
  else if (typeof value === 'object' && value !== null)
    for (const [name, each] of Object.entries(value)) numbersOf(each, path === '' ? name : `${path}.${name}`, found);
  return found;
}

const isOf = (fields: readonly string[] | undefined, path: string): boolean =>
  fields !== undefined && fields.includes(path.replace(/\[\d+\]/g, '[]'));

/**
 * How far each number may be changed: by a quarter of what it was at any time
 * within the window, and by one where a quarter is less. So steps do not add
 * up to more than one step. What a module's own limits say comes on top.
 * risk-model section 16, INV-G2. O(fields * values).
 * @param values the value that holds now first, then those that held within the window; proto JSON
 */
export function changeBounds(values: readonly JsonValue[], rules: FieldRules): Map<string, Bound> {
  const bounds = new Map<string, Bound>();
  for (const value of values) {
    for (const [path, number] of numbersOf(value)) {
      if (isOf(rules.free, path)) continue;
      if (number === 0n && isOf(rules.zeroIsNone, path)) continue;
      const step = max(1n, fdiv((number < 0n ? -number : number) * largestChange, million));
      const known = bounds.get(path);
      bounds.set(path, {
        least: known === undefined ? number - step : max(known.least, number - step),
        most: known === undefined ? number + step : min(known.most, number + step),
      });
    }
  }
  return bounds;
}

/** Numbers of a new value that are beyond their bounds, in the order of fields. */
export function beyond(
  value: JsonValue,
  bounds: ReadonlyMap<string, Bound>,
  rules: FieldRules,
): readonly { readonly field: string; readonly value: bigint; readonly bound: Bound }[] {
  const found = [];
  for (const [field, number] of numbersOf(value)) {
    const bound = bounds.get(field);
    if (bound === undefined || (number === 0n && isOf(rules.zeroIsNone, field))) continue;
    const low = number < bound.least && !isOf(rules.mayFall, field);
    if (low || number > bound.most) found.push({ field, value: number, bound });
  }
  return found;
}
