import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { verifyBooks, verifyInclusion } from '../client/solvency/index.js';
import { Side } from '../gen/plimsoll/perps/v1/types.js';
import {
  QueryProofRequest,
  QueryProofResponse,
  QueryRootsRequest,
  QueryRootsResponse,
} from '../gen/plimsoll/solvency/v1/query.js';
import type { Proof, Root } from '../gen/plimsoll/solvency/v1/solvency.js';
import { fromBech32, toBech32 } from '../runtime/crypto/address.js';
import { usdcEquity } from '../x/perps/margin/index.js';
import { subaccountKey } from '../x/perps/subaccount-key.js';
import { accountBytes } from '../x/solvency/epochs.js';
import { leafHash, MerkleSumTree, saltOf } from '../x/solvency/merkle-sum.js';
import { usdc } from './support/amounts.js';
import { testChain, type TestChain } from './support/chain.js';
import { deposit, order } from './support/messages.js';

const runs = Number(process.env['PLIMSOLL_FC_RUNS'] ?? '100');
const { SIDE_BUY: buy, SIDE_SELL: sell } = Side;

const appHash = new Uint8Array(32).fill(9);
const denoms = ['uusdc', 'ubtc'];
const ownerOf = (index: number): Uint8Array => {
  const owner = new Uint8Array(20);
  new DataView(owner.buffer).setUint32(16, index);
  return owner;
};

/** A tree of these amounts, with the root and a proof of each account as a node would answer. */
function answers(amounts: readonly (readonly bigint[])[]): { root: Root; proofs: Proof[] } {
  const tree = new MerkleSumTree(denoms.length);
  for (const [index, sums] of amounts.entries()) {
    const account = accountBytes(ownerOf(index), index % 3);
    tree.add({ hash: leafHash(account, saltOf(appHash, account), sums), sums });
  }
  const top = tree.root();
  const named = (sums: readonly bigint[]) => denoms.map((denom, i) => ({ denom, amount: sums[i]!.toString() }));
  const root: Root = {
    height: 600n,
    timeMs: 0n,
    appHash,
    hash: top.hash,
    total: named(top.sums),
    accounts: BigInt(amounts.length),
    books: undefined,
  };
  const proofs = amounts.map((sums, index): Proof => ({
    height: 600n,
    owner: toBech32(ownerOf(index)),
    number: index % 3,
    amounts: named(sums),
    appHash,
    index: BigInt(index),
    accounts: BigInt(amounts.length),
    path: tree.path(index).map((node) => ({ hash: node.hash, sums: node.sums.map(String) })),
  }));
  return { root, proofs };
}

const amountsArb = fc.array(fc.tuple(fc.bigInt({ min: 0n, max: 1n << 86n }), fc.bigInt({ min: 0n, max: 1n << 86n })), {
  minLength: 1,
  maxLength: 40,
});

describe('the tree of sums', () => {
  test('INV-Z1 its root holds the sum, and every leaf proves that it is in it', () => {
    fc.assert(
      fc.property(amountsArb, (amounts) => {
        const { root, proofs } = answers(amounts);
        for (const i of [0, 1]) {
          const sum = amounts.reduce((total, each) => total + each[i]!, 0n);
          assert.equal(root.total[i]!.amount, sum.toString());
        }
        for (const [index, proof] of proofs.entries())
          assert.deepEqual(verifyInclusion(proof, root, { uusdc: amounts[index]![0] }), { ok: true });
      }),
      { numRuns: runs },
    );
  });

  test('grows to the same root whether or not it was asked in between', () => {
    const amounts = Array.from({ length: 21 }, (_, i) => [BigInt(i), 1n]);
    const tree = new MerkleSumTree(2);
    for (const [index, sums] of amounts.entries()) {
      const account = accountBytes(ownerOf(index), index % 3);
      tree.add({ hash: leafHash(account, saltOf(appHash, account), sums), sums });
      assert.deepEqual(tree.root().hash, answers(amounts.slice(0, index + 1)).root.hash);
    }
  });
});

