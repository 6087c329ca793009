import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalVoteExtension } from './canonical-vote.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

test('sign bytes are the length-delimited CanonicalVoteExtension', () => {
  const signed = canonicalVoteExtension(Buffer.from('0102ff', 'hex'), 258n, 3, 'test-1');
  const fields = ['0a030102ff', '110201000000000000', '190300000000000000', '2206746573742d31'];
  assert.equal(hex(signed), `1f${fields.join('')}`);
});

test('zero fields are left out: no extension, round zero', () => {
  assert.equal(hex(canonicalVoteExtension(new Uint8Array(0), 1n, 0, 'a')), '0c' + '110100000000000000' + '220161');
});

test('every field changes the sign bytes', () => {
  const extension = Buffer.from('aa', 'hex');
  const all = [
    canonicalVoteExtension(extension, 7n, 1, 'chain'),
    canonicalVoteExtension(Buffer.from('ab', 'hex'), 7n, 1, 'chain'),
    canonicalVoteExtension(extension, 8n, 1, 'chain'),
    canonicalVoteExtension(extension, 7n, 2, 'chain'),
    canonicalVoteExtension(extension, 7n, 1, 'chair'),
  ];
  assert.equal(new Set(all.map(hex)).size, all.length);
});

test('an extension longer than 127 bytes carries two length bytes, inside and outside', () => {
  const signed = canonicalVoteExtension(new Uint8Array(200).fill(1), 1n, 0, 'a');
  assert.equal(hex(signed.subarray(0, 5)), 'd701' + '0ac801');
  assert.equal(signed.length, 2 + 3 + 200 + 9 + 3);
});
