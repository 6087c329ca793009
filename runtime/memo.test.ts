import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Memo } from './memo.js';

test('what is asked for stays, what is not is forgotten after two generations', () => {
  const memo = new Memo<string, number>(2);
  memo.set('kept', 1);
  memo.set('left', 2);
  memo.set('third', 3);
  assert.equal(memo.get('kept'), 1);
  memo.set('fourth', 4);
  memo.set('fifth', 5);
  assert.equal(memo.get('kept'), 1);
  assert.equal(memo.get('left'), undefined);
  assert.equal(memo.get('fifth'), 5);
});

test('a value set again replaces the one of an older generation', () => {
  const memo = new Memo<string, number>(1);
  memo.set('a', 1);
  memo.set('b', 2);
  memo.set('a', 3);
  assert.equal(memo.get('a'), 3);
});
