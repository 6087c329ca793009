/** A condition of CometBFT's event query language: `type.attribute op value`. */
export interface Condition {
  readonly tag: string;
  readonly operator: '=' | '<' | '<=' | '>' | '>=' | 'CONTAINS' | 'EXISTS';
  /** A text, an integer, or an instant; decimals are refused when the query is read. */
  readonly value: string | bigint | Date | undefined;
}

/** Events as tags: `type.attribute` to all its values. */
export type Tags = ReadonlyMap<string, readonly string[]>;

const token =
  /\s*(?:(AND)\b|(CONTAINS|EXISTS)\b|(<=|>=|=|<|>)|'((?:[^'\\]|\\.)*)'|(TIME|DATE)\s+([0-9TZ:.+-]+)|(-?\d+)(?![\d.])(?=\s|$)|([A-Za-z_][A-Za-z0-9_.-]*))/y;

/** @throws Error unless the text is a date 2026-01-31 or a time 2026-01-31T00:00:00Z that exists */
function instantOf(kind: string, text: string): Date {
  const form = kind === 'DATE' ? /^\d{4}-\d\d-\d\d$/ : /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;
  const instant = new Date(text);
  // A day that no month has would roll over into the next one.
  const day = new Date(text.slice(0, 10));
  if (
    !form.test(text) ||
    Number.isNaN(instant.getTime()) ||
    Number.isNaN(day.getTime()) ||
    day.toISOString().slice(0, 10) !== text.slice(0, 10)
  ) {
    throw new Error(`${text} is not a ${kind === 'DATE' ? 'date like 2026-01-31' : 'time like 2026-01-31T00:00:00Z'}`);
  }
  return instant;
}

/** @throws Error that shows where the query goes wrong */
export function parseQuery(text: string): Condition[] {
  if (Buffer.byteLength(text) > 512) throw new Error('query is longer than 512 bytes');
  const conditions: Condition[] = [];
  let at = 0;
  const next = (): RegExpExecArray => {
    token.lastIndex = at;
    const match = token.exec(text);
    if (match === null) throw new Error(`cannot read the query at ${JSON.stringify(text.slice(at, at + 20))}`);
    at = token.lastIndex;
    return match;
  };
  const fail = (what: string): never => {
    throw new Error(`${what} at ${JSON.stringify(text.slice(Math.max(0, at - 20), at))}`);
  };
  if (text.trim() === '') throw new Error('query is empty');
  for (;;) {
    const tag = next()[8] ?? fail('expected a tag like tx.height');
    const [, , word, comparison] = next();
    if (word === 'EXISTS') conditions.push({ tag, operator: 'EXISTS', value: undefined });
    else {
      const operator = (word ?? comparison ?? fail('expected an operator')) as Condition['operator'];
      const [, , , , quoted, kind, time, digits] = next();
      const instant = time === undefined ? undefined : instantOf(kind!, time);
      const value = quoted ?? instant ?? (digits === undefined ? fail('expected a value') : BigInt(digits));
      if (operator === 'CONTAINS' && typeof value !== 'string') fail('CONTAINS needs a quoted text');
      conditions.push({ tag, operator, value });
    }
    if (text.slice(at).trim() === '') return conditions;
    if (next()[1] !== 'AND') fail('expected AND');
  }
}

/** True when every condition holds for some value of its tag. */
export function matches(conditions: readonly Condition[], tags: Tags): boolean {
  return conditions.every(({ tag, operator, value }) => {
    const found = tags.get(tag);
    if (found === undefined) return false;
    return operator === 'EXISTS' || found.some((each) => holds(each, operator, value!));
  });
}

function holds(found: string, operator: Condition['operator'], value: string | bigint | Date): boolean {
  if (operator === 'CONTAINS') return found.includes(value as string);
  if (typeof value === 'string') {
    return compare(found < value ? -1 : found > value ? 1 : 0, operator);
  }
  if (value instanceof Date) {
    const left = Date.parse(found) - value.getTime();
    return !Number.isNaN(left) && compare(Math.sign(left), operator);
  }
  // The unit of a coin (8uusdc) is left aside; a decimal fraction counts.
  const number = /^(-?)(\d+)(?:\.(\d+))?/.exec(found);
  if (number === null) return false;
  const [, sign, whole, fraction = ''] = number;
  const left = BigInt(`${sign}${whole}${fraction}`);
  const right = value * 10n ** BigInt(fraction.length);
  return compare(left < right ? -1 : left > right ? 1 : 0, operator);
}

function compare(order: number, operator: Condition['operator']): boolean {
  switch (operator) {
    case '=':
      return order === 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
    default:
      return false;
  }
}

interface EventLike {
  readonly type: string;
  readonly attributes: readonly { readonly key: string; readonly value: string }[];
}

/** Tags of events and of reserved names. */
export function tagsOf(
  events: readonly EventLike[],
  reserved: Readonly<Record<string, string>>,
): Map<string, string[]> {
  const tags = new Map<string, string[]>(Object.entries(reserved).map(([key, value]) => [key, [value]]));
  for (const { type, attributes } of events) {
    for (const { key, value } of attributes) {
      const tag = `${type}.${key}`;
      const list = tags.get(tag);
      if (list === undefined) tags.set(tag, [value]);
      else list.push(value);
    }
  }
  return tags;
}
