import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RequestFinalizeBlock } from 'cosmjs-types/tendermint/abci/types';
import { MsgSend } from '../gen/cosmos/bank/v1beta1/tx.js';
import { SequenceError } from '../runtime/abci/errors.js';
import { timestampOf } from '../runtime/engine/time.js';
import { testChain } from './support/chain.js';

const none = new Uint8Array(0);

/** Bytes of a transaction in a block, as CometBFT counts them: tag, length and itself. */
function inBlock(tx: Uint8Array): number {
  let length = 1;
  for (let rest = tx.length; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++;
  return 1 + length + tx.length;
}

test('a proposal never exceeds the bytes it has, votes counted; all validators accept it unless there is no room for the votes', async () => {
  const chain = await testChain();
  for (let block = 0; block < 3; block++) await chain.block();
  const { engine, plimsoll, keys } = chain;
  const [alice, bob] = keys as [(typeof keys)[0], (typeof keys)[0]];
  const send = {
    typeName: 'cosmos.bank.v1beta1.MsgSend',
    bytes: MsgSend.encode({
      fromAddress: alice.address,
      toAddress: bob.address,
      amount: [{ denom: 'uusdc', amount: '1' }],
    }).finish(),
  };
  const txs = Array.from({ length: 5 }, () => chain.sign(alice, [send]));
  const { extended } = (await engine.block(engine.height))!;
  const common = {
    height: engine.height + 1n,
    time: timestampOf(engine.timeMs + 1_000n),
    misbehavior: [],
    nextValidatorsHash: none,
    proposerAddress: engine.validator.address,
  };
  const propose = async (maxTxBytes: number): Promise<Uint8Array[]> =>
    (await plimsoll.app.prepareProposal({ ...common, maxTxBytes: BigInt(maxTxBytes), txs, localLastCommit: extended }))
      .txs;
  const whole = await propose(1_000_000);
  assert.equal(whole.length, 6, 'votes and five transactions');
  const size = whole.reduce((sum, tx) => sum + inBlock(tx), 0);
  const votes = inBlock(whole[0]!);
  const proposedLastCommit = {
    round: extended.round,
    votes: extended.votes.map(({ validator, blockIdFlag }) => ({ validator, blockIdFlag })),
  };
  // The only validator's vote cannot be left out, so under the size of the votes there is no proposal.
  const limits = [votes, votes + 1, size - 1, size, size + 1];
  for (let limit = votes + 2; limit < size - 1; limit += 53) limits.push(limit);
  for (const limit of limits) {
    const proposed = await propose(limit);
    const bytes = proposed.reduce((sum, tx) => sum + inBlock(tx), 0);
    assert.ok(bytes <= limit, `${bytes} of ${limit}`);
    assert.ok(proposed.length >= 1, `votes fit ${limit}`);
    if (limit >= size) assert.equal(proposed.length, 6);
    const { status } = await plimsoll.app.processProposal({
      ...common,
      txs: proposed,
      hash: none,
      proposedLastCommit,
    });
    assert.equal(status, 1, `accepted at ${limit}`);
  }
  await chain.close();
});

test('what the engine may not ask now is refused and changes nothing', async () => {
  const chain = await testChain();
  const { app } = chain.plimsoll;
  const finalize = (height: bigint) => app.finalizeBlock(RequestFinalizeBlock.fromPartial({ height }));
  const refused = (why: RegExp) => (error: unknown) => error instanceof SequenceError && why.test(error.message);
  await assert.rejects(app.commit(), refused(/Commit without FinalizeBlock/));
  await assert.rejects(finalize(2n), refused(/height 2: the next one is 1/));
  await chain.block();
  await assert.rejects(finalize(1n), refused(/height 1: the next one is 2/));
  await assert.rejects(finalize(3n), refused(/height 3: the next one is 2/));
  await assert.rejects(app.commit(), refused(/Commit without FinalizeBlock/));
  await assert.rejects(
    app.initChain({
      time: timestampOf(0n),
      chainId: 'plimsoll-test-1',
      consensusParams: undefined,
      validators: [],
      appStateBytes: none,
      initialHeight: 1n,
    }),
    refused(/InitChain on a chain that has blocks/),
  );
  const { results } = await chain.block();
  assert.equal(results.txResults[0]?.code ?? 0, 0);
  await chain.close();
});

test('a proposal of checked transactions is the one of a node that checked none of them, in any order and selection', async () => {
  const chain = await testChain();
  for (let block = 0; block < 3; block++) await chain.block();
  const { engine, plimsoll, keys } = chain;
  const [alice, bob] = keys as [(typeof keys)[0], (typeof keys)[0]];
  const txs = [alice, bob, alice, bob, alice].map((from) =>
    chain.sign(from, [
      {
        typeName: 'cosmos.bank.v1beta1.MsgSend',
        bytes: MsgSend.encode({
          fromAddress: from.address,
          toAddress: bob.address,
          amount: [{ denom: 'uusdc', amount: '1' }],
        }).finish(),
      },
    ]),
  );
  const { extended } = (await engine.block(engine.height))!;
  const propose = async (some: readonly Uint8Array[], maxTxBytes = 1_000_000): Promise<string[]> => {
    const { txs: proposed } = await plimsoll.app.prepareProposal({
      height: engine.height + 1n,
      time: timestampOf(engine.timeMs + 1_000n),
      misbehavior: [],
      nextValidatorsHash: none,
      proposerAddress: engine.validator.address,
      maxTxBytes: BigInt(maxTxBytes),
      txs: [...some],
      localLastCommit: extended,
    });
    return proposed.map((tx) => Buffer.from(tx).toString('hex'));
  };
  const [a1, b1, a2, b2, a3] = txs as [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  const room = (await propose([])).reduce((sum, tx) => sum + inBlock(Buffer.from(tx, 'hex')), 0) + inBlock(a1);
  const cases: (readonly [readonly Uint8Array[], number?])[] = [
    [txs],
    [[a1, b1, a2]],
    [[b1, a1, a2, b2]],
    [[a2, b1, a1]],
    [[a1, a1, b1]],
    [[a1, b1, a2, b2, a3], room],
    [[a1, b2, b1, a3]],
    [[a1, b1, Buffer.from('no transaction')]],
  ];
  const unchecked = [];
  for (const [some, bytes] of cases) unchecked.push(await propose(some, bytes));
  for (const tx of txs) assert.equal((await plimsoll.app.checkTx({ tx, type: 0 })).code, 0);
  const checked = [];
  for (const [some, bytes] of cases) checked.push(await propose(some, bytes));
  assert.deepEqual(checked, unchecked);
  assert.deepEqual(
    checked.map(({ length }) => length - 1),
    [5, 3, 4, 2, 2, 1, 2, 2],
  );
  await chain.close();
});
