import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Keepers } from '../../../app/app.js';
import { toBech32 } from '../../../runtime/crypto/address.js';
import { openStore, cacheOver } from '../../../runtime/store/index.js';
import { mounts } from '../../../app/mounts.js';
import { PerpsKeeper } from '../../../x/perps/keeper.js';
import { subaccountKey } from '../../../x/perps/subaccount-key.js';
import { accountWith, market, marketsOf } from '../../../x/perps/testing/values.js';
import { price } from '../../../x/perps/types.js';
import { Hindsight, hindsightMs } from './hindsight.js';
import { RatePaths } from './rate-paths.js';

describe('unnecessary liquidations', () => {
  const owner = Buffer.alloc(20, 1);
  const key = subaccountKey(owner, 0);
  const account = `${toBech32(owner)}/0`;
  const perps = new PerpsKeeper();
  const keepers = { perps } as Keepers;
  const opened = market();

  /** State in which the account is long 1,000 USDC at 100,000 with 30 USDC. */
  async function before() {
    const store = await openStore({ mounts });
    const branch = cacheOver(store.at());
    const { cash, positions } = accountWith(30_000_000n, [[opened, 10_000_000n]], key);
    perps.setSubaccount(branch, key, { cash, underwaterHeight: 0n, settings: undefined });
    for (const position of positions) perps.setPosition(branch, key, position);
    return { branch, close: () => store.close() };
  }

  test('an account that would stand at maintenance margin an hour later was closed without need', async () => {
    const { branch, close } = await before();
    for (const [mark, unnecessary] of [
      // Margin 2.5 % of 995 USDC is 24.875; equity 30 less 5.
      [99_500n, true],
      // 2.5 % of 994 is 24.85; equity 24.
      [99_400n, false],
    ] as const) {
      const hindsight = new Hindsight();
      const cases = hindsight.open([key], branch, keepers, 1_000n);
      assert.deepEqual(
        cases.map((each) => each.account),
        [account],
      );
      assert.deepEqual(hindsight.open([key], branch, keepers, 2_000n), [], 'a case waits for its verdict');
      const then = marketsOf(market({ markPrice: price(mark) }));
      assert.deepEqual(hindsight.judge(1_000n + hindsightMs - 1n, then), []);
      assert.deepEqual(hindsight.judge(1_000n + hindsightMs, then), [{ account, unnecessary }]);
      assert.deepEqual(hindsight.judge(1_000n + hindsightMs, then), []);
    }
    await close();
  });

  test('a case survives the session that opened it', async () => {
    const { branch, close } = await before();
    const cases = new Hindsight().open([key], branch, keepers, 0n);
    const later = new Hindsight();
    later.restore(JSON.parse(JSON.stringify(cases)) as typeof cases, []);
    assert.equal(later.judge(hindsightMs, marketsOf(opened))[0]!.unnecessary, true);
    const judged = new Hindsight();
    judged.restore(cases, [{ account, unnecessary: true }]);
    assert.deepEqual(judged.judge(hindsightMs, marketsOf(opened)), []);
    await close();
  });
});

test('rate paths: least, median and most, a small series, and the leverage that rates allow', () => {
  const rates = new RatePaths();
  assert.equal(rates.averageAllowedLeverage, 0);
  for (let block = 1; block <= 1_000; block++) {
    const maintenance = block <= 600 ? 20_000 : 30_000;
    rates.add(block, [{ market: 1, maintenance, opening: 25_000, initial: block <= 500 ? 50_000 : 100_000 }]);
  }
  const path = rates.paths().get(1)!;
  assert.deepEqual(path.maintenancePpm, { min: 20_000, median: 20_000, max: 30_000 });
  assert.deepEqual(path.openingPpm, { min: 25_000, median: 25_000, max: 25_000 });
  assert.equal(rates.averageAllowedLeverage, 15);
  assert.ok(path.series.length > 50 && path.series.length <= 128, `${path.series.length} points`);
  const distances = path.series.slice(1).map(({ block }, i) => block - path.series[i]!.block);
  assert.ok(distances.every((each) => each === distances[0]));
});
