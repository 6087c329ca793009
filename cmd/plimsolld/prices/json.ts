import { parse } from 'lossless-json';

/** JSON whose numbers are kept as the text they were written in: a price never becomes a float. */
export type Json = string | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** @throws Error for anything that is not JSON, too deep, or holds one key twice with different values */
export function parseJson(text: string): Json {
  return parse(text, undefined, (number) => number) as Json;
}

const steps = new Map<string, readonly (string | number)[]>();

/** "c[0].price" as its steps; paths come from descriptions, so there are few. */
function stepsOf(path: string): readonly (string | number)[] {
  let found = steps.get(path);
  if (found === undefined) {
    found = [...path.matchAll(/\[(\d+)\]|([^.[\]]+)/g)].map((match) =>
      match[1] === undefined ? match[2]! : Number(match[1]),
    );
    steps.set(path, found);
  }
  return found;
}

/** What lies at a path like "result.list[0].price"; the empty path is the value itself. Undefined where nothing is. */
export function at(value: Json | undefined, path: string): Json | undefined {
  let here = value;
  for (const step of stepsOf(path)) {
    if (typeof here !== 'object' || here === null) return undefined;
    if (typeof step === 'number') here = Array.isArray(here) ? (here as readonly Json[])[step] : undefined;
    else here = !Array.isArray(here) && Object.hasOwn(here, step) ? (here as Record<string, Json>)[step] : undefined;
  }
  return here;
}

/** Text of a string, number or boolean; undefined for anything else. */
export function scalar(value: Json | undefined): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'boolean' ? String(value) : undefined;
}
