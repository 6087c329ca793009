import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { discountCeiling } from '../x/perps/keeper-bids/clearing.js';
import { equity, health, maintenanceMargin } from '../x/perps/margin/index.js';
import { market, marketsOf } from '../x/perps/testing/values.js';
import { base, ppb, price, quote, type Ppm } from '../x/perps/types.js';
import { fellBelow, levelOf } from '../x/perps/warnings/levels.js';

/** Cells of the rows after a mark on the page that begin with a number. */
function rowsAfter(mark: string, count: number): string[][] {
  const page = readFileSync(join(import.meta.dirname, '../docs/liquidation.md'), 'utf8');
  const [, table] = page.split(`<!-- example: ${mark} -->`);
  const rows = table!
    .trim()
    .split('\n')
    .filter((line) => /^\| +\d/.test(line))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
    .slice(0, count);
  assert.equal(rows.length, count);
  return rows;
}

test('docs/liquidation.md shows the ceilings that the chain computes', () => {
  const rows = rowsAfter('ceiling', 6);
  const view = market({ maintenanceRate: ppb(25_000_000n) });
  const notional = 57_000_000_000n;
  for (const [block, ...shown] of rows) {
    for (const [index, permille] of [50n, 10n, 5n].entries()) {
      const share = quote((notional * permille) / 1_000n);
      const ceiling = discountCeiling(view, share, quote(notional), BigInt(block!) - 1n);
      assert.equal(Number(ceiling) / 100, Number(shown[index]), `block ${block}, ${permille} permille`);
    }
  }
});

test('docs/liquidation.md shows the warnings that the levels give', () => {
  const cash = 2_265 - 60_000;
  let before: Ppm | undefined;
  for (const [mark, own, margin, shown, warned] of rowsAfter('warnings', 8)) {
    const units = (text: string): bigint => BigInt(Math.round(Number(text.replace(',', '')) * 1e6));
    const view = market({ markPrice: price(units(mark!)), quoteDivisor: 1n });
    const account = {
      key: 'a',
      cash: quote(BigInt(cash) * 1_000_000n),
      positions: [{ marketId: 1, quantity: base(1n), entryValue: quote(0n), fundingIndex: 0n }],
      collateral: [],
    };
    const standing = {
      equity: equity(account, marketsOf(view)),
      maintenanceMargin: maintenanceMargin(account, marketsOf(view)),
    };
    assert.deepEqual(standing, { equity: units(own!), maintenanceMargin: units(margin!) }, mark);
    assert.equal((Number(health(standing)! / 1_000n) / 1e3).toFixed(3), shown);
    const level = levelOf(standing);
    const fell = fellBelow(before, level);
    assert.equal(fell === undefined ? '' : (Number(fell) / 1e6).toFixed(2), warned);
    before = level;
  }
});
