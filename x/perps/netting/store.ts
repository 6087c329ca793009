import { NettingRequest } from '../../../gen/plimsoll/perps/v1/netting.js';
import { marker, viewCodec } from '../../../runtime/store/codecs.js';
import { Collection, type Stores } from '../../../runtime/store/collection.js';
import { readU32, readU64, u32, u64, u8 } from '../../../runtime/store/key.js';
import type { KVStore } from '../../../runtime/store/types.js';
import { sideFromProto, sideToProto } from '../codecs.js';
import { storeName } from '../keys.js';
import { subaccountId } from '../subaccount-key.js';
import type { MarketId, Side, SubaccountKey } from '../types.js';

/** A request's name: an account has one in a market. */
export interface NettingId {
  readonly account: SubaccountKey;
  readonly marketId: MarketId;
}

/** A request without its name. */
export interface NettingTerms {
  /** What closing does: sell closes a long. */
  readonly side: Side;
  /** Most to close from now on, base quanta; zero for all of the position. */
  readonly quantity: bigint;
  readonly placedHeight: bigint;
}

export type Netting = NettingId & NettingTerms;

const termsToProto = ({ side, quantity, placedHeight }: NettingTerms): NettingRequest => ({
  subaccount: undefined,
  marketId: 0,
  side: sideToProto(side),
  quantity,
  placedHeight,
});

export const nettingToProto = (request: Netting): NettingRequest => ({
  ...termsToProto(request),
  subaccount: subaccountId(request.account),
  marketId: request.marketId,
});

/** Terms of a request whose side is known to be one: genesis refuses others. */
export const termsFromProto = ({ side, quantity, placedHeight }: NettingRequest): NettingTerms => ({
  side: sideFromProto(side)!,
  quantity,
  placedHeight,
});

const accountKeyLength = 24;

/** 6d subaccount market → NettingRequest without its name. */
const requests = new Collection<NettingId, NettingTerms>(
  storeName,
  0x6d,
  {
    encode: ({ account, marketId }) => account + u32(marketId),
    decode: (key) => ({ account: key.slice(0, accountKeyLength), marketId: readU32(key, accountKeyLength) }),
  },
  viewCodec(NettingRequest, termsToProto, termsFromProto),
);

type Place = NettingId & Omit<NettingTerms, 'quantity'>;

const sideKey = (marketId: MarketId, side: Side): string => u32(marketId) + u8(side === 'sell' ? 1 : 2);

/** 6e market side height subaccount → there: those that close longs first, of each side the oldest first. */
const places = new Collection<Place, true>(
  storeName,
  0x6e,
  {
    encode: ({ marketId, side, placedHeight, account }) => sideKey(marketId, side) + u64(placedHeight) + account,
    decode: (key) => ({
      marketId: readU32(key, 0),
      side: key.charCodeAt(4) === 1 ? 'sell' : 'buy',
      placedHeight: readU64(key, 5),
      account: key.slice(13),
    }),
  },
  marker,
);

type Writable = Stores<KVStore>;

const placeOf = ({ account, marketId, side, placedHeight }: Netting): Place => ({
  account,
  marketId,
  side,
  placedHeight,
});

function* placed(from: Stores, prefix: string): Iterable<Netting> {
  for (const [place] of places.entries(from, prefix)) yield { ...place, ...requests.get(from, place)! };
}

/** The only code that touches netting requests in the store. It knows no rule. */
export const nettings = {
  get(from: Stores, id: NettingId): Netting | undefined {
    const terms = requests.get(from, id);
    return terms === undefined ? undefined : { ...id, ...terms };
  },

  /** Puts a request in the place of the account's earlier one in the market. */
  set(to: Writable, request: Netting): void {
    const before = nettings.get(to, request);
    if (before !== undefined) places.delete(to, placeOf(before));
    requests.set(to, request, request);
    places.set(to, placeOf(request), true);
  },

  remove(to: Writable, request: Netting): void {
    requests.delete(to, request);
    places.delete(to, placeOf(request));
  },

  /** Of an account by market; all, by account and market, when none is given. */
  *of(from: Stores, account: SubaccountKey | ''): Iterable<Netting> {
    for (const [id, terms] of requests.entries(from, account)) yield { ...id, ...terms };
  },

  /** Of a market: those that close longs first, of each side the oldest first. */
  inMarket(from: Stores, marketId: MarketId): Iterable<Netting> {
    return placed(from, u32(marketId));
  },

  /** Of a side of a market, the oldest first. */
  onSide(from: Stores, marketId: MarketId, side: Side): Iterable<Netting> {
    return placed(from, sideKey(marketId, side));
  },
};
