import { protoCodec } from './collection.js';
import { bytes as bytesKey, keyBytes, readU64, u64 } from './key.js';
import type { ValueCodec } from './types.js';

/** For keys whose presence says it all. */
export const marker: ValueCodec<true> = { encode: () => Buffer.of(1), decode: () => true };

/** Bytes as they are. */
export const rawBytes: ValueCodec<Uint8Array> = { encode: (value) => value, decode: (value) => value };

/** An integer of any size and sign, in decimal digits. */
export const decimal: ValueCodec<bigint> = {
  encode: (value) => Buffer.from(value.toString(), 'ascii'),
  decode: (bytes) => BigInt(Buffer.from(bytes).toString('ascii')),
};

/** An unsigned integer of 64 bits, big-endian. */
export const unsigned64: ValueCodec<bigint> = {
  encode: (value) => keyBytes(u64(value)),
  decode: (value) => readU64(bytesKey(value), 0),
};

/** A plain value that rests as a ts-proto message. */
export function viewCodec<P, V>(
  proto: { encode(message: P): { finish(): Uint8Array }; decode(input: Uint8Array): P },
  to: (value: V) => P,
  from: (message: P) => V,
): ValueCodec<V> {
  const codec = protoCodec<P>(proto);
  return { encode: (value) => codec.encode(to(value)), decode: (bytes) => from(codec.decode(bytes)) };
}
