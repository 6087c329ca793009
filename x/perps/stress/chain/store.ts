import {
  Breach,
  LatencyDay,
  MarketTally,
  ReturnVector,
  ShadowForecast,
  StressBasis,
  StressReport,
  StressSweep,
  TrancheTally,
} from '../../../../gen/plimsoll/perps/v1/stress.js';
import { Collection, Item, protoCodec, type KeyCodec, type Stores } from '../../../../runtime/store/collection.js';
import { bytes as bytesKey, keyBytes, readU32, readU64, u32, u64, u8 } from '../../../../runtime/store/key.js';
import type { KVStore } from '../../../../runtime/store/types.js';
import { storeName } from '../../keys.js';
import type { MarketId, SubaccountKey } from '../../types.js';

/** An insurance tranche, numbered as x/insurance does: kind 1 is a market's, 2 a class's, 3 the global one. */
export interface TrancheRef {
  readonly kind: number;
  readonly number: number;
}

/** Kinds of values that share the prefix 5b. */
const kinds = { tranche: 1, market: 2, report: 3, breach: 4, latency: 5, shadow: 6 } as const;

const under = <K>(kind: number, keys: KeyCodec<K>): KeyCodec<K> => ({
  encode: (key) => u8(kind) + keys.encode(key),
  decode: (key) => keys.decode(key.slice(1)),
});
const marketKey: KeyCodec<MarketId> = { encode: u32, decode: (key) => readU32(key, 0) };
const trancheKey: KeyCodec<TrancheRef> = {
  encode: ({ kind, number }) => u8(kind) + u32(number),
  decode: (key) => ({ kind: key.charCodeAt(0), number: readU32(key, 1) }),
};
const accountKey: KeyCodec<SubaccountKey> = { encode: (key) => key, decode: (key) => key };
const dayKey: KeyCodec<readonly [MarketId, bigint]> = {
  encode: ([market, day]) => u32(market) + u64(day),
  decode: (key) => [readU32(key, 0), readU64(key, 4)],
};
const nothing: KeyCodec<''> = { encode: () => '', decode: () => '' };
const u64Key: KeyCodec<bigint> = { encode: u64, decode: (key) => readU64(key, 0) };

/** 58 → the round under way. */
const sweep = new Item<StressSweep>(storeName, 0x58, protoCodec<StressSweep>(StressSweep));
/** 59 stretch → ReturnVector: at most 500. */
const history = new Collection<bigint, ReturnVector>(storeName, 0x59, u64Key, protoCodec<ReturnVector>(ReturnVector));
/** 5a → what the round tests with; absent between rounds. */
const basis = new Item<StressBasis>(storeName, 0x5a, protoCodec<StressBasis>(StressBasis));
/** 5b 01 tranche → what the round counted; absent between rounds. */
const tranches = new Collection<TrancheRef, TrancheTally>(
  storeName,
  0x5b,
  under(kinds.tranche, trancheKey),
  protoCodec<TrancheTally>(TrancheTally),
);
/** 5b 02 market → what the round counted; absent between rounds. */
const markets = new Collection<MarketId, MarketTally>(
  storeName,
  0x5b,
  under(kinds.market, marketKey),
  protoCodec<MarketTally>(MarketTally),
);
/** 5b 03 → what the last complete round found. */
const report = new Collection<'', StressReport>(
  storeName,
  0x5b,
  under(kinds.report, nothing),
  protoCodec<StressReport>(StressReport),
);
/** 5b 04 account → since when it is under maintenance margin. */
const breaches = new Collection<SubaccountKey, Breach>(
  storeName,
  0x5b,
  under(kinds.breach, accountKey),
  protoCodec<Breach>(Breach),
);
/** 5b 05 market day → how long breaches lasted. */
const latencies = new Collection<readonly [MarketId, bigint], LatencyDay>(
  storeName,
  0x5b,
  under(kinds.latency, dayKey),
  protoCodec<LatencyDay>(LatencyDay),
);
/** 5b 06 market → the forecast beside the one that acts. */
const shadows = new Collection<MarketId, ShadowForecast>(
  storeName,
  0x5b,
  under(kinds.shadow, marketKey),
  protoCodec<ShadowForecast>(ShadowForecast),
);

type Writable = Stores<KVStore>;

/** What stress tests keep. Moves values and knows no rule. */
export const stressStore = {
  sweep: (from: Stores): StressSweep | undefined => sweep.get(from),
  setSweep: (to: Writable, value: StressSweep): void => sweep.set(to, value),

  /** Oldest first. */
  history: (from: Stores): Iterable<ReturnVector> => history.values(from),
  vector: (from: Stores, stretch: bigint): ReturnVector | undefined => history.get(from, stretch),
  keepVector: (to: Writable, value: ReturnVector): void => history.set(to, value.stretch, value),
  dropVector: (to: Writable, stretch: bigint): void => history.delete(to, stretch),

  basis: (from: Stores): StressBasis | undefined => basis.get(from),
  setBasis: (to: Writable, value: StressBasis): void => basis.set(to, value),
  dropBasis: (to: Writable): void => basis.delete(to),

  trancheTally: (from: Stores, id: TrancheRef): TrancheTally | undefined => tranches.get(from, id),
  trancheTallies: (from: Stores): Iterable<TrancheTally> => tranches.values(from, u8(kinds.tranche)),
  setTrancheTally: (to: Writable, value: TrancheTally): void => tranches.set(to, value, value),
  dropTrancheTally: (to: Writable, id: TrancheRef): void => tranches.delete(to, id),

  marketTally: (from: Stores, id: MarketId): MarketTally | undefined => markets.get(from, id),
  marketTallies: (from: Stores): Iterable<MarketTally> => markets.values(from, u8(kinds.market)),
  setMarketTally: (to: Writable, value: MarketTally): void => markets.set(to, value.marketId, value),
  dropMarketTally: (to: Writable, id: MarketId): void => markets.delete(to, id),

  report: (from: Stores): StressReport | undefined => report.get(from, ''),
  setReport: (to: Writable, value: StressReport): void => report.set(to, '', value),

  breach: (from: Stores, key: SubaccountKey): Breach | undefined => breaches.get(from, key),
  /** In key order. */
  breaches: (from: Stores): Iterable<Breach> => breaches.values(from, u8(kinds.breach)),
  setBreach: (to: Writable, value: Breach): void => breaches.set(to, bytesKey(value.account), value),
  dropBreach: (to: Writable, key: SubaccountKey): void => breaches.delete(to, key),

  latency: (from: Stores, id: MarketId, day: bigint): LatencyDay | undefined => latencies.get(from, [id, day]),
  /** Of one market when given, oldest first. */
  latencies: (from: Stores, id?: MarketId): Iterable<LatencyDay> =>
    latencies.values(from, u8(kinds.latency) + (id === undefined ? '' : u32(id))),
  setLatency: (to: Writable, value: LatencyDay): void => latencies.set(to, [value.marketId, value.day], value),
  dropLatency: (to: Writable, { marketId, day }: LatencyDay): void => latencies.delete(to, [marketId, day]),

  shadow: (from: Stores, id: MarketId): ShadowForecast | undefined => shadows.get(from, id),
  shadows: (from: Stores): Iterable<ShadowForecast> => shadows.values(from, u8(kinds.shadow)),
  setShadow: (to: Writable, value: ShadowForecast): void => shadows.set(to, value.marketId, value),
};

export const keyOfBytes = (bytes: Uint8Array): string => bytesKey(bytes);
export const bytesOfKey = (key: string): Uint8Array => keyBytes(key);
