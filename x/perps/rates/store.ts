import {
  AtRiskSweep,
  ClassStanding,
  DepthUnit,
  Horizon,
  Loadings,
  MarginRates,
  Moments,
  Volatility,
} from '../../../gen/plimsoll/perps/v1/rates.js';
import { FatalError } from '../../../runtime/baseapp/errors.js';
import { Collection, Item, protoCodec, type KeyCodec, type Stores } from '../../../runtime/store/collection.js';
import { readU32, u32 } from '../../../runtime/store/key.js';
import type { KVStore } from '../../../runtime/store/types.js';
import { storeName } from '../keys.js';
import type { MarketId } from '../types.js';

const marketKey: KeyCodec<MarketId> = { encode: u32, decode: (key) => readU32(key, 0) };

/** 28 market → Volatility. */
const volatilities = new Collection<MarketId, Volatility>(
  storeName,
  0x28,
  marketKey,
  protoCodec<Volatility>(Volatility),
);
/** 29 market → MarginRates. */
const rates = new Collection<MarketId, MarginRates>(storeName, 0x29, marketKey, protoCodec<MarginRates>(MarginRates));
/** 2a market → ClassStanding. */
const standings = new Collection<MarketId, ClassStanding>(
  storeName,
  0x2a,
  marketKey,
  protoCodec<ClassStanding>(ClassStanding),
);
/** 2b market → Loadings. */
const loadings = new Collection<MarketId, Loadings>(storeName, 0x2b, marketKey, protoCodec<Loadings>(Loadings));
/** 2c → moments of the index. */
const index = new Item<Moments>(storeName, 0x2c, protoCodec<Moments>(Moments));
/** 2d → the sweep for accounts at risk, while one is under way. */
const sweep = new Item<AtRiskSweep>(storeName, 0x2d, protoCodec<AtRiskSweep>(AtRiskSweep));

/** 2e market → DepthUnit. */
const depthUnits = new Collection<MarketId, DepthUnit>(storeName, 0x2e, marketKey, protoCodec<DepthUnit>(DepthUnit));
/** 6c market → Horizon. */
const horizons = new Collection<MarketId, Horizon>(storeName, 0x6c, marketKey, protoCodec<Horizon>(Horizon));

type Writable = Stores<KVStore>;

function required<T>(value: T | undefined, what: string, id: MarketId): T {
  if (value === undefined) throw new FatalError(`market ${id} has no ${what}: listing did not make it`);
  return value;
}

/** What is measured of markets and the rates that follow from it. Moves values and knows no rule. */
export const ratesStore = {
  volatility: (from: Stores, id: MarketId): Volatility => required(volatilities.get(from, id), 'volatility', id),
  allVolatilities: (from: Stores): Iterable<Volatility> => volatilities.values(from),
  setVolatility: (to: Writable, value: Volatility): void => volatilities.set(to, value.marketId, value),

  rates: (from: Stores, id: MarketId): MarginRates => required(rates.get(from, id), 'rates', id),
  allRates: (from: Stores): Iterable<MarginRates> => rates.values(from),
  setRates: (to: Writable, value: MarginRates): void => rates.set(to, value.marketId, value),

  standing: (from: Stores, id: MarketId): ClassStanding => required(standings.get(from, id), 'class standing', id),
  allStandings: (from: Stores): Iterable<ClassStanding> => standings.values(from),
  setStanding: (to: Writable, value: ClassStanding): void => standings.set(to, value.marketId, value),

  loadings: (from: Stores, id: MarketId): Loadings => required(loadings.get(from, id), 'loadings', id),
  allLoadings: (from: Stores): Iterable<Loadings> => loadings.values(from),
  setLoadings: (to: Writable, value: Loadings): void => loadings.set(to, value.marketId, value),

  depthUnit: (from: Stores, id: MarketId): DepthUnit => required(depthUnits.get(from, id), 'depth unit', id),
  allDepthUnits: (from: Stores): Iterable<DepthUnit> => depthUnits.values(from),
  setDepthUnit: (to: Writable, value: DepthUnit): void => depthUnits.set(to, value.marketId, value),

  /** Undefined until the market was looked at once. */
  horizon: (from: Stores, id: MarketId): Horizon | undefined => horizons.get(from, id),
  allHorizons: (from: Stores): Iterable<Horizon> => horizons.values(from),
  setHorizon: (to: Writable, value: Horizon): void => horizons.set(to, value.marketId, value),
  dropHorizon: (to: Writable, id: MarketId): void => horizons.delete(to, id),

  index: (from: Stores): Moments => index.get(from) ?? { fast: '0', slow: '0' },
  setIndex: (to: Writable, value: Moments): void => index.set(to, value),

  sweep: (from: Stores): AtRiskSweep | undefined => sweep.get(from),
  setSweep: (to: Writable, value: AtRiskSweep): void => sweep.set(to, value),
  endSweep: (to: Writable): void => sweep.delete(to),
};
