import { VoteOption, type TallyResult, type WeightedVoteOption } from '../../gen/cosmos/gov/v1/gov.js';
import { decAdd, decFromText, decMul, decOf, decTruncate, decZero, type Dec } from '../../runtime/baseapp/dec.js';
import { bytes as bytesKey } from '../../runtime/store/key.js';

/** Power that answers in one way. */
export interface Ballot {
  readonly power: Dec;
  readonly options: readonly WeightedVoteOption[];
}

/** Everybody's answers, and the power of all who could have answered. */
export interface Poll {
  readonly ballots: readonly Ballot[];
  readonly total: Dec;
}

export interface CastVote {
  readonly voter: Uint8Array;
  readonly options: readonly WeightedVoteOption[];
}

export interface StakedVote extends CastVote {
  readonly delegations: readonly { readonly validator: Uint8Array; readonly shares: Dec }[];
}

export interface VotingValidator {
  readonly operator: Uint8Array;
  readonly tokens: bigint;
  /** Positive. */
  readonly shares: Dec;
}

/** What shares of a validator are worth, cut to 18 places. */
const worth = ({ tokens, shares: all }: VotingValidator, shares: Dec): Dec =>
  decOf((shares * tokens * 10n ** 18n) / all);

/**
 * Stake votes: who voted takes its shares with it, and a validator answers
 * for the shares of those who did not, with what it voted itself.
 */
export function pollOfStake(validators: readonly VotingValidator[], votes: readonly StakedVote[]): Poll {
  const byOperator = new Map(validators.map((each) => [bytesKey(each.operator), { ...each, left: each.shares }]));
  const ballots: Ballot[] = [];
  const own: (readonly [key: string, options: readonly WeightedVoteOption[]])[] = [];
  for (const { voter, options, delegations } of votes) {
    if (byOperator.has(bytesKey(voter))) own.push([bytesKey(voter), options]);
    for (const { validator, shares } of delegations) {
      const found = byOperator.get(bytesKey(validator));
      if (found === undefined) continue;
      found.left = decOf(found.left - shares);
      ballots.push({ power: worth(found, shares), options });
    }
  }
  for (const [key, options] of own) {
    const validator = byOperator.get(key)!;
    ballots.push({ power: worth(validator, validator.left), options });
  }
  let total = 0n;
  for (const { tokens } of validators) total += tokens;
  return { ballots, total: decOf(total * 10n ** 18n) };
}

/** A council votes: each member with its weight. */
export function pollOfCouncil(
  council: readonly { readonly address: Uint8Array; readonly weight: bigint }[],
  votes: readonly CastVote[],
): Poll {
  const answers = new Map(votes.map(({ voter, options }) => [bytesKey(voter), options]));
  const ballots: Ballot[] = [];
  let total = 0n;
  for (const { address, weight } of council) {
    total += weight;
    const options = answers.get(bytesKey(address));
    if (options !== undefined) ballots.push({ power: decOf(weight * 10n ** 18n), options });
  }
  return { ballots, total: decOf(total * 10n ** 18n) };
}

/** Power for each answer. */
export interface Count {
  readonly yes: Dec;
  readonly abstain: Dec;
  readonly no: Dec;
  readonly veto: Dec;
}

export function count(ballots: readonly Ballot[]): Count {
  const sums = new Map<VoteOption, Dec>();
  for (const { power, options } of ballots) {
    for (const { option, weight } of options)
      sums.set(option, decAdd(sums.get(option) ?? decZero, decMul(power, decFromText(weight))));
  }
  const sum = (option: VoteOption): Dec => sums.get(option) ?? decZero;
  return {
    yes: sum(VoteOption.VOTE_OPTION_YES),
    abstain: sum(VoteOption.VOTE_OPTION_ABSTAIN),
    no: sum(VoteOption.VOTE_OPTION_NO),
    veto: sum(VoteOption.VOTE_OPTION_NO_WITH_VETO),
  };
}

/** Whole units, towards zero. */
export const tallyOf = ({ yes, abstain, no, veto }: Count): TallyResult => ({
  yesCount: decTruncate(yes).toString(),
  abstainCount: decTruncate(abstain).toString(),
  noCount: decTruncate(no).toString(),
  noWithVetoCount: decTruncate(veto).toString(),
});

export interface Majorities {
  readonly quorum: Dec;
  readonly threshold: Dec;
  readonly vetoThreshold: Dec;
}

export type Decision = 'passed' | 'rejected' | 'no-quorum' | 'vetoed';

/**
 * What a count means: no decision below quorum, none when all abstain, vetoed
 * above the veto share of all votes, passed above the threshold of those that
 * took a side. Shares are compared by multiplication: nothing rounds.
 */
export function decide({ yes, abstain, no, veto }: Count, total: Dec, majorities: Majorities): Decision {
  const one = 10n ** 18n;
  const voted = yes + abstain + no + veto;
  if (total === 0n || voted * one < majorities.quorum * total) return 'no-quorum';
  if (voted === abstain) return 'rejected';
  if (veto * one > majorities.vetoThreshold * voted) return 'vetoed';
  return yes * one > majorities.threshold * (voted - abstain) ? 'passed' : 'rejected';
}
