import { AlgoOrder } from '../../../gen/plimsoll/perps/v1/algos.js';
import { marker, unsigned64 } from '../../../runtime/store/codecs.js';
import { Collection, protoCodec } from '../../../runtime/store/collection.js';
import { readU32, readU64, u32, u64 } from '../../../runtime/store/key.js';
import { orderIdOf, orderKey } from '../book/store.js';
import { atKey, orderIdCodec, type At, type OrderId } from '../conditional/store.js';
import { storeName } from '../keys.js';
import type { SubaccountKey } from '../types.js';

/** State of orders that the chain sends in parts or moves, and of scheduled cancels. */

/** 20 subaccount market client → AlgoOrder. */
export const algos = new Collection<OrderId, AlgoOrder>(
  storeName,
  0x20,
  orderIdCodec,
  protoCodec<AlgoOrder>(AlgoOrder),
);

/** 21 time order → there: TWAP orders by the time of their next slice. */
export const slices = new Collection<At, true>(storeName, 0x21, atKey, marker);

/** 22 market subaccount market client → there: pegged orders, market by market and account by account. */
export const pegged = new Collection<OrderId, true>(
  storeName,
  0x22,
  {
    encode: (id) => u32(id.marketId) + orderKey(id),
    decode: (key) => orderIdOf(key.slice(4)),
  },
  marker,
);

/** 23 subaccount → time of its scheduled cancel. */
export const switches = new Collection<SubaccountKey, bigint>(
  storeName,
  0x23,
  { encode: (key) => key, decode: (key) => key },
  unsigned64,
);

/** 24 time subaccount → there: scheduled cancels, soonest first. */
export const dueSwitches = new Collection<{ readonly at: bigint; readonly account: SubaccountKey }, true>(
  storeName,
  0x24,
  {
    encode: ({ at, account }) => u64(at) + account,
    decode: (key) => ({ at: readU64(key, 0), account: key.slice(8) }),
  },
  marker,
);

/** 25 market → number of its pegged orders. */
export const peggedCounts = new Collection<number, bigint>(
  storeName,
  0x25,
  { encode: u32, decode: (key) => readU32(key, 0) },
  unsigned64,
);
