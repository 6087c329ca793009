import {
  HourDepth,
  MinutePrice,
  Pair,
  Params,
  Price,
  Scores,
  Statistics,
} from '../../gen/plimsoll/oracle/v1/oracle.js';
import { FatalError } from '../../runtime/baseapp/errors.js';
import { Collection, Item, protoCodec, type Stores } from '../../runtime/store/collection.js';
import { readU32, readU64, u32, u64 } from '../../runtime/store/key.js';
import type { KVStore } from '../../runtime/store/types.js';

export const storeName = 'oracle';

const byId = { encode: u32, decode: (key: string) => readU32(key, 0) };
/** Pair, then minute or hour. */
const byTime = {
  encode: ([id, at]: readonly [number, bigint]) => u32(id) + u64(at),
  decode: (key: string): readonly [number, bigint] => [readU32(key, 0), readU64(key, 4)],
};
const params = new Item(storeName, 1, protoCodec<Params>(Params));
const pairs = new Collection<number, Pair>(storeName, 2, byId, protoCodec<Pair>(Pair));
const prices = new Collection<number, Price>(storeName, 3, byId, protoCodec<Price>(Price));
const statistics = new Collection<number, Statistics>(storeName, 4, byId, protoCodec<Statistics>(Statistics));
const minutes = new Collection<readonly [number, bigint], MinutePrice>(
  storeName,
  5,
  byTime,
  protoCodec<MinutePrice>(MinutePrice),
);
const hours = new Collection<readonly [number, bigint], HourDepth>(
  storeName,
  6,
  byTime,
  protoCodec<HourDepth>(HourDepth),
);
const scores = new Item(storeName, 7, protoCodec<Scores>(Scores));

/** Pairs, their newest accepted prices, what those add up to, and how the validators reported. */
export class OracleKeeper {
  params(from: Stores): Params {
    const found = params.get(from);
    if (found === undefined) throw new FatalError('oracle has no parameters: genesis did not run');
    return found;
  }

  setParams(to: Stores<KVStore>, value: Params): void {
    params.set(to, value);
  }

  pair(from: Stores, id: number): Pair | undefined {
    return pairs.get(from, id);
  }

  pairs(from: Stores): Iterable<Pair> {
    return pairs.values(from);
  }

  setPair(to: Stores<KVStore>, pair: Pair): void {
    pairs.set(to, pair.id, pair);
  }

  price(from: Stores, pairId: number): Price | undefined {
    return prices.get(from, pairId);
  }

  prices(from: Stores): Iterable<Price> {
    return prices.values(from);
  }

  setPrice(to: Stores<KVStore>, price: Price): void {
    prices.set(to, price.pairId, price);
  }

  statistics(from: Stores, pairId: number): Statistics | undefined {
    return statistics.get(from, pairId);
  }

  allStatistics(from: Stores): Iterable<Statistics> {
    return statistics.values(from);
  }

  setStatistics(to: Stores<KVStore>, value: Statistics): void {
    statistics.set(to, value.pairId, value);
  }

  /** Minutes of one pair (at most those that its average spans), or of all. */
  minutes(from: Stores, pairId?: number): Iterable<MinutePrice> {
    return minutes.values(from, pairId === undefined ? '' : u32(pairId));
  }

  setMinute(to: Stores<KVStore>, value: MinutePrice): void {
    minutes.set(to, [value.pairId, value.minute], value);
  }

  removeMinute(to: Stores<KVStore>, { pairId, minute }: MinutePrice): void {
    minutes.delete(to, [pairId, minute]);
  }

  /** Hours of one pair (at most those that its depth depends on), or of all. */
  hours(from: Stores, pairId?: number): Iterable<HourDepth> {
    return hours.values(from, pairId === undefined ? '' : u32(pairId));
  }

  setHour(to: Stores<KVStore>, value: HourDepth): void {
    hours.set(to, [value.pairId, value.hour], value);
  }

  removeHour(to: Stores<KVStore>, { pairId, hour }: HourDepth): void {
    hours.delete(to, [pairId, hour]);
  }

  scores(from: Stores): Scores {
    return scores.get(from) ?? { startHeight: 0n, scores: [], unrewarded: [] };
  }

  /** False for a validator whose reports of the last window were too often off or missing. */
  earnsReward(from: Stores, address: Uint8Array): boolean {
    return !this.scores(from).unrewarded.some((each) => Buffer.compare(each, address) === 0);
  }

  setScores(to: Stores<KVStore>, value: Scores): void {
    scores.set(to, value);
  }
}
