import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StressGenesis } from '../../../../gen/plimsoll/perps/v1/stress.js';
import { checkStress } from './genesis.js';
import { defaultStressParams, uninsuredOpenInterest, validateStressParams } from './params.js';

const markets = new Set([1]);
type Changes = Parameters<typeof StressGenesis.fromPartial>[0];

describe('a genesis of stress tests is refused', () => {
  const cases: readonly (readonly [string, Changes, RegExp])[] = [
    ['with a move of an unknown market', { history: [{ stretch: 4n, returns: [{ marketId: 9 }] }] }, /history\[0\]\.returns\.market_id: 9/],
    ['with moves out of order', { history: [{ stretch: 4n }, { stretch: 4n }] }, /history\[1\]\.stretch: 4 is out of order/],
    ['with more moves than are kept', { history: Array.from({ length: 501 }, (_, stretch) => ({ stretch: BigInt(stretch) })) }, /501 vectors; at most 500/],
    ['with a round that has nothing to test with', { sweep: { running: true } }, /basis: missing/],
    ['with too few moves of a market', { basis: { scenarios: [{ name: 'a' }], markets: [{ marketId: 1, shocksPpm: [] }] } }, /basis\.markets\[0\]\.shocks_ppm: 0 moves/],
    ['with a sum that is no amount', { trancheTallies: [{ scenarios: [{ sum: '-1', first: '0', second: '0' }] }] }, /tranche_tallies\[0\]\.sum: "-1"/],
    ['with a count of an unknown market', { marketTallies: [{ marketId: 9, notional: '0' }] }, /market_tallies\[0\]\.market_id: 9/],
    ['with a breach of no account', { breaches: [{ marketId: 1 }] }, /breaches\[0\]\.account: 0 bytes; expected 24/],
  ]; // prettier-ignore
  for (const [what, changes, text] of cases)
    test(what, () => assert.throws(() => checkStress(StressGenesis.fromPartial(changes), markets), text));

  test('and taken when it is empty or absent', () => {
    checkStress(undefined, markets);
    checkStress(StressGenesis.fromPartial({}), markets);
  });
});

describe('parameters', () => {
  test('let 100, 20, 4 and 1 million USDC stand uninsured', () => {
    assert.deepEqual(
      (['A', 'B', 'C', 'D'] as const).map(
        (name) => uninsuredOpenInterest(defaultStressParams, name) / 1_000_000_000_000n,
      ),
      [100n, 20n, 4n, 1n],
    );
  });

  test('are refused by name', () => {
    const refused = (changes: object, text: RegExp) =>
      assert.throws(() => validateStressParams({ ...defaultStressParams, ...changes }), text);
    refused({ sweepAccountsPerBlock: 0 }, /stress\.sweep_accounts_per_block: 0; expected 1 to 20000/);
    refused({ uninsuredOpenInterestC: '1.5' }, /stress\.uninsured_open_interest_c: "1\.5" is not an amount/);
    assert.throws(() => validateStressParams(undefined), /stress: missing/);
  });
});
