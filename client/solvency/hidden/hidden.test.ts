import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toBech32 } from '@cosmjs/encoding';
import fc from 'fast-check';
import { add } from './field.js';
import { commit } from './group.js';
import {
  accountBytes,
  HiddenTree,
  parseProof,
  parseRoot,
  proofJson,
  rootJson,
  verifyHiddenInclusion,
  verifyHiddenRoot,
  type HiddenLeaf,
  type HiddenProof,
  type HiddenRoot,
} from './index.js';
import { leafOf, parentOf, rangeLabel } from './node.js';
import { proveRange } from './range-proof.js';

const runs = Number(process.env['PLIMSOLL_FC_RUNS'] ?? '8');
const secret = new Uint8Array(32).fill(3);
const ownerBytes = (index: number): Uint8Array => new Uint8Array(20).fill(index + 1);
const about = { chain_id: 'plimsoll-test-1', height: 600n, app_hash: new Uint8Array(32).fill(9) };
const names = { denoms: ['uusdc'], markets: [1, 2] };

const leaf = (index: number, amount: bigint, sizes: readonly bigint[] = [0n, 0n]): HiddenLeaf => ({
  account: accountBytes(ownerBytes(index), index),
  amounts: [amount],
  sizes,
});

function publish(leaves: readonly HiddenLeaf[], depth: number) {
  const tree = new HiddenTree(secret, depth, leaves, { denoms: 1, markets: 2 });
  const { node, values, blindings } = tree.root;
  const root: HiddenRoot = {
    ...about,
    ...names,
    depth,
    root: node,
    totals: values.slice(0, 1),
    blindings: [...blindings],
  };
  const prove = (index: number): HiddenProof => {
    const { account, amounts, sizes } = leaves[index]!;
    const inclusion = tree.prove(account)!;
    return {
      ...about,
      owner: toBech32('plim', account.slice(0, 20)),
      number: index,
      amounts: [...amounts],
      sizes: [...sizes],
      ...inclusion,
      blindings: [...inclusion.blindings],
      path: [...inclusion.path],
    };
  };
  return { root, prove };
}

/** Three accounts, 60 USDC together; the first is long what the others are short. */
const three = [leaf(0, 10_000_000n, [3n, 0n]), leaf(1, 20_000_000n, [-1n, 5n]), leaf(2, 30_000_000n, [-2n, -5n])];
const audit = publish(three, 4);

test('every account finds itself in the total, through the files that the auditor writes', () => {
  const root = parseRoot(JSON.parse(JSON.stringify(rootJson(audit.root))));
  assert.deepEqual(verifyHiddenRoot(root), { ok: true });
  assert.deepEqual(root.totals, [60_000_000n]);
  for (const index of [0, 1, 2]) {
    const proof = parseProof(JSON.parse(JSON.stringify(proofJson(audit.prove(index)))));
    assert.deepEqual(verifyHiddenInclusion(proof, root, { uusdc: three[index]!.amounts[0]! }), { ok: true });
  }
});

test('INV-Z1 the root opens to the sum of all amounts, and to nothing in each market', () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { maxLength: 6 }), (amounts) => {
      const { root } = publish(
        amounts.map((amount, index) => leaf(index, amount)),
        4,
      );
      assert.equal(
        root.totals[0],
        amounts.reduce((sum, each) => sum + each, 0n),
      );
      assert.deepEqual(verifyHiddenRoot(root), { ok: true });
      assert.equal(verifyHiddenRoot({ ...root, totals: [root.totals[0]! + 1n] }).ok, false);
    }),
    { numRuns: runs },
  );
});

test('more longs than shorts show at the root', () => {
  const { root } = publish([leaf(0, 1n, [5n, 0n]), leaf(1, 1n, [-4n, 0n])], 2);
  assert.deepEqual(verifyHiddenRoot(root), { ok: false, reason: 'longs and shorts of market 1 differ' });
});

