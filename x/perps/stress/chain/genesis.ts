import type { StressGenesis } from '../../../../gen/plimsoll/perps/v1/stress.js';
import type { Context } from '../../../../runtime/baseapp/context.js';
import type { Stores } from '../../../../runtime/store/collection.js';
import { historyLength } from '../rules/history.js';
import { stressStore } from './store.js';

const amount = /^(0|[1-9][0-9]{0,38})$/;

/** @throws Error naming the field at fault */
export function checkStress(state: StressGenesis | undefined, markets: ReadonlySet<number>): void {
  if (state === undefined) return;
  const requireMarket = (field: string, id: number): void => {
    if (!markets.has(id)) throw new Error(`perps.stress.${field}.market_id: ${id} is not a market`);
  };
  const requireAmount = (field: string, text: string): void => {
    if (!amount.test(text))
      throw new Error(`perps.stress.${field}: ${JSON.stringify(text.slice(0, 40))} is not an amount`);
  };
  if (state.history.length > historyLength)
    throw new Error(`perps.stress.history: ${state.history.length} vectors; at most ${historyLength}`);
  for (const [index, { stretch, returns }] of state.history.entries()) {
    const field = `history[${index}]`;
    if (index > 0 && stretch <= state.history[index - 1]!.stretch)
      throw new Error(`perps.stress.${field}.stretch: ${stretch} is out of order`);
    for (const each of returns) requireMarket(`${field}.returns`, each.marketId);
  }
  if (state.sweep?.running === true && state.basis === undefined)
    throw new Error('perps.stress.basis: missing, and a round is running');
  const { basis } = state;
  for (const [index, { marketId, shocksPpm }] of (basis?.markets ?? []).entries()) {
    requireMarket(`basis.markets[${index}]`, marketId);
    const expected = basis!.markets[0]!.shocksPpm.length;
    if (shocksPpm.length !== expected || shocksPpm.length < basis!.scenarios.length)
      throw new Error(`perps.stress.basis.markets[${index}].shocks_ppm: ${shocksPpm.length} moves`);
  }
  for (const [index, { scenarios }] of state.trancheTallies.entries()) {
    for (const each of scenarios)
      for (const field of ['sum', 'first', 'second'] as const)
        requireAmount(`tranche_tallies[${index}].${field}`, each[field]);
  }
  for (const [index, { marketId, bands, largest, notional }] of state.marketTallies.entries()) {
    const field = `market_tallies[${index}]`;
    requireMarket(field, marketId);
    for (const text of [...largest, notional, ...bands.flatMap(({ longs, shorts }) => [longs, shorts])])
      requireAmount(field, text);
  }
  for (const [index, { account, marketId }] of state.breaches.entries()) {
    requireMarket(`breaches[${index}]`, marketId);
    if (account.length !== 24)
      throw new Error(`perps.stress.breaches[${index}].account: ${account.length} bytes; expected 24`);
  }
  for (const [index, { marketId }] of state.latencies.entries()) requireMarket(`latencies[${index}]`, marketId);
  for (const [index, { marketId }] of state.shadows.entries()) requireMarket(`shadows[${index}]`, marketId);
}

export function importStress(ctx: Context, state: StressGenesis | undefined): void {
  if (state === undefined) return;
  for (const each of state.history) stressStore.keepVector(ctx, each);
  if (state.sweep !== undefined) stressStore.setSweep(ctx, state.sweep);
  if (state.basis !== undefined) stressStore.setBasis(ctx, state.basis);
  for (const each of state.trancheTallies) stressStore.setTrancheTally(ctx, each);
  for (const each of state.marketTallies) stressStore.setMarketTally(ctx, each);
  if (state.report !== undefined) stressStore.setReport(ctx, state.report);
  for (const [index, each] of state.breaches.entries()) {
    if (each.height > ctx.block.height)
      throw new Error(
        `perps.stress.breaches[${index}].height: ${each.height}; this chain begins at ${ctx.block.height}`,
      );
    stressStore.setBreach(ctx, each);
  }
  for (const each of state.latencies) stressStore.setLatency(ctx, each);
  for (const each of state.shadows) stressStore.setShadow(ctx, each);
}

export function exportStress(from: Stores): StressGenesis {
  return {
    history: [...stressStore.history(from)],
    sweep: stressStore.sweep(from),
    basis: stressStore.basis(from),
    trancheTallies: [...stressStore.trancheTallies(from)],
    marketTallies: [...stressStore.marketTallies(from)],
    report: stressStore.report(from),
    breaches: [...stressStore.breaches(from)],
    latencies: [...stressStore.latencies(from)],
    shadows: [...stressStore.shadows(from)],
  };
}
