import { KeeperBid } from '../../../gen/plimsoll/perps/v1/keeper_bids.js';
import { marker, unsigned64, viewCodec } from '../../../runtime/store/codecs.js';
import { Collection, type Stores } from '../../../runtime/store/collection.js';
import { readU32, u32, u8 } from '../../../runtime/store/key.js';
import type { KVStore } from '../../../runtime/store/types.js';
import { orderIdOf, orderKey, type OrderId } from '../book/store.js';
import { sideFromProto, sideToProto } from '../codecs.js';
import { orderIdCodec } from '../conditional/store.js';
import { storeName } from '../keys.js';
import { subaccountId } from '../subaccount-key.js';
import { ppm, quote, type MarketId, type Ppm, type Quote, type Side, type SubaccountKey } from '../types.js';

/** A keeper's bid without its name. */
export interface BidTerms {
  /** What the keeper does: buy takes longs over, sell shorts. */
  readonly side: Side;
  readonly maxNotional: Quote;
  /** Notional not yet taken. */
  readonly remaining: Quote;
  readonly minDiscount: Ppm;
  readonly placedHeight: bigint;
}

/** A bid's name: account, market and client id. Client ids of bids and of orders do not know each other. */
export type BidId = OrderId;
export type Bid = readonly [BidId, BidTerms];

export function bidToProto([id, terms]: Bid): KeeperBid {
  return {
    subaccount: subaccountId(id.account),
    marketId: id.marketId,
    clientId: id.clientId,
    side: sideToProto(terms.side),
    maxNotional: terms.maxNotional.toString(),
    remaining: terms.remaining.toString(),
    minDiscountPpm: Number(terms.minDiscount),
    placedHeight: terms.placedHeight,
  };
}

/** Terms of a bid whose side is known to be one: messages and genesis refuse others. */
export const termsFromProto = (proto: KeeperBid): BidTerms => ({
  side: sideFromProto(proto.side)!,
  maxNotional: quote(BigInt(proto.maxNotional)),
  remaining: quote(BigInt(proto.remaining)),
  minDiscount: ppm(BigInt(proto.minDiscountPpm)),
  placedHeight: proto.placedHeight,
});

/** 49 subaccount market client → KeeperBid without its name. */
const bids = new Collection<BidId, BidTerms>(
  storeName,
  0x49,
  orderIdCodec,
  viewCodec(
    KeeperBid,
    (terms: BidTerms) => ({
      ...bidToProto([{ account: '\0'.repeat(24), marketId: 0, clientId: 0n }, terms]),
      subaccount: undefined,
    }),
    termsFromProto,
  ),
);

/** A side of a market. */
export interface BidSide {
  readonly marketId: MarketId;
  readonly side: Side;
}

interface Place extends BidSide {
  readonly minDiscount: Ppm;
  readonly id: BidId;
}

const sideKey = ({ marketId, side }: BidSide): string => u32(marketId) + u8(side === 'buy' ? 1 : 2);

/** 4a market side discount subaccount market client → there: what asks least comes first. */
const places = new Collection<Place, true>(
  storeName,
  0x4a,
  {
    encode: (place) => sideKey(place) + u32(Number(place.minDiscount)) + orderKey(place.id),
    decode: (key) => ({
      marketId: readU32(key, 0),
      side: key.charCodeAt(4) === 1 ? 'buy' : 'sell',
      minDiscount: ppm(BigInt(readU32(key, 5))),
      id: orderIdOf(key.slice(9)),
    }),
  },
  marker,
);

/** 4b market side → number of bids. */
const counts = new Collection<BidSide, bigint>(
  storeName,
  0x4b,
  {
    encode: sideKey,
    decode: (key) => ({ marketId: readU32(key, 0), side: key.charCodeAt(4) === 1 ? 'buy' : 'sell' }),
  },
  unsigned64,
);

type Writable = Stores<KVStore>;

const placeOf = ([id, { side, minDiscount }]: Bid): Place => ({ marketId: id.marketId, side, minDiscount, id });

function addCount(to: Writable, side: BidSide, change: bigint): void {
  const now = (counts.get(to, side) ?? 0n) + change;
  if (now === 0n) counts.delete(to, side);
  else counts.set(to, side, now);
}

/** The only code that touches keepers' bids in the store. It knows no rule. */
export const keeperBids = {
  get(from: Stores, id: BidId): BidTerms | undefined {
    return bids.get(from, id);
  },

  add(to: Writable, bid: Bid): void {
    bids.set(to, ...bid);
    places.set(to, placeOf(bid), true);
    addCount(to, placeOf(bid), 1n);
  },

  /** Changes what is left of a bid; its place stays. */
  setRemaining(to: Writable, [id, terms]: Bid, remaining: Quote): void {
    bids.set(to, id, { ...terms, remaining });
  },

  remove(to: Writable, bid: Bid): void {
    bids.delete(to, bid[0]);
    places.delete(to, placeOf(bid));
    addCount(to, placeOf(bid), -1n);
  },

  /** Bids of an account by market and client id; of one market when given. */
  of(from: Stores, account: SubaccountKey, market?: MarketId): Iterable<Bid> {
    return bids.entries(from, market === undefined ? account : account + u32(market));
  },

  /** All bids by account, market and client id. */
  all(from: Stores): Iterable<Bid> {
    return bids.entries(from);
  },

  /** Bids of a side, those that ask least first, then by account and client id; the other way round when reversed. */
  *onSide(from: Stores, side: BidSide, reverse = false): Iterable<Bid> {
    for (const [{ id }] of places.entries(from, sideKey(side), { reverse })) yield [id, bids.get(from, id)!];
  },

  count(from: Stores, side: BidSide): bigint {
    return counts.get(from, side) ?? 0n;
  },
};
