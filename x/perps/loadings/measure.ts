import type { Loadings } from '../../../gen/plimsoll/perps/v1/rates.js';
import type { MarketId } from '../types.js';

const none = { fast: '0', slow: '0' };

/** A market whose moves nobody has compared with others yet: no factor explains any of them. */
export const newLoadings = (marketId: MarketId): Loadings => ({
  marketId,
  stretch: 0n,
  price: 0n,
  returns: 0n,
  own: none,
  withIndex: none,
  withCluster: none,
  cluster: none,
  rhoPpm: [],
  schedule: undefined,
  trialPpm: [],
  trialMs: 0n,
});
