import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RatesGenesis } from '../../../gen/plimsoll/perps/v1/rates.js';
import { newLoadings } from '../loadings/measure.js';
import { fresh } from '../testing/rates.js';
import { newDepthUnit } from './depth-unit.js';
import { checkRates } from './genesis.js';

const markets = new Set([1]);
const genesis = (changes: Partial<RatesGenesis>): RatesGenesis => ({
  volatilities: [],
  rates: [],
  standings: [],
  loadings: [],
  depthUnits: [],
  horizons: [],
  index: undefined,
  sweep: undefined,
  ...changes,
});

test('a genesis without rates, or with sound ones, is taken', () => {
  checkRates(undefined, markets);
  checkRates(genesis({ volatilities: [fresh()], loadings: [newLoadings(1)] }), markets);
});

const refused: readonly (readonly [Partial<RatesGenesis>, RegExp])[] = [
  [{ volatilities: [{ ...fresh(), marketId: 2 }] }, /perps.rates.volatilities\[0\].market_id: 2 is not a market/],
  [{ volatilities: [{ ...fresh(), variances: ['1', '2', '3'] }] }, /volatilities\[0\].variances: expected 4 integers/],
  [{ volatilities: [{ ...fresh(), variances: ['1', '2', '3', '-4'] }] }, /variances: expected 4 integers/],
  [{ volatilities: [{ ...fresh(), coverage: undefined }] }, /volatilities\[0\].coverage: missing/],
  [{ depthUnits: [{ ...newDepthUnit(1, '5', 0n), to: '0' }] }, /depth_units\[0\].to: "0" is not a positive amount/],
  [{ loadings: [{ ...newLoadings(1), own: undefined }] }, /loadings\[0\]: expected own, with_index/],
  [{ loadings: [{ ...newLoadings(1), rhoPpm: [950_001n] }] }, /loadings\[0\]: loadings 950001 explain more than/],
];
for (const [changes, text] of refused)
  test(`refused: ${text.source}`, () => assert.throws(() => checkRates(genesis(changes), markets), text));
