import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, test } from 'node:test';
import { exportAppState } from '../app/genesis.js';
import { fromBech32 } from '../runtime/crypto/address.js';
import { validatorsHash } from '../runtime/engine/hashing.js';
import {
  consensusKeys,
  createMessage,
  delegateMessage,
  keys,
  plim,
  purse,
  stakedState,
  stakingChain,
  undelegateMessage,
} from './support/staking.js';

const [alice, bob] = keys as [(typeof keys)[0], (typeof keys)[0]];
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('a chain whose validators come from genesis transactions', () => {
  test('tells the engine its set from InitChain, and the stake is in the bonded pool', async () => {
    const chain = await stakingChain(await stakedState([1_000n]));
    const { block } = await chain.block();
    assert.deepEqual(
      chain.engine.validators.validators.map(({ publicKey, power }) => [hex(publicKey), power]),
      [[hex(consensusKeys[0]!.publicKey), 1_000n]],
    );
    const expected = hex(validatorsHash([{ publicKey: consensusKeys[0]!.publicKey, power: 1_000n }]));
    assert.equal(hex(block.header.validatorsHash), expected);
    const ctx = chain.plimsoll.app.queryContext();
    assert.equal(chain.plimsoll.keepers.staking.bondedTokens(ctx), 1_000n * plim);
    assert.equal(chain.plimsoll.keepers.bank.balance(ctx, fromBech32(alice.address), 'uplim'), purse - 1_000n * plim);
    await chain.close();
  });

  test('a delegation in block H votes from block H+2 on, and headers say so', async () => {
    const chain = await stakingChain(await stakedState([1_000n]));
    const publicKey = consensusKeys[0]!.publicKey;
    const headers = [(await chain.block([chain.sign(bob, [delegateMessage(bob, alice, 500n * plim)])])).block.header];
    headers.push((await chain.block()).block.header, (await chain.block()).block.header);
    const before = hex(validatorsHash([{ publicKey, power: 1_000n }]));
    const after = hex(validatorsHash([{ publicKey, power: 1_500n }]));
    assert.deepEqual(
      headers.map(({ validatorsHash: own, nextValidatorsHash: next }) => [hex(own), hex(next)]),
      [
        [before, before],
        [before, after],
        [after, after],
      ],
    );
    const { height } = headers[0]!;
    for (const [ahead, power] of [
      [0n, 1_000n],
      [1n, 1_000n],
      [2n, 1_500n],
    ] as const) {
      assert.equal((await chain.engine.validatorsAt(height + ahead))!.total, power, `height H+${ahead}`);
    }
    await chain.close();
  });

  test('goes on while others hold less than a third, in rounds that the local key proposes', async () => {
    const chain = await stakingChain(await stakedState([1_000n]));
    await chain.block([chain.sign(bob, [createMessage(bob, consensusKeys[1]!, 400n * plim)])]);
    for (let i = 0; i < 8; i++) await chain.block();
    const rounds = new Set<number>();
    for (let height = 4n; height <= chain.engine.height; height++) {
      const { commit, block } = (await chain.engine.block(height))!;
      rounds.add(commit.round);
      assert.deepEqual(
        commit.signatures.map(({ blockIdFlag }) => blockIdFlag),
        [2, 1],
      );
      assert.equal(hex(block.header.proposerAddress), hex(consensusKeys[0]!.address));
    }
    // Bob's turn comes two times in seven, and his round passes.
    assert.deepEqual([...rounds].sort(), [0, 1]);
    await chain.close();
  });

  test('stops two blocks after the local key lost two thirds, and says why', async () => {
    const chain = await stakingChain(await stakedState([1_000n]));
    await chain.block([chain.sign(bob, [createMessage(bob, consensusKeys[1]!, 500n * plim)])]);
    await chain.block();
    await assert.rejects(
      chain.block(),
      /holds 1000 of 1500 voting power at height 4: the embedded engine has no other key/,
    );
    await chain.close();
  });

  test('a restart finds the set of each height', async () => {
    const directory = mkdtempSync(`${tmpdir()}/staking-`);
    try {
      const state = await stakedState([1_000n]);
      let chain = await stakingChain(state, directory);
      await chain.block([chain.sign(bob, [createMessage(bob, consensusKeys[1]!, 400n * plim)])]);
      for (let i = 0; i < 3; i++) await chain.block();
      const expected = await Promise.all(
        [1n, 2n, 3n, 4n, 5n, 6n, 7n].map(async (height) => hex((await chain.engine.validatorsAt(height))!.encode())),
      );
      await chain.close();
      chain = await stakingChain(state, directory);
      for (const [index, set] of expected.entries())
        assert.equal(hex((await chain.engine.validatorsAt(BigInt(index + 1)))!.encode()), set);
      assert.equal((await chain.block()).height, 6n);
      await chain.close();
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test('stake that leaves is paid back after the unbonding time, not before', async () => {
    const chain = await stakingChain(await stakedState([1_000n]));
    const { bank } = chain.plimsoll.keepers;
    const balance = (): bigint => bank.balance(chain.plimsoll.app.queryContext(), fromBech32(bob.address), 'uplim');
    await chain.block([chain.sign(bob, [delegateMessage(bob, alice, 500n * plim)])]);
    assert.equal(balance(), purse - 500n * plim);
    await chain.block([chain.sign(bob, [undelegateMessage(bob, alice, 200n * plim)])]);
    const day = 86_400_000n;
    await chain.block([], 20n * day);
    assert.equal(balance(), purse - 500n * plim);
    await chain.block([], 2n * day);
    // Block time is the time of the votes on the block before.
    await chain.block();
    assert.equal(balance(), purse - 300n * plim);
    await chain.close();
  });

  test('exports a state that begins another chain with the same set, stake and books', async () => {
    const chain = await stakingChain(await stakedState([1_000n]));
    const fee = { fee: [{ denom: 'uusdc', amount: '1000003' }] };
    await chain.block([chain.sign(bob, [delegateMessage(bob, alice, 500n * plim)], fee)]);
    await chain.block([chain.sign(bob, [undelegateMessage(bob, alice, 123_456_789n)], fee)]);
    await chain.block();
    await chain.block();
    const { plimsoll } = chain;
    const exported = exportAppState(plimsoll.modules, plimsoll.app.queryContext());
    await chain.close();

    const again = await stakingChain(structuredClone(exported));
    assert.equal(again.engine.validators.total, 1_376n);
    const next = exportAppState(again.plimsoll.modules, again.plimsoll.app.queryContext());
    for (const name of ['staking', 'bank', 'distribution', 'auth', 'genutil'])
      assert.deepEqual(next[name], exported[name], name);
    await again.close();
  });
});
