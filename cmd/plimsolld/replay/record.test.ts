import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordOf } from './record.js';

test('what keepers and vaults take over counts at mark, apart from the book', () => {
  const audit = { violations: [], negativeAccounts: 0, insurance: 0n, vaults: 0n, badDebt: 0n, haltedReason: '' };
  const event = (name: string, fields: Readonly<Record<string, unknown>>) => ({
    type: `plimsoll.perps.v1.${name}`,
    attributes: Object.entries(fields).map(([key, value]) => ({ key, value: JSON.stringify(value), index: true })),
  });
  const events = [
    event('EventKeeperFill', { market_id: 1, notional: '14999550000' }),
    event('EventKeeperFill', { market_id: 1, notional: '5000040000' }),
    event('EventBackstopTakeover', { market_id: 1, notional: '50769600000' }),
    event('EventFill', { market_id: 1, liquidation: true, quote_amount: '7000000' }),
  ];
  const after = { rates: [], verdicts: [], open: () => [] };
  const { keepers, backstop, book } = recordOf(1, { events, txResults: [] }, new Map(), audit, after, 0);
  assert.equal(keepers, 19_999_590_000n);
  assert.equal(backstop, 50_769_600_000n);
  assert.equal(book, 7_000_000n);
});
