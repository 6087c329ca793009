import { Market, Params } from '../../gen/plimsoll/perps/v1/types.js';
import { Collection, Item, protoCodec, type KeyCodec } from '../../runtime/store/collection.js';
import { readU32, readU64, readU64Descending, u32, u64, u64Descending, u8 } from '../../runtime/store/key.js';
import type { ValueCodec } from '../../runtime/store/types.js';
import {
  ledgerCodec,
  marketStateCodec,
  positionCodec,
  restingOrderCodec,
  subaccountCodec,
  type LedgerView,
  type MarketStateView,
  type RestingOrder,
  type SubaccountState,
} from './codecs.js';
import type { MarketId, PositionView, Side, SubaccountKey } from './types.js';

/** The layout of the perps store: one prefix byte for each kind of value. */

export const storeName = 'perps';
/** Emptied before each block. */
export const transientStoreName = 'transient_perps';

const marketKey: KeyCodec<MarketId> = { encode: u32, decode: (key) => readU32(key, 0) };
const accountKey: KeyCodec<SubaccountKey> = { encode: (key) => key, decode: (key) => key };
const accountKeyLength = 24;

/** 01 → Params. */
export const params = new Item(storeName, 0x01, protoCodec<Params>(Params));
/** 02 → Ledger. */
export const ledger = new Item<LedgerView>(storeName, 0x02, ledgerCodec);
/** 03 market → Market. */
export const markets = new Collection<MarketId, Market>(storeName, 0x03, marketKey, protoCodec<Market>(Market));
/** 04 market → MarketState. */
export const marketStates = new Collection<MarketId, MarketStateView>(storeName, 0x04, marketKey, marketStateCodec);
/** 05 subaccount → cash and liquidation mark. */
export const subaccounts = new Collection<SubaccountKey, SubaccountState>(storeName, 0x05, accountKey, subaccountCodec);

/** 06 subaccount market → Position: an account's positions lie together, in market order. */
export const positions = new Collection<readonly [SubaccountKey, MarketId], PositionView>(
  storeName,
  0x06,
  {
    encode: ([account, market]) => account + u32(market),
    decode: (key) => [key.slice(0, accountKeyLength), readU32(key, accountKeyLength)],
  },
  positionCodec,
);

/** Where an order stands: reading a side in key order reads it best price first, earliest block first. */
export interface BookKey {
  readonly marketId: MarketId;
  readonly side: Side;
  readonly price: bigint;
  readonly height: bigint;
  readonly account: SubaccountKey;
  readonly clientId: bigint;
}

const sideByte = (side: Side): string => u8(side === 'buy' ? 1 : 2);
export const bookSide = (market: MarketId, side: Side): string => u32(market) + sideByte(side);

const bookKey: KeyCodec<BookKey> = {
  encode: ({ marketId, side, price, height, account, clientId }) =>
    bookSide(marketId, side) +
    (side === 'buy' ? u64Descending(price) : u64(price)) +
    u64(height) +
    account +
    u64(clientId),
  decode: (key) => {
    const side: Side = key.charCodeAt(4) === 1 ? 'buy' : 'sell';
    return {
      marketId: readU32(key, 0),
      side,
      price: side === 'buy' ? readU64Descending(key, 5) : readU64(key, 5),
      height: readU64(key, 13),
      account: key.slice(21, 21 + accountKeyLength),
      clientId: readU64(key, 21 + accountKeyLength),
    };
  },
};

/** 07 market side price height subaccount client → Order. */
export const book = new Collection<BookKey, RestingOrder>(storeName, 0x07, bookKey, restingOrderCodec);

export interface OrderId {
  readonly account: SubaccountKey;
  readonly marketId: MarketId;
  readonly clientId: bigint;
}

const bookKeyValue: ValueCodec<BookKey> = {
  encode: (key) => Buffer.from(bookKey.encode(key), 'latin1'),
  decode: (bytes) => bookKey.decode(Buffer.from(bytes).toString('latin1')),
};

/** 08 subaccount market client → where the order stands in the book. */
export const orderIndex = new Collection<OrderId, BookKey>(
  storeName,
  0x08,
  {
    encode: ({ account, marketId, clientId }) => account + u32(marketId) + u64(clientId),
    decode: (key) => ({
      account: key.slice(0, accountKeyLength),
      marketId: readU32(key, accountKeyLength),
      clientId: readU64(key, accountKeyLength + 4),
    }),
  },
  bookKeyValue,
);

const flag: ValueCodec<true> = { encode: () => Buffer.of(1), decode: () => true };

/** Transient 01: orders that live for this block only. */
export const immediateOrders = new Collection<BookKey, true>(transientStoreName, 0x01, bookKey, flag);

const signedText: ValueCodec<bigint> = {
  encode: (value) => Buffer.from(value.toString(), 'ascii'),
  decode: (bytes) => BigInt(Buffer.from(bytes).toString('ascii')),
};

/** Transient 02: deposits less withdrawals of a subaccount in this block. */
export const netDeposits = new Collection<SubaccountKey, bigint>(transientStoreName, 0x02, accountKey, signedText);

/** Transient 03: subaccounts whose cash or positions a message of this block changed. */
export const changedAccounts = new Collection<SubaccountKey, true>(transientStoreName, 0x03, accountKey, flag);
