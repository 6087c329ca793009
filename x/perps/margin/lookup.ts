import type { AssetId, AssetView, MarketId, MarketView, Markets } from '../types.js';

/** A lookup of markets and collateral assets, out of one for each. */
export const lookup = (market: (id: MarketId) => MarketView, asset: (id: AssetId) => AssetView): Markets =>
  // A function of its own: what was given keeps no property.
  Object.assign((id: MarketId) => market(id), { asset });
