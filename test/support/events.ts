import type { ResponseFinalizeBlock } from 'cosmjs-types/tendermint/abci/types';

/** The attributes of an event as values: numbers up to 32 bits as numbers, larger ones as text. */
export type EventFields = Readonly<Record<string, unknown>>;

export interface PerpsEvent {
  /** Without the package: EventFill. */
  readonly name: string;
  /** Read from their texts when they are asked for. */
  readonly fields: EventFields;
}

/** Events as a block's results have them, one after the other. */
export interface BlockEvents {
  readonly events: Iterable<ResponseFinalizeBlock['events'][number]>;
}

const prefix = 'plimsoll.perps.v1.';

/** Perps events of a block, those of transactions apart: fills, liquidations and what pays for them come at its end. */
export function* perpsEvents({ events }: BlockEvents): Iterable<PerpsEvent> {
  for (const event of events) {
    if (!event.type.startsWith(prefix)) continue;
    let fields: EventFields | undefined;
    yield {
      name: event.type.slice(prefix.length),
      get fields() {
        return (fields ??= Object.fromEntries(event.attributes.map(({ key, value }) => [key, valueOf(value)])));
      },
    };
  }
}

/** What the runtime adds to an event is plain text, not JSON. */
function valueOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

export const amountOf = (fields: EventFields, name: string): bigint => BigInt(fields[name] as string);
export const numberOf = (fields: EventFields, name: string): number => Number(fields[name]);

/** Owner and number of a subaccount, like plim1.../0. */
export function accountOf(fields: EventFields): string {
  const { owner, number } = fields['subaccount'] as { readonly owner: string; readonly number?: number };
  return `${owner}/${number ?? 0}`;
}
