import type { RatesGenesis } from '../../../gen/plimsoll/perps/v1/rates.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { ratesStore } from './store.js';

const lists = ['volatilities', 'rates', 'standings', 'loadings'] as const;

/** @throws Error naming the field at fault */
export function checkRates(state: RatesGenesis | undefined, markets: ReadonlySet<number>): void {
  for (const list of lists) {
    for (const [index, { marketId }] of (state?.[list] ?? []).entries()) {
      if (!markets.has(marketId))
        throw new Error(`perps.rates.${list}[${index}].market_id: ${marketId} is not a market`);
    }
  }
}

/** Takes over what was measured elsewhere; what is not there stays as listing made it. */
export function importRates(ctx: Context, state: RatesGenesis | undefined): void {
  if (state === undefined) return;
  for (const each of state.volatilities) ratesStore.setVolatility(ctx, each);
  for (const each of state.rates) ratesStore.setRates(ctx, each);
  for (const each of state.standings) ratesStore.setStanding(ctx, each);
  for (const each of state.loadings) ratesStore.setLoadings(ctx, each);
  if (state.index !== undefined) ratesStore.setIndex(ctx, state.index);
  if (state.sweep !== undefined) ratesStore.setSweep(ctx, state.sweep);
}

export function exportRates(ctx: Context): RatesGenesis {
  return {
    volatilities: [...ratesStore.allVolatilities(ctx)],
    rates: [...ratesStore.allRates(ctx)],
    standings: [...ratesStore.allStandings(ctx)],
    loadings: [...ratesStore.allLoadings(ctx)],
    index: ratesStore.index(ctx),
    sweep: ratesStore.sweep(ctx),
  };
}
