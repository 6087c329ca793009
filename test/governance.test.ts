import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { authority } from '../app/app.js';
import { addBalance, exportAppState } from '../app/genesis.js';
import { demoAccounts, demoGovernance } from '../cmd/plimsolld/devnet/demo.js';
import { keyFromMnemonic, type SigningKey } from '../cmd/plimsolld/keyring/keyring.js';
import { ProposalStatus, VoteOption } from '../gen/cosmos/gov/v1/gov.js';
import { MsgCancelProposal, MsgDeposit, MsgSubmitProposal, MsgVote } from '../gen/cosmos/gov/v1/tx.js';
import { MsgSend } from '../gen/cosmos/bank/v1beta1/tx.js';
import { Params } from '../gen/plimsoll/perps/v1/types.js';
import { MsgUpdateParams } from '../gen/plimsoll/perps/v1/tx.js';
import type { TxMessage } from '../runtime/codec/tx.js';
import { fromBech32 } from '../runtime/crypto/address.js';
import { testChain, type TestChain } from './support/chain.js';

const purse = 1_000_000_000n;
const deposit = 10_000_000n;

let chain: TestChain;
let alice: SigningKey;
let bob: SigningKey;
let carol: SigningKey;
let maker: SigningKey;
beforeEach(async () => {
  chain = await testChain({
    change: (state) => {
      demoGovernance(state);
      for (const { mnemonic } of demoAccounts) addBalance(state, keyFromMnemonic(mnemonic).address, 'uplim', purse);
    },
  });
  await chain.block();
  [alice, bob, carol, maker] = chain.keys as [SigningKey, SigningKey, SigningKey, SigningKey];
});
afterEach(() => chain.close());

const gov = <T>(name: string, type: { encode(value: T): { finish(): Uint8Array } }, value: T): TxMessage => ({
  typeName: `cosmos.gov.v1.${name}`,
  bytes: type.encode(value).finish(),
});
const coin = (amount: bigint) => ({ denom: 'uplim', amount: amount.toString() });

/** Raises the number of open orders an account may have. */
function moreOrders(from = authority, maxOpenOrders = 250): { typeUrl: string; value: Uint8Array } {
  const { keeper } = chain.plimsoll.perpsDeps;
  const params = Params.fromPartial({ ...keeper.params(chain.plimsoll.app.queryContext()), maxOpenOrders });
  return {
    typeUrl: '/plimsoll.perps.v1.MsgUpdateParams',
    value: MsgUpdateParams.encode({ authority: from, params }).finish(),
  };
}
const submit = (by: SigningKey, changes: Partial<MsgSubmitProposal> = {}): TxMessage =>
  gov('MsgSubmitProposal', MsgSubmitProposal, {
    messages: [moreOrders()],
    initialDeposit: [coin(deposit)],
    proposer: by.address,
    metadata: '',
    title: 'More orders',
    summary: 'Market makers ask for 250 open orders.',
    expedited: false,
    ...changes,
  });
const vote = (by: SigningKey, proposalId: bigint, option: VoteOption): TxMessage =>
  gov('MsgVote', MsgVote, { proposalId, voter: by.address, option, metadata: '' });

const ctx = () => chain.plimsoll.app.queryContext();
const proposal = (id = 1n) => chain.plimsoll.keepers.gov.proposal(ctx(), id);
const balance = (key: SigningKey): bigint =>
  chain.plimsoll.keepers.bank.balance(ctx(), fromBech32(key.address), 'uplim');
const openOrders = (): number => chain.plimsoll.perpsDeps.keeper.params(ctx()).maxOpenOrders;

/** One transaction in a block of its own. */
async function run(by: SigningKey, message: TxMessage): Promise<{ code: number; codespace: string; log: string }> {
  const { results } = await chain.block([chain.sign(by, [message])]);
  const { code, codespace, log } = results.txResults.at(-1)!;
  return { code, codespace, log };
}
async function blocks(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await chain.block();
}

