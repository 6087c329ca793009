import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { defaultRatesParams } from '../../rates/params.js';
import { clusteredPrices, fresh, take } from '../../testing/rates.js';
import { bucketOf, boundOf, latencyBuckets, percentile99 } from './latency.js';
import { followShadow, learn, newShadow } from './shadow.js';

describe('the shadow of the forecast', () => {
  const weights = [250_000, 300_000, 250_000, 200_000];
  /** One per cent over ten minutes, in ppb^2 * 2^32. */
  const right = (10_000_000n * 10_000_000n * (1n << 32n) * 1_000n) / 1_832n / 10n;

  test('moves weight to the horizon that was right, by two per cent of the loss', () => {
    const [first, second] = learn(weights, [right, right * 3n, right * 3n, right * 3n], 10_000_000n, 10n);
    assert.ok(first! > 250_000 && second! < 300_000, `${first} ${second}`);
    // Losses 0 and a half: 1 against 0.99.
    assert.ok(first! > 251_000 && first! < 252_500, `${first}`);
  });

  test('keeps a million in all, and a hundredth for everybody, however long one is wrong', () => {
    let each: readonly number[] = weights;
    for (let window = 0; window < 5_000; window++)
      each = learn(each, [right, right * 100n, right * 100n, right * 100n], 10_000_000n, 10n);
    assert.equal(
      each.reduce((sum, weight) => sum + weight, 0),
      1_000_000,
    );
    assert.ok(
      each.slice(1).every((weight) => weight >= 10_000 && weight < 12_000),
      each.join(),
    );
    assert.deepEqual(
      learn(weights, [0n, 0n, 0n, 0n], 0n, 10n).reduce((sum, weight) => sum + weight, 0),
      1_000_000,
    );
  });

  test('is judged in the windows of the live forecast, steered to the same coverage, and reported beside it', () => {
    let volatility = fresh();
    let shadow = newShadow(1, volatility.coverage!);
    let minute = 0n;
    for (const price of clusteredPrices(7, 20_000)) {
      minute++;
      const measured = take(volatility, price, minute * 60_000n, 'A', 120_000n);
      if (measured.verdict !== undefined) {
        const judged = { coverage: volatility.coverage!, verdict: measured.verdict };
        const variances = measured.volatility.variances.map(BigInt);
        shadow = followShadow(shadow, judged, measured.volatility.coverage!, variances, defaultRatesParams);
      }
      volatility = measured.volatility;
    }
    const { coverage } = volatility;
    assert.equal(shadow.windows, coverage!.windows - 1n, 'the first window only begins it');
    assert.ok(shadow.liveExceedances <= coverage!.exceedances && shadow.liveExceedances + 1n >= coverage!.exceedances);
    assert.ok(shadow.exceedances * 100n <= shadow.windows, 'a hundredth at most is not covered');
    assert.ok(shadow.meanPpb > 0n && shadow.liveMeanPpb > 0n);
    assert.notDeepEqual(shadow.weightsPpm, weights, 'it learned something');
  });
});

describe('how long breaches last', () => {
  test('is counted in buckets that double', () => {
    const table = [0, 1, 2, 2, 2, 3, 3].map((_, blocks) => bucketOf(BigInt(blocks)));
    assert.deepEqual(table, [0, 1, 2, 3, 3, 4, 4]);
    assert.deepEqual([bucketOf(1_024n), bucketOf(1_025n), bucketOf(1n << 40n)], [11, 12, 12]);
    for (let bucket = 0; bucket < latencyBuckets; bucket++) assert.equal(bucketOf(boundOf(bucket)), bucket);
  });

  test('P99 is the bucket within which 99 of 100 ended', () => {
    const counts = (of: Readonly<Record<number, bigint>>) => Array.from({ length: 13 }, (_, at) => of[at] ?? 0n);
    assert.equal(percentile99(counts({})), 0n);
    assert.equal(percentile99(counts({ 0: 99n, 5: 1n })), 0n);
    assert.equal(percentile99(counts({ 0: 98n, 5: 2n })), 16n);
  });
});
