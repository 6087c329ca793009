import type { DepthUnit, Loadings, MarginRates } from '../../../gen/plimsoll/perps/v1/rates.js';
import type { Market } from '../../../gen/plimsoll/perps/v1/types.js';
import { classFromProto } from '../codecs.js';
import { loadingOf } from '../margin/loading.js';
import { ppb, ppm, quote, type MarketView } from '../types.js';
import { limitsOf } from './limits.js';

/** The part of a market's view that moves by measurement. */
export type RatesView = Pick<MarketView, 'floorRate' | 'maintenanceRate' | 'openingRate' | 'loading' | 'depthUnit'>;

/** The rates that hold, as rules want them. */
export function ratesView(market: Market, rates: MarginRates, { rhoPpm }: Loadings, depth: DepthUnit): RatesView {
  return {
    floorRate: limitsOf(classFromProto(market.class), market.floorRatePpm).floor,
    maintenanceRate: ppb(rates.maintenancePpb),
    openingRate: ppb(rates.openingPpb),
    depthUnit: quote(BigInt(depth.now)),
    loading: loadingOf(clusterOf(market), rhoPpm.map(ppm)),
  };
}

/** Clusters are numbered as markets are: a market without one is alone in its own. */
export const clusterOf = ({ id, cluster }: Market): number => (cluster === 0 ? id : cluster);
