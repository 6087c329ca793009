import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  base,
  ppb,
  ppm,
  price,
  quote,
  type AccountView,
  type MarketView,
  type Markets,
  type RiskParams,
} from '../types.js';
import { unexplained } from '../margin/loading.js';
import { lookup } from '../margin/lookup.js';
import { applyFill } from '../matching/fill.js';

/** Values for tests of the pure rules: a market in which one base quantum at price 1000 is worth one quote quantum. */
export function market(changes: Partial<MarketView> = {}): MarketView {
  return {
    id: 1,
    class: 'A',
    quoteDivisor: 1_000n,
    markPrice: price(100_000n),
    oraclePrice: price(100_000n),
    lowPrice: changes.markPrice ?? price(100_000n),
    highPrice: changes.markPrice ?? price(100_000n),
    tickSize: 1n,
    stepSize: 1n,
    floorRate: ppb(12_500_000n),
    maintenanceRate: ppb(25_000_000n),
    openingRate: ppb(25_000_000n),
    loading: unexplained(changes.id ?? 1),
    shocks: [],
    depthUnit: quote(50_000_000_000_000n),
    openInterest: quote(0n),
    openInterestCap: quote(2_000_000_000_000_000n),
    fundingIndex: 0n,
    makerFee: ppm(100n),
    takerFee: ppm(400n),
    ...changes,
  };
}

export const riskParams: RiskParams = {
  targetHealth: ppm(1_150_000n),
  graceHealth: ppm(800_000n),
  sliceHealth: ppm(670_000n),
  sliceShare: ppm(250_000n),
  sliceNotional: quote(20_000_000_000n),
  penaltyMin: ppm(1_000n),
  penaltyMax: ppm(15_000n),
  penaltyInsuranceShare: ppm(600_000n),
  penaltyBackstopShare: ppm(200_000n),
  minLiquidationAB: quote(2_000_000_000n),
  minLiquidationCD: quote(500_000_000n),
};

/** Markets of accounts that hold USDC only. */
export const marketsOf = (...views: readonly MarketView[]): Markets =>
  lookup(
    (id) => views.find((view) => view.id === id)!,
    (id) => assert.fail(`collateral asset ${id} among accounts that hold USDC only`),
  );

/** An account that opened `quantity` of each market at its mark with a given equity. */
export function accountWith(
  equity: bigint,
  positions: readonly (readonly [MarketView, bigint])[],
  key = 'a',
): AccountView {
  let cash = equity;
  const held = positions
    .filter(([, quantity]) => quantity !== 0n)
    .map(([view, quantity]) => {
      const fill = applyFill(
        view,
        undefined,
        quantity > 0n ? 'buy' : 'sell',
        quantity > 0n ? quantity : -quantity,
        view.markPrice,
      );
      cash += fill.cash;
      return fill.position!;
    });
  // Opening rounds against the account by at most one quantum a position: give it back, so that equity is exact.
  return { key, cash: quote(cash), positions: held, collateral: [] };
}

export const signed = (bound: bigint): fc.Arbitrary<bigint> => fc.bigInt({ min: -bound, max: bound });
export { base, quote };