test('INV-Z2 whatever is changed in a proof, it does not hold any more', () => {
  const proof = audit.prove(1);
  const [first, ...rest] = proof.path;
  const moved = { ...first!, points: first!.points.map((point) => point.add(commit(1n, 0n))) };
  const changes: readonly [Partial<HiddenProof>, RegExp][] = [
    [{ amounts: [20_000_001n] }, /does not lead to the root/],
    [{ sizes: [-1n, 6n] }, /does not lead to the root/],
    [{ owner: toBech32('plim', ownerBytes(0)) }, /does not lead to the root/],
    [{ number: 7 }, /does not lead to the root/],
    [{ salt: new Uint8Array(32) }, /does not lead to the root/],
    [{ position: proof.position ^ 1 }, /does not lead to the root/],
    [{ position: proof.position + 16 }, /the tree has 4 levels/],
    [{ path: rest }, /the tree has 4 levels/],
    [{ path: [moved, ...rest] }, /does not lead to the root/],
    [{ path: [...rest, first!] }, /does not lead to the root/],
    [{ blindings: proof.blindings.map((blinding) => add(blinding, 1n)) }, /does not lead to the root/],
    [{ range: audit.prove(0).range }, /range proof does not hold/],
    [{ height: 601n }, /different states/],
    [{ amounts: [20_000_000n, 0n] }, /one amount for each denomination/],
    [{ amounts: [2n ** 64n] }, /not below 2\^64/],
  ];
  for (const [change, reason] of changes) {
    const verdict = verifyHiddenInclusion({ ...proof, ...change }, audit.root);
    assert.equal(verdict.ok, false, JSON.stringify(Object.keys(change)));
    assert.match(verdict.ok ? '' : verdict.reason, reason);
  }
  assert.match(
    JSON.stringify(verifyHiddenInclusion(proof, audit.root, { uusdc: 19n })),
    /the proof is about 20000000uusdc, not 19uusdc/,
  );
});

test('INV-Z2 a negative balance beside the path cannot make the total smaller', () => {
  assert.throws(() => publish([leaf(0, 10n), leaf(1, -5n)], 2), /expected 0 to 2\^64 - 1/);
  // A cheating prover hangs -5 beside an honest 10: hashes and sums fit, and the root opens to 5.
  const one = { denoms: ['uusdc'], markets: [], depth: 1 };
  const salt = new Uint8Array(32).fill(1);
  const honest = leafOf(accountBytes(ownerBytes(0), 0), salt, [commit(10n, 70n)]);
  const hole = leafOf(accountBytes(ownerBytes(1), 0), salt, [commit(-5n, 80n)]);
  const root = { ...about, ...one, root: parentOf(honest, hole), totals: [5n], blindings: [150n] };
  assert.deepEqual(verifyHiddenRoot(root), { ok: true });
  const rangeOf = (value: bigint) => proveRange(rangeLabel, [{ value, blinding: 80n }]);
  const proof: HiddenProof = {
    ...about,
    owner: toBech32('plim', ownerBytes(0)),
    number: 0,
    amounts: [10n],
    sizes: [],
    salt,
    blindings: [70n],
    position: 0,
    path: [hole],
    range: rangeOf(5n),
  };
  assert.deepEqual(verifyHiddenInclusion(proof, root), { ok: false, reason: 'the range proof does not hold' });
  // With 5 beside it, all is well.
  const whole = leafOf(accountBytes(ownerBytes(1), 0), salt, [commit(5n, 80n)]);
  const right = { ...root, root: parentOf(honest, whole), totals: [15n] };
  assert.deepEqual(verifyHiddenInclusion({ ...proof, path: [whole] }, right), { ok: true });
});

test('files with anything but numbers and points are refused with the field at fault', () => {
  const root = rootJson(audit.root);
  const proof = proofJson(audit.prove(0));
  assert.throws(() => parseRoot({ ...root, totals: ['-1'] }), /root: totals.0/);
  assert.throws(() => parseRoot({ ...root, depth: 33 }), /root: depth/);
  assert.throws(() => parseRoot({ ...root, blindings: ['f'.repeat(64)] }), /scalar is not canonical/);
  assert.throws(() => parseProof({ ...proof, range: 'abc' }), /proof: range/);
  assert.throws(() => parseProof({ ...proof, path: [{ hash: 'zz', points: [] }] }), /proof: path.0.hash/);
  assert.throws(() => parseProof(null), /proof/);
});

test('the same secret and state make the same tree; another secret hides it differently', () => {
  assert.deepEqual(rootJson(publish(three, 4).root), rootJson(audit.root));
  const other = new HiddenTree(new Uint8Array(32).fill(4), 4, three, { denoms: 1, markets: 2 });
  assert.notDeepEqual(other.root.node.hash, audit.root.root.hash);
  assert.throws(() => new HiddenTree(secret, 1, three, { denoms: 1, markets: 2 }), /takes 1/);
  assert.throws(() => new HiddenTree(secret, 4, [...three, three[0]!], { denoms: 1, markets: 2 }), /twice/);
});
