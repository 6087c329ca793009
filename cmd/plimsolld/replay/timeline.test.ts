import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PriceSource } from '../../../x/oracle/price-source.js';
import type { PriceFile, ReplayInputs } from './inputs.js';
import { PriceHistory, Timeline } from './timeline.js';

function inputs(blocksPerBar: number, ...times: readonly number[]): ReplayInputs {
  const bars = times.map((time) => ({ timeMs: time * 1_000, open: '1', high: '1', low: '1', close: '1' }));
  const file: PriceFile = { symbol: 'X-USD', path: 'x.csv', bars, intervalMs: 60_000, digest: '' };
  return { prices: [file], className: 'A', accounts: 8, seed: '1', blocksPerBar };
}

const seconds = (timeline: Timeline): number[] =>
  Array.from({ length: timeline.blocks }, (_, index) => Number(timeline.timeMs(index + 1)) / 1_000);

test('four blocks a bar stand at its four prices, and one more applies the last vote', () => {
  assert.deepEqual(seconds(new Timeline(inputs(4, 600, 660))), [600, 615, 630, 645, 660, 675, 690, 705, 720]);
});

test('fewer blocks see the last prices of a bar, more are spread evenly', () => {
  assert.deepEqual(seconds(new Timeline(inputs(1, 600))), [645, 705]);
  assert.deepEqual(seconds(new Timeline(inputs(2, 600))), [630, 645, 690]);
  assert.deepEqual(seconds(new Timeline(inputs(6, 600))), [600, 610, 620, 630, 640, 650, 660]);
});

test('time goes on through gaps', () => {
  assert.deepEqual(seconds(new Timeline(inputs(1, 600, 780))), [645, 705, 765, 825, 885]);
});

test('a history is undefined in a gap, and its moves are measured from the last known price', () => {
  const path: Readonly<Record<number, string>> = { 645: '100', 825: '90', 885: '99' };
  const source: PriceSource = {
    prices: (timeMs) => {
      const price = path[Number(timeMs) / 1_000];
      return price === undefined ? [] : [{ symbol: 'X-USD', price }];
    },
  };
  const history = new PriceHistory(source, new Timeline(inputs(1, 600, 780)), 'X-USD', -2);
  assert.deepEqual(
    [1, 2, 3, 4, 5].map((height) => history.at(height)),
    [10_000n, undefined, undefined, 9_000n, 9_900n],
  );
  assert.equal(history.movePpm(3, 2), 0);
  assert.equal(history.movePpm(4, 1), -100_000);
  assert.equal(history.movePpm(5, 4), -10_000);
  assert.equal(history.movePpm(0, 5), 0);
  assert.equal(history.noisePpm(5, 2), 100_000);
});
