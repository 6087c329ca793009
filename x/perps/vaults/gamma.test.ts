import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { crowdSurcharge, isCrowded } from './gamma.js';

describe('a side of a market', () => {
  const crowded = (side: 'buy' | 'sell', held: bigint, within: readonly [bigint, bigint, bigint]): boolean =>
    isCrowded(side, { held, limit: 100n, liquidated: (ppm) => within[[20_000n, 50_000n, 100_000n].indexOf(ppm)]! });

  const table: readonly (readonly [string, boolean, Parameters<typeof crowded>])[] = [
    ['has room while a quarter of what 10 % liquidate is twice the limit', false, ['buy', 0n, [0n, 0n, 800n]]],
    ['is crowded from one quantum more on', true, ['buy', 0n, [0n, 0n, 801n]]],
    ['is crowded by what a small move liquidates too', true, ['sell', 0n, [801n, 801n, 801n]]],
    ['counts what the vault holds of it', true, ['buy', 1n, [0n, 0n, 800n]]],
    ['and what it holds against it', false, ['sell', 1n, [0n, 0n, 804n]]],
  ];
  for (const [what, expected, given] of table) test(what, () => assert.equal(crowded(...given), expected));

  test('costs a quarter of what an order adds, rounded up', () => {
    assert.deepEqual(
      [crowdSurcharge(100n), crowdSurcharge(101n), crowdSurcharge(0n), crowdSurcharge(-4n)],
      [25n, 26n, 0n, 0n],
    );
  });
});
