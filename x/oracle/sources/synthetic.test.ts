import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { scaleDecimal } from '../decimal.js';
import { StaticPriceSource } from './static.js';
import { SyntheticPriceSource, type SyntheticPath } from './synthetic.js';

const btc: SyntheticPath = { symbol: 'BTC-USD', start: 60_000, volatilityPpm: 1_000 };
const eth: SyntheticPath = { symbol: 'ETH-USD', start: 3_000, volatilityPpm: 1_500 };
const start = 1_700_000_000_000n;

/** Prices of BTC every two seconds over so many hours. */
function path(source: SyntheticPriceSource, hours: number): number[] {
  return Array.from({ length: hours * 1_800 }, (_, step) => {
    const [quoted] = source.prices(start + BigInt(step) * 2_000n);
    return Number(quoted!.price);
  });
}

describe('a synthetic price', () => {
  test('is a function of seed, symbol and time: a restarted node continues the same path', () => {
    const first = new SyntheticPriceSource('seed', [btc, eth]);
    const expected = [0n, 2_000n, 4_000n].map((ms) => first.prices(start + ms));
    const restarted = new SyntheticPriceSource('seed', [eth, btc]);
    const found = [4_000n, 0n, 2_000n].map((ms) => restarted.prices(start + ms));
    assert.deepEqual(
      [found[1], found[2], found[0]].map((prices) => [prices![1], prices![0]]),
      expected,
    );
  });

  test('differs between seeds and between symbols', () => {
    const moves = (seed: string, given: SyntheticPath): string =>
      new SyntheticPriceSource(seed, [{ ...given, start: 100 }]).prices(start)[0]!.price;
    const same = { ...btc, symbol: 'ETH-USD' };
    assert.equal(new Set([moves('a', btc), moves('b', btc), moves('a', same)]).size, 3);
  });

  test('moves between blocks, without jumping, and comes back to its start over hours', () => {
    const prices = path(new SyntheticPriceSource('seed', [btc]), 4);
    const returns = prices.slice(1).map((price, at) => Math.abs(price / prices[at]! - 1));
    assert.ok(Math.max(...returns) < 0.005, 'two seconds move it by less than 0.5 %');
    assert.ok(returns.filter((move) => move > 0).length > returns.length * 0.99, 'it hardly ever stands still');
    // All waves together: 16 + 8 + ... + 1/4 < 32 times the volatility.
    assert.ok(prices.every((price) => Math.abs(Math.log(price / btc.start)) < 0.032));
    assert.ok(Math.max(...prices) / Math.min(...prices) > 1.005, 'it swings by more than 0.5 % in four hours');
    assert.ok(prices.some((price) => price > btc.start) && prices.some((price) => price < btc.start));
  });

  test('is a decimal that fits the exponent of its pair', () => {
    const source = new SyntheticPriceSource('seed', [btc, eth]);
    for (const { price } of source.prices(start)) assert.notEqual(scaleDecimal(price, -5), undefined);
  });
});

test('a static price is the same for ever', () => {
  const source = new StaticPriceSource({ 'BTC-USD': '43538.02', 'ETH-USD': '2314.55' });
  assert.deepEqual(source.prices(), [
    { symbol: 'BTC-USD', price: '43538.02' },
    { symbol: 'ETH-USD', price: '2314.55' },
  ]);
});
