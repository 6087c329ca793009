import type { EncodedMessage } from '../../cmd/plimsolld/replay/wallet.js';
import type { Registry } from '../../runtime/codec/registry.js';
import type { JsonValue } from '../../runtime/codec/types.js';

/** A message in the making: integers may be bigints. */
export interface Message {
  readonly typeName: string;
  readonly value: unknown;
}

export const json = (typeName: string, value: Readonly<Record<string, unknown>>): Message => ({ typeName, value });

/** Proto JSON writes large integers as text. */
const plain = (value: unknown): JsonValue =>
  JSON.parse(
    JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? each.toString() : each)),
  ) as JsonValue;

export const encode = (registry: Registry, { typeName, value }: Message): EncodedMessage => ({
  typeUrl: `/${typeName}`,
  value: registry.fromJson(typeName, plain(value)),
});

/** A message inside another: its own type beside its fields. */
export const any = ({ typeName, value }: Message): Record<string, unknown> => ({
  '@type': `/${typeName}`,
  ...(value as Record<string, unknown>),
});
