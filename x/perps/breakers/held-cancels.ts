import { marker } from '../../../runtime/store/codecs.js';
import { Collection, type Stores } from '../../../runtime/store/collection.js';
import { readU32, readU64, u32, u64 } from '../../../runtime/store/key.js';
import type { KVStore } from '../../../runtime/store/types.js';
import type { OrderId } from '../book/store.js';
import { storeName } from '../keys.js';
import type { MarketId } from '../types.js';

const accountKeyLength = 24;

/** 55 market account client id → cancel that waits for the end of the market's call auction. */
const held = new Collection<OrderId, true>(
  storeName,
  0x55,
  {
    encode: ({ marketId, account, clientId }) => u32(marketId) + account + u64(clientId),
    decode: (key) => ({
      marketId: readU32(key, 0),
      account: key.slice(4, 4 + accountKeyLength),
      clientId: readU64(key, 4 + accountKeyLength),
    }),
  },
  marker,
);

/** Cancels of orders that a call auction collected, given in its last seconds. */
export const heldCancels = {
  of: function* (from: Stores, market: MarketId): Iterable<OrderId> {
    for (const [id] of held.entries(from, u32(market))) yield id;
  },
  all: function* (from: Stores): Iterable<OrderId> {
    for (const [id] of held.entries(from)) yield id;
  },
  add: (to: Stores<KVStore>, id: OrderId): void => held.set(to, id, true),
  delete: (to: Stores<KVStore>, id: OrderId): void => held.delete(to, id),
};
