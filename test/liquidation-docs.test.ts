import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { discountCeiling } from '../x/perps/keeper-bids/clearing.js';
import { market } from '../x/perps/testing/values.js';
import { ppb, quote } from '../x/perps/types.js';

test('docs/liquidation.md shows the ceilings that the chain computes', () => {
  const page = readFileSync(join(import.meta.dirname, '../docs/liquidation.md'), 'utf8');
  const [, table] = page.split('<!-- example: ceiling -->');
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
    .slice(0, 6);
  assert.equal(rows.length, 6);
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