describe('a proposal that the council accepts', () => {
  test('changes nothing until the vote is over and the timelock has passed, then all of it', async () => {
    assert.equal((await run(alice, submit(alice))).code, 0);
    assert.equal(proposal()!.status, ProposalStatus.PROPOSAL_STATUS_VOTING_PERIOD);
    assert.equal(balance(alice), purse - deposit);
    await chain.block([
      chain.sign(alice, [vote(alice, 1n, VoteOption.VOTE_OPTION_YES)]),
      chain.sign(bob, [vote(bob, 1n, VoteOption.VOTE_OPTION_YES)]),
      // Has no seat: counts for nothing.
      chain.sign(maker, [vote(maker, 1n, VoteOption.VOTE_OPTION_NO_WITH_VETO)]),
    ]);
    await blocks(58);
    assert.equal(proposal()!.status, ProposalStatus.PROPOSAL_STATUS_VOTING_PERIOD);
    await chain.block();
    assert.equal(proposal()!.status, ProposalStatus.PROPOSAL_STATUS_PASSED);
    assert.deepEqual(proposal()!.finalTallyResult, {
      yesCount: '2',
      abstainCount: '0',
      noCount: '0',
      noWithVetoCount: '0',
    });
    assert.equal(balance(alice), purse, 'the deposit is back');
    await blocks(9);
    assert.equal(openOrders(), 200, 'the timelock holds');
    await chain.block();
    assert.equal(openOrders(), 250);
    assert.equal(proposal()!.failedReason, '');
  });

  test('says why when its messages fail, and did none of them', async () => {
    const bad = moreOrders(authority, 0);
    await run(alice, submit(alice, { messages: [moreOrders(), bad], expedited: false }));
    await chain.block([alice, bob].map((key) => chain.sign(key, [vote(key, 1n, VoteOption.VOTE_OPTION_YES)])));
    await blocks(70);
    assert.equal(proposal()!.status, ProposalStatus.PROPOSAL_STATUS_FAILED);
    assert.match(proposal()!.failedReason, /^charter\/2 messages\[1\]: max_open_orders/);
    assert.equal(openOrders(), 200);
  });

  test('INV-G2 moves a number by a quarter of what it was within seven days at most, in however many steps', async () => {
    let id = 0n;
    /** Proposes, votes, waits; returns the number that holds then and why it failed. */
    const decide = async (wanted: number): Promise<readonly [number, string]> => {
      id++;
      const messages = [moreOrders(authority, wanted)];
      await run(alice, submit(alice, { messages, expedited: true, initialDeposit: [coin(5n * deposit)] }));
      await chain.block([alice, bob, carol].map((key) => chain.sign(key, [vote(key, id, VoteOption.VOTE_OPTION_YES)])));
      await chain.block([], 30_000n);
      await blocks(2);
      await chain.block([], 10_000n);
      await blocks(2);
      return [openOrders(), proposal(id)!.failedReason];
    };
    assert.deepEqual(await decide(251), [
      200,
      'charter/2 messages[0]: max_open_orders: 251; expected 150 to 250 within seven days: change is too large',
    ]);
    assert.deepEqual(await decide(230), [230, '']);
    assert.deepEqual((await decide(260))[0], 230, 'measured from 200 still');
    assert.deepEqual((await decide(172))[0], 230, 'and from 230');
    assert.deepEqual(await decide(250), [250, '']);
    await chain.block([], 7n * 86_400_000n);
    await blocks(1);
    assert.deepEqual(await decide(300), [300, '']);
    const past = [...chain.plimsoll.keepers.charter.pastValues(ctx())];
    assert.equal(past.length, 1, 'what is over is forgotten');
  });

  test('goes on in a chain that starts from an export while it waits', async () => {
    await run(alice, submit(alice));
    await chain.block([alice, bob].map((key) => chain.sign(key, [vote(key, 1n, VoteOption.VOTE_OPTION_YES)])));
    await blocks(60);
    const state = exportAppState(chain.plimsoll.modules, ctx());
    const charter = state['charter'] as { waiting: { proposal_id: string; execution_time: string }[] };
    assert.equal(charter.waiting.length, 1);
    const next = await testChain({
      change: (fresh) => Object.assign(fresh, { charter: state['charter'], gov: state['gov'] }),
    });
    const at = (): number => next.plimsoll.perpsDeps.keeper.params(next.plimsoll.app.queryContext()).maxOpenOrders;
    for (let i = 0; i < 60; i++) await next.block();
    assert.equal(at(), 200, 'not before the time it was told');
    for (let i = 0; i < 30; i++) await next.block();
    assert.equal(at(), 250);
    await next.close();
  });
});

