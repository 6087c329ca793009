import { BreakerMeasures, BreakerRecord, MarketBreakers, MarketMode } from '../../../gen/plimsoll/perps/v1/breakers.js';
import { unsigned64 } from '../../../runtime/store/codecs.js';
import { Collection, Item, protoCodec, type KeyCodec, type Stores } from '../../../runtime/store/collection.js';
import { readU32, readU64, u32, u64 } from '../../../runtime/store/key.js';
import type { KVStore } from '../../../runtime/store/types.js';
import { storeName } from '../keys.js';
import type { MarketId } from '../types.js';

const marketKey: KeyCodec<MarketId> = { encode: u32, decode: (key) => readU32(key, 0) };
const sequenceKey: KeyCodec<bigint> = { encode: u64, decode: (key) => readU64(key, 0) };

/** 50 market → MarketBreakers: only of markets in which something holds. */
const markets = new Collection<MarketId, MarketBreakers>(
  storeName,
  0x50,
  marketKey,
  protoCodec<MarketBreakers>(MarketBreakers),
);
/** 51 market → BreakerMeasures. */
const measures = new Collection<MarketId, BreakerMeasures>(
  storeName,
  0x51,
  marketKey,
  protoCodec<BreakerMeasures>(BreakerMeasures),
);
/** 52 sequence → BreakerRecord. */
const history = new Collection<bigint, BreakerRecord>(
  storeName,
  0x52,
  sequenceKey,
  protoCodec<BreakerRecord>(BreakerRecord),
);
/** 53 → time of the last block. */
const lastBlock = new Item<bigint>(storeName, 0x53, unsigned64);
/** 54 → sequence of the next record. */
const nextSequence = new Item<bigint>(storeName, 0x54, unsigned64);

type Writable = Stores<KVStore>;

/** Records that the history keeps. */
export const keptRecords = 1_000n;

/** A market in which nothing holds. */
export const calm = (marketId: MarketId): MarketBreakers => ({
  marketId,
  mode: MarketMode.MARKET_MODE_NORMAL,
  active: [],
  auction: undefined,
  graceUntilMs: 0n,
  smallSlicesUntilMs: 0n,
  openingAddOnPpb: 0n,
  settlementPrice: 0n,
  settlement: undefined,
  fault: undefined,
});

/** Does the state say no more than that nothing holds? */
const isCalm = (state: MarketBreakers): boolean =>
  state.mode === MarketMode.MARKET_MODE_NORMAL &&
  state.active.length === 0 &&
  state.auction === undefined &&
  state.graceUntilMs === 0n &&
  state.smallSlicesUntilMs === 0n &&
  state.openingAddOnPpb === 0n &&
  state.settlementPrice === 0n &&
  state.settlement === undefined &&
  state.fault === undefined;

export const emptyMeasures = (marketId: MarketId): BreakerMeasures => ({
  marketId,
  samples: [],
  liquidated: [],
  basisSinceMs: 0n,
  depthSinceMs: 0n,
  depthArmed: false,
  dispersedBlocks: 0,
  freshBlocks: 0,
});

/** What breakers keep. Moves values and knows no rule. */
export const breakerStore = {
  /** Undefined while nothing holds in the market. */
  market: (from: Stores, id: MarketId): MarketBreakers | undefined => markets.get(from, id),
  allMarkets: (from: Stores): Iterable<MarketBreakers> => markets.values(from),
  setMarket(to: Writable, state: MarketBreakers): void {
    if (!isCalm(state)) markets.set(to, state.marketId, state);
    else if (markets.get(to, state.marketId) !== undefined) markets.delete(to, state.marketId);
  },

  measures: (from: Stores, id: MarketId): BreakerMeasures => measures.get(from, id) ?? emptyMeasures(id),
  allMeasures: (from: Stores): Iterable<BreakerMeasures> => measures.values(from),
  setMeasures: (to: Writable, value: BreakerMeasures): void => measures.set(to, value.marketId, value),

  /** Oldest first. */
  history: (from: Stores): Iterable<BreakerRecord> => history.values(from),
  /** Adds a record under the next sequence; the oldest goes when there are too many. */
  record(to: Writable, value: Omit<BreakerRecord, 'sequence'>): void {
    const sequence = nextSequence.get(to) ?? 0n;
    history.set(to, sequence, { ...value, sequence });
    if (sequence >= keptRecords) history.delete(to, sequence - keptRecords);
    nextSequence.set(to, sequence + 1n);
  },
  importRecord(to: Writable, value: BreakerRecord): void {
    history.set(to, value.sequence, value);
    nextSequence.set(to, value.sequence + 1n);
  },

  /** Zero before the first block. */
  lastBlockMs: (from: Stores): bigint => lastBlock.get(from) ?? 0n,
  setLastBlockMs: (to: Writable, timeMs: bigint): void => lastBlock.set(to, timeMs),
};
