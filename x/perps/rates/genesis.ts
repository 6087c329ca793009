import type { RatesGenesis } from '../../../gen/plimsoll/perps/v1/rates.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { maxExplained } from '../margin/loading.js';
import { horizons } from '../volatility/variance.js';
import { notches } from './horizon.js';
import { ratesStore } from './store.js';

const lists = ['volatilities', 'rates', 'standings', 'loadings', 'depthUnits', 'horizons'] as const;

/** @throws Error naming the field at fault */
export function checkRates(state: RatesGenesis | undefined, markets: ReadonlySet<number>): void {
  for (const list of lists) {
    for (const [index, { marketId }] of (state?.[list] ?? []).entries()) {
      if (!markets.has(marketId))
        throw new Error(`perps.rates.${list}[${index}].market_id: ${marketId} is not a market`);
    }
  }
  for (const [index, { variances, coverage }] of (state?.volatilities ?? []).entries()) {
    const field = `perps.rates.volatilities[${index}]`;
    if (variances.length !== horizons.length || !variances.every((each) => /^[0-9]{1,39}$/.test(each)))
      throw new Error(`${field}.variances: expected ${horizons.length} integers that are not negative`);
    if (coverage === undefined) throw new Error(`${field}.coverage: missing`);
  }
  for (const [index, { minutes }] of (state?.horizons ?? []).entries())
    if (!notches.includes(BigInt(minutes)))
      throw new Error(`perps.rates.horizons[${index}].minutes: ${minutes}; expected one of ${notches.join(', ')}`);
  for (const [index, unit] of (state?.depthUnits ?? []).entries()) {
    for (const field of ['now', 'from', 'to'] as const)
      if (!/^[1-9][0-9]{0,37}$/.test(unit[field]))
        throw new Error(
          `perps.rates.depth_units[${index}].${field}: ${JSON.stringify(unit[field].slice(0, 40))} is not a positive amount`,
        );
  }
  for (const [index, { rhoPpm, schedule, own, withIndex, withCluster, cluster }] of (state?.loadings ?? []).entries()) {
    const field = `perps.rates.loadings[${index}]`;
    for (const each of [own, withIndex, withCluster, cluster]) {
      if (each === undefined || ![each.fast, each.slow].every((text) => /^-?[0-9]{1,39}$/.test(text)))
        throw new Error(`${field}: expected own, with_index, with_cluster and cluster as pairs of integers`);
    }
    for (const rho of [rhoPpm, schedule?.fromPpm ?? [], schedule?.toPpm ?? []]) {
      if (rho.reduce((sum, each) => sum + each * each, 0n) > maxExplained)
        throw new Error(`${field}: loadings ${rho.join(', ')} explain more than ${maxExplained} ppm^2`);
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
  for (const each of state.depthUnits) ratesStore.setDepthUnit(ctx, each);
  for (const [index, each] of state.horizons.entries()) {
    if (each.height > ctx.block.height)
      throw new Error(
        `perps.rates.horizons[${index}].height: ${each.height}; this chain begins at ${ctx.block.height}`,
      );
    ratesStore.setHorizon(ctx, each);
  }
  if (state.index !== undefined) ratesStore.setIndex(ctx, state.index);
  if (state.sweep !== undefined) ratesStore.setSweep(ctx, state.sweep);
}

export function exportRates(ctx: Context): RatesGenesis {
  return {
    volatilities: [...ratesStore.allVolatilities(ctx)],
    rates: [...ratesStore.allRates(ctx)],
    standings: [...ratesStore.allStandings(ctx)],
    loadings: [...ratesStore.allLoadings(ctx)],
    depthUnits: [...ratesStore.allDepthUnits(ctx)],
    horizons: [...ratesStore.allHorizons(ctx)],
    index: ratesStore.index(ctx),
    sweep: ratesStore.sweep(ctx),
  };
}
