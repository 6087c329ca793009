import { Pair, Params, Price } from '../../gen/plimsoll/oracle/v1/oracle.js';
import { FatalError } from '../../runtime/baseapp/errors.js';
import { Collection, Item, protoCodec, type Stores } from '../../runtime/store/collection.js';
import { readU32, u32 } from '../../runtime/store/key.js';
import type { KVStore } from '../../runtime/store/types.js';

export const storeName = 'oracle';

const byId = { encode: u32, decode: (key: string) => readU32(key, 0) };
const params = new Item(storeName, 1, protoCodec<Params>(Params));
const pairs = new Collection<number, Pair>(storeName, 2, byId, protoCodec<Pair>(Pair));
const prices = new Collection<number, Price>(storeName, 3, byId, protoCodec<Price>(Price));

/** Pairs and their newest accepted prices. */
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
}
