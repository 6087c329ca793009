import { at, scalar, type Json } from '../json.js';

/** JSON to send, with places to fill. */
export type Template = string | number | boolean | readonly Template[] | { readonly [key: string]: Template };

export interface Filling {
  readonly symbols?: readonly string[];
  /** Number of this message on its connection. */
  readonly id?: number;
  /** {now_s}: seconds since 1970. */
  readonly nowMs?: number;
  /** {@some.path}: what the answered message says there. */
  readonly message?: Json;
}

/**
 * Fills a template: {symbol}, {symbols} (joined by commas), {id}, {now_s} and
 * {@path.in.message}. A text that is nothing but {id}, {now_s} or an integer of the
 * message becomes a number. An array whose only element names {symbol} repeats it for each symbol.
 */
export function fill(template: Template, filling: Filling): unknown {
  if (typeof template === 'string') return fillText(template, filling);
  if (typeof template !== 'object') return template;
  if (Array.isArray(template)) {
    const items = template as readonly Template[];
    const [only] = items;
    if (items.length === 1 && JSON.stringify(only).includes('{symbol}')) {
      return (filling.symbols ?? []).map((symbol) => fill(only!, { ...filling, symbols: [symbol] }));
    }
    return items.map((item) => fill(item, filling));
  }
  return Object.fromEntries(Object.entries(template).map(([key, item]) => [key, fill(item, filling)]));
}

function fillText(text: string, filling: Filling): unknown {
  const whole = /^\{([^{}]+)\}$/.exec(text)?.[1];
  if (whole !== undefined && !whole.startsWith('symbol')) {
    const value = valueOf(whole, filling);
    // A message number stays one, where it is exact as one.
    return /^\d{1,15}$/.test(value) ? Number(value) : value;
  }
  return text.replace(/\{([^{}]+)\}/g, (_, name: string) => valueOf(name, filling));
}

function valueOf(name: string, { symbols = [], id = 0, nowMs = 0, message }: Filling): string {
  switch (name) {
    case 'symbol':
      return symbols[0] ?? '';
    case 'symbols':
      return symbols.join(',');
    case 'id':
      return String(id);
    case 'now_s':
      return String(Math.floor(nowMs / 1_000));
    default:
      return name.startsWith('@') ? (scalar(at(message, name.slice(1))) ?? '') : '';
  }
}
