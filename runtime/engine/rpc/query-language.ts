/** A condition of CometBFT's event query language: `type.attribute op value`. */
export interface Condition {
  readonly tag: string;
  readonly operator: '=' | '<' | '<=' | '>' | '>=' | 'CONTAINS' | 'EXISTS';
  readonly value: string | bigint | undefined;
}

/** Events as tags: `type.attribute` to all its values. */
export type Tags = ReadonlyMap<string, readonly string[]>;

const token =
  /\s*(?:(AND)\b|(CONTAINS|EXISTS)\b|(<=|>=|=|<|>)|'((?:[^'\\]|\\.)*)'|(?:TIME|DATE)\s+([0-9TZ:.+-]+)|(-?\d+)(?:\.\d+)?(?=\s|$)|([A-Za-z_][A-Za-z0-9_.-]*))/y;

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
    const tag = next()[7] ?? fail('expected a tag like tx.height');
    const [, , word, comparison] = next();
    if (word === 'EXISTS') conditions.push({ tag, operator: 'EXISTS', value: undefined });
    else {
      const operator = (word ?? comparison ?? fail('expected an operator')) as Condition['operator'];
      const [, , , , quoted, time, digits] = next();
      const value = quoted ?? time ?? (digits === undefined ? fail('expected a value') : BigInt(digits));
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

function holds(found: string, operator: Condition['operator'], value: string | bigint): boolean {
  if (operator === 'CONTAINS') return found.includes(value as string);
  if (typeof value === 'string') {
    if (operator === '=') return found === value;
    // Times compare as text in RFC 3339 UTC.
    return compare(found < value ? -1 : found > value ? 1 : 0, operator);
  }
  const number = /^-?\d+/.exec(found)?.[0];
  if (number === undefined) return false;
  const left = BigInt(number);
  return compare(left < value ? -1 : left > value ? 1 : 0, operator);
}

function compare(order: -1 | 0 | 1, operator: Condition['operator']): boolean {
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
