import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Trigger } from '../../../../gen/plimsoll/perps/v1/breakers.js';
import { actions, permits, strictest, type Action, type Mode, type Verdict } from './modes.js';

const governance = Trigger.TRIGGER_GOVERNANCE;
const inModes = (...modes: Mode[]) => modes.map((mode) => ({ trigger: governance, mode }));
const columns: readonly Mode[] = ['normal', 'reduce-only', 'auction', 'halted', 'settlement'];

/** risk-model section 14.1, row by row. */
const table: Readonly<Record<Action, readonly Verdict[]>> = {
  'cash-in': ['yes', 'yes', 'yes', 'yes', 'yes'],
  reduce: ['yes', 'yes', 'auction', 'queued', 'no'],
  quote: ['yes', 'no', 'auction', 'no', 'no'],
  open: ['yes', 'no', 'auction', 'no', 'no'],
  match: ['yes', 'yes', 'auction', 'no', 'no'],
  liquidate: ['yes', 'yes', 'auction', 'no', 'no'],
  takeover: ['yes', 'yes', 'bankrupt', 'no', 'no'],
  resolve: ['yes', 'yes', 'bankrupt', 'bankrupt', 'bankrupt'],
  fund: ['yes', 'no', 'no', 'no', 'no'],
  withdraw: ['yes', 'yes', 'yes', 'quarter', 'no'],
  net: ['no', 'yes', 'yes', 'priced', 'no'],
};

describe('the permitted-action table', () => {
  for (const action of actions) {
    test(`${action}: ${columns.map((mode, index) => `${mode} ${table[action][index]}`).join(', ')}`, () => {
      assert.deepEqual(
        columns.map((mode) => permits(inModes(mode), action)),
        table[action],
      );
    });
  }

  test('INV-X1 cash comes in and cancels go through in every state, whatever is active', () => {
    for (const first of columns)
      for (const second of columns) assert.equal(permits(inModes(first, second), 'cash-in'), 'yes');
  });

  test('INV-X2 while halted no stage before L4 acts, whatever else is active', () => {
    for (const other of columns) {
      assert.equal(permits(inModes('halted', other), 'liquidate'), 'no');
      assert.equal(permits(inModes('halted', other), 'takeover'), 'no');
      assert.equal(permits(inModes('halted', other), 'match'), 'no');
    }
  });

  test('of several causes the strictest wins cell by cell: an auction in a market that only reduces opens nothing', () => {
    const both = inModes('reduce-only', 'auction');
    assert.equal(strictest(both.map(({ mode }) => mode)), 'auction');
    assert.equal(permits(both, 'reduce'), 'auction');
    assert.equal(permits(both, 'open'), 'no');
  });

  test('positions net wherever the strictest mode lets them, also under a cause that stops nothing', () => {
    assert.equal(permits([], 'net'), 'no');
    // B4 stops orders that open, and the market goes on.
    const full = { trigger: Trigger.TRIGGER_OPEN_INTEREST, mode: 'normal' } as const;
    assert.equal(permits([full], 'net'), 'no');
    assert.equal(permits([full, ...inModes('reduce-only')], 'net'), 'yes');
    assert.equal(permits(inModes('reduce-only', 'auction'), 'net'), 'yes');
    assert.equal(permits(inModes('auction', 'halted'), 'net'), 'priced');
    assert.equal(permits(inModes('halted', 'settlement'), 'net'), 'no');
  });

  test('a thin book lets makers quote, unless something else forbids it', () => {
    const thin = { trigger: Trigger.TRIGGER_DEPTH, mode: 'reduce-only' } as const;
    assert.equal(permits([thin], 'quote'), 'yes');
    assert.equal(permits([thin], 'open'), 'no');
    assert.equal(permits([thin, ...inModes('reduce-only')], 'quote'), 'no');
  });
});
