/** What is bought and what it is paid with, like BTC and USD. */
export interface Pair {
  readonly base: string;
  readonly quote: string;
}

/** BTC-USD, as the chain writes symbols. Undefined for any other form. */
export function parsePair(text: string): Pair | undefined {
  const match = /^([A-Z0-9]{1,16})-([A-Z0-9]{1,16})$/.exec(text);
  return match === null ? undefined : { base: match[1]!, quote: match[2]! };
}

export const pairText = ({ base, quote }: Pair): string => `${base}-${quote}`;

/** How a venue writes a pair. */
export interface SymbolRule {
  /** {BASE} and {QUOTE}, or {base} and {quote} for lower case: "{BASE}-{QUOTE}". */
  readonly form: string;
  /** Assets that the venue calls by another name: BTC is XBT. */
  readonly assets?: Readonly<Record<string, string>>;
  /** Pairs that follow no rule: BTC-USD is XXBTZUSD. */
  readonly pairs?: Readonly<Record<string, string>>;
}

/** A pair as a venue writes it. */
export function venueSymbol(rule: SymbolRule, pair: Pair): string {
  const special = rule.pairs?.[pairText(pair)];
  if (special !== undefined) return special;
  const base = rule.assets?.[pair.base] ?? pair.base;
  const quote = rule.assets?.[pair.quote] ?? pair.quote;
  return rule.form
    .replace('{BASE}', base)
    .replace('{QUOTE}', quote)
    .replace('{base}', base.toLowerCase())
    .replace('{quote}', quote.toLowerCase());
}
