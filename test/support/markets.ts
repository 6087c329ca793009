import type { AppState } from '../../app/genesis.js';
import type { GenesisMarket } from '../../cmd/plimsolld/node/init.js';
import { marketOfClass, type ClassName } from '../../x/perps/params.js';

/** A market with BTC's units: sizes of 10^-8, prices of 10^-6 USD, ticks of one dollar. */
export function marketFor(ticker: string, name: ClassName, tranche: bigint): GenesisMarket {
  const market = marketOfClass(name, {
    id: 1,
    ticker,
    baseExponent: -8,
    priceExponent: -6,
    tickSize: 1_000_000n,
    stepSize: 1_000n,
    oraclePairId: 1,
  });
  return { market, tranche };
}

/** Lets one account be as much of a market as it likes: where one stands for many. */
export function liftAccountShare(state: AppState): void {
  (state['perps'] as { readonly params: { account_share_ppm: number } }).params.account_share_ppm = 0;
}
