import type { Key, KVStore, RangeOptions, ValueCodec } from '../store/types.js';
import { gasTable, type GasMeter } from './gas.js';

/** A store that charges gas for every access before it happens. */
export function meteredStore(inner: KVStore, gas: GasMeter): KVStore {
  const chargeRead = (key: Key, value: Uint8Array | undefined): void => {
    gas.consume(gasTable.readByte * BigInt(key.length + (value?.length ?? 0)), 'ReadPerByte');
  };
  function* chargeRange<T>(entries: Iterable<readonly [Key, T]>, size: (value: T, key: Key) => number) {
    for (const entry of entries) {
      gas.consume(gasTable.iterateFlat, 'IterNextFlat');
      gas.consume(gasTable.readByte * BigInt(entry[0].length + size(entry[1], entry[0])), 'ValuePerByte');
      yield entry;
    }
  }
  return {
    get(key) {
      gas.consume(gasTable.readFlat, 'ReadFlat');
      const value = inner.get(key);
      chargeRead(key, value);
      return value;
    },
    has(key) {
      gas.consume(gasTable.has, 'Has');
      return inner.has(key);
    },
    getObject<T>(key: Key, codec: ValueCodec<T>) {
      gas.consume(gasTable.readFlat, 'ReadFlat');
      chargeRead(key, inner.get(key));
      return inner.getObject(key, codec);
    },
    range(start: Key, end: Key | undefined, options?: RangeOptions) {
      return chargeRange(inner.range(start, end, options), (value) => value.length);
    },
    rangeObjects<T>(start: Key, end: Key | undefined, codec: ValueCodec<T>, options?: RangeOptions) {
      return chargeRange(inner.rangeObjects(start, end, codec, options), (_, key) => inner.get(key)?.length ?? 0);
    },
    set(key, value) {
      gas.consume(gasTable.writeFlat, 'WriteFlat');
      gas.consume(gasTable.writeByte * BigInt(key.length + value.length), 'WritePerByte');
      inner.set(key, value);
    },
    setObject<T>(key: Key, codec: ValueCodec<T>, value: T) {
      gas.consume(gasTable.writeFlat, 'WriteFlat');
      inner.setObject(key, codec, value);
      gas.consume(gasTable.writeByte * BigInt(key.length + (inner.get(key)?.length ?? 0)), 'WritePerByte');
    },
    delete(key) {
      gas.consume(gasTable.delete, 'Delete');
      inner.delete(key);
    },
  };
}
