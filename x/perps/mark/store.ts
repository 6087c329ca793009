import { MarkMinute, MarkState, type MarkGenesis } from '../../../gen/plimsoll/perps/v1/mark.js';
import { Collection, type KeyCodec, type Stores } from '../../../runtime/store/collection.js';
import { readU32, readU64, u32, u64 } from '../../../runtime/store/key.js';
import type { KVStore, ValueCodec } from '../../../runtime/store/types.js';
import { allFundingHours, importFundingHour } from './funding-hours.js';
import { storeName } from '../keys.js';
import { ppb, price, type MarketId } from '../types.js';
import type { MarkStateView } from './advance.js';
import type { Stretch } from './time-average.js';

type Writable = Stores<KVStore>;

const marketKey: KeyCodec<MarketId> = { encode: u32, decode: (key) => readU32(key, 0) };
const minuteKey: KeyCodec<readonly [MarketId, bigint]> = {
  encode: ([market, minute]) => u32(market) + u64(minute),
  decode: (key) => [readU32(key, 0), readU64(key, 4)],
};
const stateCodec: ValueCodec<MarkStateView> = {
  encode: (state) => MarkState.encode(markStateToProto(state)).finish(),
  decode: (bytes) => markStateFromProto(MarkState.decode(bytes)),
};
const stretchCodec: ValueCodec<Stretch> = {
  encode: (stretch) => MarkMinute.encode(stretchToProto(stretch)).finish(),
  decode: (bytes) => stretchFromProto(MarkMinute.decode(bytes)),
};

/** 40 market → MarkState. */
const states = new Collection<MarketId, MarkStateView>(storeName, 0x40, marketKey, stateCodec);
/** 41 market minute → MarkMinute: finished minutes that the time average counts. */
const minutes = new Collection<readonly [MarketId, bigint], Stretch>(storeName, 0x41, minuteKey, stretchCodec);

/** Undefined before a market's first price. */
export const markState = (from: Stores, id: MarketId): MarkStateView | undefined => states.get(from, id);

export const setMarkState = (to: Writable, state: MarkStateView): void => states.set(to, state.marketId, state);

export const keepMinute = (to: Writable, id: MarketId, stretch: Stretch): void =>
  minutes.set(to, [id, stretch.minute], stretch);

export const dropMinute = (to: Writable, id: MarketId, { minute }: Stretch): void => minutes.delete(to, [id, minute]);

/** Finished minutes of a market, oldest first. */
export const minutesOf = (from: Stores, id: MarketId): Iterable<Stretch> => minutes.values(from, u32(id));

export function exportMarks(from: Stores): MarkGenesis {
  return {
    states: [...states.values(from)].map(markStateToProto),
    minutes: [...minutes.entries(from)].map(([[marketId], stretch]) => ({ ...stretchToProto(stretch), marketId })),
    fundingHours: [...allFundingHours(from)],
  };
}

export function importMarks(to: Writable, genesis: MarkGenesis): void {
  for (const state of genesis.states) setMarkState(to, markStateFromProto(state));
  for (const minute of genesis.minutes) keepMinute(to, minute.marketId, stretchFromProto(minute));
  for (const hour of genesis.fundingHours) importFundingHour(to, hour);
}

/** @throws Error naming the field at fault */
export function validateMarks(genesis: MarkGenesis | undefined, markets: ReadonlySet<MarketId>): void {
  for (const list of ['states', 'minutes', 'fundingHours'] as const) {
    for (const [index, { marketId }] of (genesis?.[list] ?? []).entries()) {
      if (!markets.has(marketId))
        throw new Error(`perps.mark.${list}[${index}].market_id: ${marketId} is not a market`);
    }
  }
}

export function markStateToProto(state: MarkStateView): MarkState {
  const { average } = state;
  return {
    marketId: state.marketId,
    basisPpb: state.basis,
    basisTimeMs: state.basisTimeMs,
    bookPrice: state.bookPrice ?? 0n,
    averagePrice: state.averagePrice ?? 0n,
    averageTimeMs: average.untilMs,
    current: stretchToProto(average.current),
    windowPriceMs: average.windowPriceMs.toString(),
    windowCoveredMs: average.windowCoveredMs,
  };
}

function markStateFromProto(proto: MarkState): MarkStateView {
  return {
    marketId: proto.marketId,
    basis: ppb(proto.basisPpb),
    basisTimeMs: proto.basisTimeMs,
    bookPrice: proto.bookPrice === 0n ? undefined : proto.bookPrice,
    averagePrice: proto.averagePrice === 0n ? undefined : price(proto.averagePrice),
    average: {
      untilMs: proto.averageTimeMs,
      current: stretchFromProto(proto.current ?? MarkMinute.fromPartial({})),
      windowPriceMs: BigInt(proto.windowPriceMs === '' ? 0 : proto.windowPriceMs),
      windowCoveredMs: proto.windowCoveredMs,
    },
  };
}

const stretchToProto = ({ minute, priceMs, coveredMs }: Stretch): MarkMinute => ({
  marketId: 0,
  minute,
  priceMs: priceMs.toString(),
  coveredMs,
});

const stretchFromProto = ({ minute, priceMs, coveredMs }: MarkMinute): Stretch => ({
  minute,
  priceMs: BigInt(priceMs === '' ? 0 : priceMs),
  coveredMs,
});
