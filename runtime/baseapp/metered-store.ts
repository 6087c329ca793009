import { bytesOf } from '../store/value.js';
import type { Key, KVStore, RangeOptions, StoredValue, ValueCodec } from '../store/types.js';
import { gasTable, type GasMeter } from './gas.js';

/** A store that charges gas for every access before it happens. */
export class MeteredStore implements KVStore {
  readonly #inner: KVStore;
  readonly #gas: GasMeter;

  constructor(inner: KVStore, gas: GasMeter) {
    this.#inner = inner;
    this.#gas = gas;
  }

  entry(key: Key): StoredValue | undefined {
    this.#gas.consume(gasTable.readFlat, 'ReadFlat');
    const value = this.#inner.entry(key);
    this.#gas.consume(gasTable.readByte * (key.length + (value?.bytes.length ?? 0)), 'ReadPerByte');
    return value;
  }

  get(key: Key): Uint8Array | undefined {
    return this.entry(key)?.bytes;
  }

  has(key: Key): boolean {
    this.#gas.consume(gasTable.has, 'Has');
    return this.#inner.has(key);
  }

  getObject<T>(key: Key, codec: ValueCodec<T>): T | undefined {
    return this.entry(key)?.decode(codec);
  }

  range(start: Key, end: Key | undefined, options?: RangeOptions): Iterable<readonly [Key, Uint8Array]> {
    return bytesOf(this.rangeEntries(start, end, options));
  }

  rangeEntries(start: Key, end: Key | undefined, options?: RangeOptions): Iterable<readonly [Key, StoredValue]> {
    // Opened here: the range is as of the call, not as of the first step.
    const entries = this.#inner.rangeEntries(start, end, options);
    return Array.isArray(entries) && entries.length === 0 ? entries : this.#charged(entries);
  }

  set(key: Key, value: Uint8Array): void {
    this.#gas.consume(gasTable.writeFlat, 'WriteFlat');
    this.#gas.consume(gasTable.writeByte * (key.length + value.length), 'WritePerByte');
    this.#inner.set(key, value);
  }

  setObject<T>(key: Key, codec: ValueCodec<T>, value: T): void {
    this.#gas.consume(gasTable.writeFlat, 'WriteFlat');
    this.#inner.setObject(key, codec, value);
    this.#gas.consume(gasTable.writeByte * (key.length + this.#inner.get(key)!.length), 'WritePerByte');
  }

  delete(key: Key): void {
    this.#gas.consume(gasTable.delete, 'Delete');
    this.#inner.delete(key);
  }

  *#charged(entries: Iterable<readonly [Key, StoredValue]>): Iterable<readonly [Key, StoredValue]> {
    for (const entry of entries) {
      this.#gas.consume(gasTable.iterateFlat, 'IterNextFlat');
      this.#gas.consume(gasTable.readByte * (entry[0].length + entry[1].bytes.length), 'ValuePerByte');
      yield entry;
    }
  }
}
