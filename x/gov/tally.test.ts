import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { VoteOption, type WeightedVoteOption } from '../../gen/cosmos/gov/v1/gov.js';
import { decFromText, decOf, decOfInt } from '../../runtime/baseapp/dec.js';
import { count, decide, pollOfCouncil, pollOfStake, tallyOf } from './tally.js';

const runs = Number(process.env['PLIMSOLL_FC_RUNS'] ?? '60');
const {
  VOTE_OPTION_YES: yes,
  VOTE_OPTION_NO: no,
  VOTE_OPTION_ABSTAIN: abstain,
  VOTE_OPTION_NO_WITH_VETO: veto,
} = VoteOption;
const who = (fill: number): Uint8Array => new Uint8Array(20).fill(fill);
const all = (option: VoteOption): WeightedVoteOption[] => [{ option, weight: '1' }];
const usual = { quorum: decFromText('0.334'), threshold: decFromText('0.5'), vetoThreshold: decFromText('0.334') };
const counted = (y: bigint, a: bigint, n: bigint, v: bigint) => ({
  yes: decOfInt(y),
  abstain: decOfInt(a),
  no: decOfInt(n),
  veto: decOfInt(v),
});

describe('a decision of 1,000 votes', () => {
  const cases: readonly (readonly [string, readonly [bigint, bigint, bigint, bigint], string])[] = [
    ['333 of 1,000 are no quorum', [333n, 0n, 0n, 0n], 'no-quorum'],
    ['334 are one', [334n, 0n, 0n, 0n], 'passed'],
    ['abstaining makes the quorum but takes no side', [2n, 400n, 1n, 0n], 'passed'],
    ['when all abstain nothing is decided', [0n, 400n, 0n, 0n], 'rejected'],
    ['half is not more than half', [200n, 0n, 200n, 0n], 'rejected'],
    ['one more than half is', [201n, 0n, 200n, 0n], 'passed'],
    ['a veto counts as no', [200n, 0n, 100n, 100n], 'rejected'],
    ['33.4 % of veto are not more than 33.4 %', [666n, 0n, 0n, 334n], 'passed'],
    ['335 of 1,000 are', [665n, 0n, 0n, 335n], 'vetoed'],
  ];
  for (const [name, [y, a, n, v], expected] of cases)
    test(name, () => assert.equal(decide(counted(y, a, n, v), decOfInt(1_000n), usual), expected));

  test('nobody can decide when nobody has a vote', () => {
    assert.equal(decide(counted(0n, 0n, 0n, 0n), decOf(0n), usual), 'no-quorum');
  });
});

describe('stake', () => {
  const validators = [
    { operator: who(1), tokens: 600n, shares: decOfInt(600n) },
    // Slashed by half: a share is worth half a token.
    { operator: who(2), tokens: 200n, shares: decOfInt(400n) },
  ];
  const vote = (fill: number, options: WeightedVoteOption[], delegations: readonly (readonly [number, bigint])[]) => ({
    voter: who(fill),
    options,
    delegations: delegations.map(([validator, shares]) => ({ validator: who(validator), shares: decOfInt(shares) })),
  });

  test('that does not vote follows its validator', () => {
    const poll = pollOfStake(validators, [vote(1, all(yes), [[1, 100n]])]);
    assert.equal(poll.total, decOfInt(800n));
    assert.deepEqual(tallyOf(count(poll.ballots)), {
      yesCount: '600',
      abstainCount: '0',
      noCount: '0',
      noWithVetoCount: '0',
    });
  });

  test('that votes takes its power from its validator, at what its shares are worth', () => {
    const votes = [vote(1, all(yes), [[1, 100n]]), vote(9, all(no), [[1, 50n], [2, 100n], [7, 5n]])]; // prettier-ignore
    assert.deepEqual(tallyOf(count(pollOfStake(validators, votes).ballots)), {
      yesCount: '550',
      abstainCount: '0',
      noCount: '100',
      noWithVetoCount: '0',
    });
  });

  test('may be of several opinions', () => {
    const split = [
      { option: yes, weight: '0.7' },
      { option: veto, weight: '0.3' },
    ];
    const { ballots } = pollOfStake(validators, [vote(9, split, [[1, 10n]])]);
    assert.deepEqual(tallyOf(count(ballots)), {
      yesCount: '7',
      abstainCount: '0',
      noCount: '0',
      noWithVetoCount: '3',
    });
  });

  test('never counts twice: votes sum to no more than the stake', () => {
    const delegation = fc.record({
      validator: fc.integer({ min: 1, max: 3 }),
      shares: fc.bigInt({ min: 1n, max: 100n }),
    });
    const ballot = fc.record({
      option: fc.constantFrom(yes, no, abstain, veto),
      delegations: fc.uniqueArray(delegation, { selector: ({ validator }) => validator, maxLength: 3 }),
    });
    fc.assert(
      fc.property(
        fc.array(ballot, { maxLength: 8 }),
        fc.array(fc.bigInt({ min: 1n, max: 1_000n }), { minLength: 3, maxLength: 3 }),
        (ballots, tokens) => {
          const set = tokens.map((each, index) => {
            let shares = 50n;
            for (const { delegations } of ballots)
              for (const given of delegations) if (given.validator === index + 1) shares += given.shares;
            return { operator: who(index + 1), tokens: each, shares: decOfInt(shares) };
          });
          const votes = ballots.map(({ option, delegations }, index) => ({
            // The first three are the validators themselves.
            voter: who(index + 1),
            options: all(option),
            delegations: delegations.map(({ validator, shares }) => ({
              validator: who(validator),
              shares: decOfInt(shares),
            })),
          }));
          const poll = pollOfStake(set, votes);
          const sums = count(poll.ballots);
          assert.ok(sums.yes + sums.no + sums.abstain + sums.veto <= poll.total);
        },
      ),
      { numRuns: runs },
    );
  });
});

test('a council counts weights, of members alone', () => {
  const council = [
    { address: who(1), weight: 3n },
    { address: who(2), weight: 1n },
  ];
  const poll = pollOfCouncil(council, [
    { voter: who(2), options: all(yes) },
    { voter: who(3), options: all(no) },
  ]);
  assert.equal(poll.total, decOfInt(4n));
  assert.deepEqual(count(poll.ballots), counted(1n, 0n, 0n, 0n));
});
