import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { hexToBytes } from '@noble/hashes/utils.js';
import { randomScalar } from './field.js';
import { commit, decodePoint } from './group.js';
import { proveRange, verifyRange } from './range-proof.js';

interface Vectors {
  readonly label: string;
  readonly commitments: readonly string[];
  readonly proofs: readonly { readonly bits: number; readonly values: number; readonly proof: string }[];
}

const { label, commitments, proofs } = JSON.parse(
  readFileSync(new URL('./vectors.json', import.meta.url), 'utf8'),
) as Vectors;

for (const { bits, values, proof } of proofs) {
  test(`a published proof of ${values} values of ${bits} bits holds`, () => {
    const points = commitments.slice(0, values).map((hex) => decodePoint(hexToBytes(hex)));
    verifyRange(label, points, hexToBytes(proof), bits);
  });
}

test('what was proven is verified, at the ends of the range too', () => {
  for (const values of [[0n], [2n ** 64n - 1n], [1n, 0n, 2n ** 63n, 12_345_678n]]) {
    const openings = values.map((value) => ({ value, blinding: randomScalar() }));
    const proof = proveRange('test', openings);
    const points = openings.map(({ value, blinding }) => commit(value, blinding));
    assert.equal(proof.length, 32 * (9 + 2 * Math.log2(64 * values.length)));
    verifyRange('test', points, proof);
    assert.throws(() => verifyRange('other', points, proof), /does not hold/);
    assert.throws(() => verifyRange('test', [...points.slice(1), commit(7n, 1n)], proof), /does not hold/);
  }
});

test('INV-Z2 a value below zero or of 2^64 has no proof', () => {
  for (const value of [-1n, 2n ** 64n])
    assert.throws(() => proveRange('test', [{ value, blinding: 1n }]), /does not fit into 64 bits/);
  // A proof for 5 does not pass for the commitment to 5 less the order of anything.
  const proof = proveRange('test', [{ value: 5n, blinding: 9n }]);
  assert.throws(() => verifyRange('test', [commit(-5n, 9n)], proof), /does not hold/);
});

test('INV-Z2 every changed byte breaks a proof', () => {
  const opening = { value: 1_000_000n, blinding: randomScalar() };
  const point = commit(opening.value, opening.blinding);
  const proof = proveRange('test', [opening], 8 * 4);
  for (let at = 3; at < proof.length; at += 29) {
    const changed = Uint8Array.from(proof);
    changed[at]! ^= 1;
    assert.throws(() => verifyRange('test', [point], changed, 32), Error, `byte ${at}`);
  }
  assert.throws(() => verifyRange('test', [point], proof.subarray(0, -32), 32), Error);
  assert.throws(() => verifyRange('test', [point], new Uint8Array(0), 32), /wrong length/);
});
