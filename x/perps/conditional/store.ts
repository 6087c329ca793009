import {
  ConditionalOrder,
  OrderLink,
  TrailingStep,
  TriggerFrontier,
} from '../../../gen/plimsoll/perps/v1/conditional.js';
import { marker } from '../../../runtime/store/codecs.js';
import { Collection, protoCodec, type KeyCodec } from '../../../runtime/store/collection.js';
import { readU32, readU64, readU64Descending, u32, u64, u64Descending, u8 } from '../../../runtime/store/key.js';
import type { ValueCodec } from '../../../runtime/store/types.js';
import { orderIdOf, orderKey, type OrderId } from '../book/store.js';
import { storeName } from '../keys.js';
import type { MarketId, Side } from '../types.js';

/** State of orders that wait. One client id names one order of a subaccount and market, whatever its kind. */

const readOrderId = (key: string, at: number): OrderId => orderIdOf(key.slice(at));
export const orderIdCodec: KeyCodec<OrderId> = { encode: orderKey, decode: orderIdOf };

/** Something of an order at a time or height. */
export interface At {
  readonly at: bigint;
  readonly id: OrderId;
}

export const atKey: KeyCodec<At> = {
  encode: ({ at, id }) => u64(at) + orderKey(id),
  decode: (key) => ({ at: readU64(key, 0), id: readOrderId(key, 8) }),
};

/** 18 time order → there: orders by the last millisecond that may fill them. */
export const expiryTimes = new Collection<At, true>(storeName, 0x18, atKey, marker);
/** 19 height order → there: orders by the last block that may fill them. */
export const expiryHeights = new Collection<At, true>(storeName, 0x19, atKey, marker);

/** 1a subaccount market client → ConditionalOrder. */
export const conditionals = new Collection<OrderId, ConditionalOrder>(
  storeName,
  0x1a,
  orderIdCodec,
  protoCodec<ConditionalOrder>(ConditionalOrder),
);

/** Which prices of a market a trigger watches, and whether it waits for them to rise. */
export interface Watch {
  readonly marketId: MarketId;
  readonly source: 'mark' | 'last';
  readonly rising: boolean;
}

export interface TriggerKey extends Watch {
  readonly price: bigint;
  readonly id: OrderId;
}

const watchLength = 6;
export const watchKey = ({ marketId, source, rising }: Watch): string =>
  u32(marketId) + u8(source === 'mark' ? 1 : 2) + u8(rising ? 1 : 2);
const readWatch = (key: string): Watch => ({
  marketId: readU32(key, 0),
  source: key.charCodeAt(4) === 1 ? 'mark' : 'last',
  rising: key.charCodeAt(5) === 1,
});
const watchCodec: KeyCodec<Watch> = { encode: watchKey, decode: readWatch };

/** 1b market source direction price order → there: the trigger that a move reaches first comes first. */
export const triggers = new Collection<TriggerKey, true>(
  storeName,
  0x1b,
  {
    encode: ({ price, id, ...watch }) =>
      watchKey(watch) + (watch.rising ? u64(price) : u64Descending(price)) + orderKey(id),
    decode: (key) => {
      const watch = readWatch(key);
      return {
        ...watch,
        price: watch.rising ? readU64(key, watchLength) : readU64Descending(key, watchLength),
        id: readOrderId(key, watchLength + 8),
      };
    },
  },
  marker,
);

/** 1c market source direction sequence → TrailingStep: extremes that trailing stops hang on, oldest first. */
export const trailingSteps = new Collection<Watch & { readonly sequence: bigint }, TrailingStep>(
  storeName,
  0x1c,
  {
    encode: ({ sequence, ...watch }) => watchKey(watch) + u64(sequence),
    decode: (key) => ({ ...readWatch(key), sequence: readU64(key, watchLength) }),
  },
  protoCodec<TrailingStep>(TrailingStep),
);

export interface TrailingKey extends Watch {
  readonly unit: 'ppm' | 'price';
  readonly distance: bigint;
  readonly sequence: bigint;
}

export const trailingUnit = (watch: Watch, unit: TrailingKey['unit']): string =>
  watchKey(watch) + u8(unit === 'ppm' ? 1 : 2);

const orderIdValue: ValueCodec<OrderId> = {
  encode: (id) => Buffer.from(orderKey(id), 'latin1'),
  decode: (bytes) => orderIdOf(Buffer.from(bytes).toString('latin1')),
};

/** 1d market source direction unit distance sequence → order: trailing stops, nearest first. */
export const trailingStops = new Collection<TrailingKey, OrderId>(
  storeName,
  0x1d,
  {
    encode: ({ unit, distance, sequence, ...watch }) => trailingUnit(watch, unit) + u64(distance) + u64(sequence),
    decode: (key) => ({
      ...readWatch(key),
      unit: key.charCodeAt(watchLength) === 1 ? 'ppm' : 'price',
      distance: readU64(key, watchLength + 1),
      sequence: readU64(key, watchLength + 9),
    }),
  },
  orderIdValue,
);

/** 1e market source direction → TriggerFrontier. */
export const frontiers = new Collection<Watch, TriggerFrontier>(
  storeName,
  0x1e,
  watchCodec,
  protoCodec<TriggerFrontier>(TriggerFrontier),
);

/** 1f subaccount market client → OrderLink of an open order. */
export const links = new Collection<OrderId, OrderLink>(
  storeName,
  0x1f,
  orderIdCodec,
  protoCodec<OrderLink>(OrderLink),
);

/** The side of stops that watch a direction: sells guard longs against falling prices. */
export const stopSide = (rising: boolean): Side => (rising ? 'buy' : 'sell');

export type { OrderId };
