import { Market, Params } from '../../gen/plimsoll/perps/v1/types.js';
import { decimal, marker } from '../../runtime/store/codecs.js';
import { Collection, Item, protoCodec, type KeyCodec } from '../../runtime/store/collection.js';
import { readU32, u32 } from '../../runtime/store/key.js';
import {
  ledgerCodec,
  marketStateCodec,
  positionCodec,
  subaccountCodec,
  type LedgerView,
  type MarketStateView,
  type SubaccountState,
} from './codecs.js';
import type { MarketId, PositionView, SubaccountKey } from './types.js';

/** The layout of the perps store: one prefix byte for each kind of value. Orders are in book/store.ts. */

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

/** Transient 02: deposits less withdrawals of a subaccount in this block. */
export const netDeposits = new Collection<SubaccountKey, bigint>(transientStoreName, 0x02, accountKey, decimal);

/** Transient 03: subaccounts whose cash or positions a message of this block changed. */
export const changedAccounts = new Collection<SubaccountKey, true>(transientStoreName, 0x03, accountKey, marker);