describe('a proposal that is not accepted', () => {
  test('without quorum gives its deposit back and does nothing', async () => {
    await run(alice, submit(alice));
    await blocks(60);
    assert.equal(proposal()!.status, ProposalStatus.PROPOSAL_STATUS_REJECTED);
    assert.equal(balance(alice), purse);
    await blocks(15);
    assert.equal(openOrders(), 200);
  });

  test('and vetoed burns its deposit', async () => {
    const supply = chain.plimsoll.keepers.bank.supply(ctx(), 'uplim');
    await run(alice, submit(alice));
    await chain.block([
      chain.sign(alice, [vote(alice, 1n, VoteOption.VOTE_OPTION_YES)]),
      chain.sign(bob, [vote(bob, 1n, VoteOption.VOTE_OPTION_NO_WITH_VETO)]),
    ]);
    await blocks(60);
    assert.equal(proposal()!.status, ProposalStatus.PROPOSAL_STATUS_REJECTED);
    assert.equal(balance(alice), purse - deposit);
    assert.equal(chain.plimsoll.keepers.bank.supply(ctx(), 'uplim'), supply - deposit);
  });

  test('in haste is voted on as an ordinary one', async () => {
    await run(alice, submit(alice, { expedited: true, initialDeposit: [coin(50_000_000n)] }));
    await chain.block([
      chain.sign(alice, [vote(alice, 1n, VoteOption.VOTE_OPTION_YES)]),
      chain.sign(bob, [vote(bob, 1n, VoteOption.VOTE_OPTION_NO)]),
    ]);
    await blocks(25);
    assert.equal(proposal()!.expedited, false);
    assert.equal(proposal()!.status, ProposalStatus.PROPOSAL_STATUS_VOTING_PERIOD);
    await run(carol, vote(carol, 1n, VoteOption.VOTE_OPTION_YES));
    await blocks(40);
    assert.equal(proposal()!.status, ProposalStatus.PROPOSAL_STATUS_PASSED);
  });

  test('for want of a deposit is forgotten, and what came is given back', async () => {
    await run(alice, submit(alice, { initialDeposit: [coin(1_000_000n)] }));
    assert.equal(proposal()!.status, ProposalStatus.PROPOSAL_STATUS_DEPOSIT_PERIOD);
    const more = (by: SigningKey, amount: bigint): TxMessage =>
      gov('MsgDeposit', MsgDeposit, { proposalId: 1n, depositor: by.address, amount: [coin(amount)] });
    assert.equal((await run(bob, more(bob, 99_999n))).code, 16);
    assert.equal((await run(bob, more(bob, 8_999_999n))).code, 0);
    assert.equal(proposal()!.status, ProposalStatus.PROPOSAL_STATUS_DEPOSIT_PERIOD);
    assert.equal((await run(carol, more(carol, 100_000n))).code, 0);
    assert.equal(proposal()!.status, ProposalStatus.PROPOSAL_STATUS_VOTING_PERIOD);
    await blocks(60);
    assert.deepEqual([alice, bob, carol].map(balance), [purse, purse, purse]);
  });

  test('and taken back costs its proposer and everybody who deposited a half', async () => {
    await run(alice, submit(alice));
    const cancel = (by: SigningKey): TxMessage =>
      gov('MsgCancelProposal', MsgCancelProposal, { proposalId: 1n, proposer: by.address });
    assert.equal((await run(bob, cancel(bob))).code, 18);
    assert.equal((await run(alice, cancel(alice))).code, 0);
    assert.equal(proposal(), undefined);
    assert.equal(balance(alice), purse - deposit / 2n);
    await blocks(61);
  });
});

describe('refused with its own code', () => {
  const cases: readonly (readonly [string, () => TxMessage, number, RegExp])[] = [
    ['a proposal without messages', () => submit(alice, { messages: [] }), 11, /expected at least one/],
    [
      'a message that somebody else signs',
      () =>
        submit(alice, {
          messages: [
            {
              typeUrl: '/cosmos.bank.v1beta1.MsgSend',
              value: MsgSend.encode({ fromAddress: alice.address, toAddress: bob.address, amount: [] }).finish(),
            },
          ],
        }),
      13,
      /messages\[0\]: signed by plim1/,
    ],
    ['a title that is missing', () => submit(alice, { title: '' }), 5, /title: missing/],
    [
      'a summary that is too long',
      () => submit(alice, { summary: 'x'.repeat(10_201) }),
      5,
      /10201 bytes; at most 10200/,
    ],
    ['metadata that are too long', () => submit(alice, { metadata: 'x'.repeat(256) }), 15, /256 bytes/],
    [
      'a deposit of another coin',
      () => submit(alice, { initialDeposit: [{ denom: 'uusdc', amount: '5' }] }),
      23,
      /uusdc; expected uplim/,
    ],
    ['a vote on what does not exist', () => vote(alice, 7n, VoteOption.VOTE_OPTION_YES), 3, /7 does not exist/],
  ];
  for (const [name, message, code, log] of cases) {
    test(name, async () => {
      const result = await run(alice, message());
      assert.deepEqual([result.codespace, result.code], ['gov', code]);
      assert.match(result.log, log);
      assert.equal(proposal(), undefined);
      assert.equal(balance(alice), purse);
    });
  }

  test('a vote without an answer', async () => {
    await run(alice, submit(alice));
    const result = await run(alice, vote(alice, 1n, VoteOption.VOTE_OPTION_UNSPECIFIED));
    assert.deepEqual([result.codespace, result.code], ['gov', 7]);
  });
});
