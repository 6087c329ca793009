import { Order } from '../../../gen/plimsoll/perps/v1/types.js';
import { Collection } from '../../../runtime/store/collection.js';
import { encodeMessage } from '../../../runtime/store/encode.js';
import { readU32, readU64, u32, u64 } from '../../../runtime/store/key.js';
import type { ValueCodec } from '../../../runtime/store/types.js';
import {
  restingOrderFromProto,
  restingOrderToProto,
  sideFromProto,
  sideToProto,
  type RestingOrder,
} from '../codecs.js';
import type { MarketId, Side, SubaccountKey } from '../types.js';

/** What names an open order. */
export interface OrderId {
  readonly account: SubaccountKey;
  readonly marketId: MarketId;
  readonly clientId: bigint;
}

/** An order's name and where it stands in the book. */
export interface BookKey extends OrderId {
  readonly side: Side;
  readonly price: bigint;
  /** Block in which it entered. */
  readonly height: bigint;
}

/** An order with the place where it stands. */
export type BookOrder = readonly [BookKey, RestingOrder];

/** An order as the store has it: all but its name. */
export interface StoredOrder {
  readonly side: Side;
  readonly price: bigint;
  readonly height: bigint;
  readonly order: RestingOrder;
}

const accountKeyLength = 24;

/** An order's name as a store key: an account's orders lie together, by market and client id. */
export const orderKey = ({ account, marketId, clientId }: OrderId): string => account + u32(marketId) + u64(clientId);

export const orderIdOf = (key: string): OrderId => ({
  account: key.slice(0, accountKeyLength),
  marketId: readU32(key, accountKeyLength),
  clientId: readU64(key, accountKeyLength + 4),
});

const orderCodec: ValueCodec<StoredOrder> = {
  encode: ({ side, price, height, order }) => {
    const proto = restingOrderToProto(order);
    proto.side = sideToProto(side);
    proto.price = price;
    proto.placedHeight = height;
    return encodeMessage(Order, proto);
  },
  decode: (bytes) => {
    const proto = Order.decode(bytes);
    return {
      side: sideFromProto(proto.side)!,
      price: proto.price,
      height: proto.placedHeight,
      order: restingOrderFromProto(proto),
    };
  },
};

/** The one order collection takes names as keys as they are: what reads many of them reads them once. */
const asIs = { encode: (key: string) => key, decode: (key: string) => key };

/** 10 subaccount market client → Order without its name. The sorted book is derived from it. */
export const orders = new Collection<string, StoredOrder>('perps', 0x10, asIs, orderCodec);

const touched: ValueCodec<true> = { encode: () => oneByte, decode: () => true };
const oneByte = Buffer.of(1);

/** Transient 10: names of the orders that this block entered, changed or removed. */
export const touchedOrders = new Collection<string, true>('transient_perps', 0x10, asIs, touched);