describe('INV-Z2 a proof that was tampered with does not verify', () => {
  const { root, proofs } = answers([5n, 11n, 2n, 30n, 7n].map((each) => [each, each * 2n]));
  const proof = proofs[1]!;
  const changed = (change: (proof: Proof, root: Root) => void): ReturnType<typeof verifyInclusion> => {
    const copies = structuredClone({ proof, root });
    change(copies.proof, copies.root);
    return verifyInclusion(copies.proof, copies.root);
  };
  const cases: readonly (readonly [string, (proof: Proof, root: Root) => void, RegExp])[] = [
    ['a smaller balance', (p) => (p.amounts[0]!.amount = '10'), /does not lead to the root/],
    ['a larger total', (_, r) => (r.total[0]!.amount = '56'), /add up to 55uusdc, not 56uusdc/],
    ['a smaller total, as if the larger child were both', (_, r) => (r.total[0]!.amount = '41'), /add up to 55/],
    ['a negative neighbour', (p) => (p.path[0]!.sums[0] = '-5'), /"-5" is not an amount/],
    [
      'a neighbour so large that a sum would wrap',
      (p) => (p.path[0]!.sums[0] = (1n << 127n).toString()),
      /not below 2\^127/,
    ],
    ['a neighbour with another sum', (p) => (p.path[1]!.sums[0] = '33'), /does not lead/],
    ['another neighbour', (p) => (p.path[0]!.hash = new Uint8Array(32)), /does not lead/],
    ['another place', (p) => (p.index = 0n), /does not lead/],
    ['a place outside', (p) => (p.index = 5n), /place 5 of 5/],
    ['somebody else', (p) => (p.owner = proofs[2]!.owner), /does not lead/],
    ['another subaccount', (p) => (p.number = 2), /does not lead/],
    ['a path that is cut', (p) => p.path.pop(), /too short/],
    ['a path that goes on', (p) => p.path.push(p.path[0]!), /too long/],
    ['another height', (p) => (p.height = 1n), /of height 1/],
    ['another state', (p) => (p.appHash = new Uint8Array(32)), /different states/],
    ['a denomination less', (p) => p.amounts.pop(), /denominations differ/],
    ['another root', (_, r) => (r.hash = new Uint8Array(32)), /does not lead/],
  ];
  for (const [name, change, reason] of cases) {
    test(name, () => {
      const verdict = changed(change);
      assert.equal(verdict.ok, false);
      assert.match(verdict.ok ? '' : verdict.reason, reason);
    });
  }

  test('and the owner sees when the tree has another balance than is his', () => {
    assert.deepEqual(verifyInclusion(proof, root, { uusdc: 12n }), {
      ok: false,
      reason: 'the tree has 11uusdc for the account, not 12uusdc',
    });
  });
});

describe('a chain', () => {
  async function trading(): Promise<TestChain> {
    const chain = await testChain({ proofs: { interval: 5n, perBlock: 2, keep: 2 } });
    // Prices come with the third block.
    for (let i = 0; i < 3; i++) await chain.block();
    const txs = chain.keys.map((key, index) =>
      chain.sign(key, [
        deposit(key, usdc(20_000)),
        ...(index === 0 ? [order(key, buy, 10_000_000n, 60_000_000_000n)] : []),
        ...(index === 1 ? [order(key, sell, 10_000_000n, 60_000_000_000n)] : []),
      ]),
    );
    const { results } = await chain.block(txs);
    assert.ok(results.txResults.every(({ code }) => code === 0));
    chain.prices.set({ 'BTC-USD': '61000.5', 'ETH-USD': '3000' });
    for (let i = 0; i < 12; i++) await chain.block();
    return chain;
  }
  const roots = (chain: TestChain): Root[] =>
    QueryRootsResponse.decode(
      chain.plimsoll.app.router.query(
        chain.plimsoll.app.queryContext(),
        '/plimsoll.solvency.v1.Query/Roots',
        QueryRootsRequest.encode({}).finish(),
      ),
    ).roots;

  test('INV-Z1 proves to everybody that his equity is in the total, and that the exchange holds it', async () => {
    const chain = await trading();
    const [first, second] = roots(chain);
    assert.deepEqual([first!.height, second!.height], [5n, 10n]);
    for (const root of [first!, second!]) assert.deepEqual(verifyBooks(root), { ok: true });
    assert.equal(second!.accounts, 4n);
    const ctx = chain.plimsoll.app.queryContext(10n);
    for (const key of chain.keys) {
      const request = QueryProofRequest.encode({ owner: key.address, number: 0, epoch: 0n }).finish();
      const { proof, root } = QueryProofResponse.decode(
        chain.plimsoll.app.router.query(ctx, '/plimsoll.solvency.v1.Query/Proof', request),
      );
      assert.equal(root!.height, 10n);
      const { keeper } = chain.plimsoll.perpsDeps;
      const found = keeper.account(ctx, subaccountKey(fromBech32(key.address), 0));
      assert.deepEqual(verifyInclusion(proof!, root!, { uusdc: usdcEquity(found, keeper.markets(ctx)) }), { ok: true });
    }
    await chain.close();
  });

  test('and a root that owes more than is held does not pass', async () => {
    const chain = await trading();
    const [root] = roots(chain);
    const worse = structuredClone(root!);
    worse.books!.bankBalance = (BigInt(worse.books!.bankBalance) - 5n).toString();
    assert.match((verifyBooks(worse) as { reason: string }).reason, /more is owed than held/);
    await chain.close();
  });

  test('keeps the newest epochs, each with salts of its own', async () => {
    const chain = await trading();
    assert.equal(roots(chain).length, 2);
    const before = roots(chain)[1]!;
    for (let i = 0; i < 12; i++) await chain.block();
    assert.deepEqual(
      roots(chain).map(({ height }) => height),
      [20n, 25n],
    );
    assert.notDeepEqual(roots(chain)[0]!.hash, before.hash, 'salts differ from epoch to epoch');
    await chain.close();
  });
});
