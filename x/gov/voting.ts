import { ProposalStatus, VoteOption, type WeightedVoteOption } from '../../gen/cosmos/gov/v1/gov.js';
import { parseAddress } from '../../runtime/baseapp/address.js';
import type { Context } from '../../runtime/baseapp/context.js';
import { decFromText, decOne, decToText, decZero } from '../../runtime/baseapp/dec.js';
import type { Stores } from '../../runtime/store/collection.js';
import { fromBech32 } from '../../runtime/crypto/address.js';
import type { Deps } from './deps.js';
import { errors } from './errors.js';
import { requireMetadata, requireProposal } from './proposals.js';
import { pollOfCouncil, pollOfStake, type Poll } from './tally.js';

/** The one option that takes all of a voter's power. */
export const wholly = (option: VoteOption): WeightedVoteOption[] => [{ option, weight: decToText(decOne) }];

/** @throws AppError gov/3 unless the proposal is voted on, gov/7, gov/15 */
export function castVote(
  ctx: Context,
  deps: Deps,
  proposalId: bigint,
  voter: string,
  options: readonly WeightedVoteOption[],
  metadata: string,
): void {
  parseAddress(voter, 'voter');
  requireMetadata(metadata);
  const proposal = requireProposal(ctx, deps, proposalId);
  if (proposal.status !== ProposalStatus.PROPOSAL_STATUS_VOTING_PERIOD)
    throw errors.inactiveProposal(`proposal_id: ${proposalId} is not in its voting period`);
  requireOptions(options);
  deps.keeper.setVote(ctx, { proposalId, voter, options: [...options], metadata });
  ctx.events.emit('proposal_vote', [
    ['voter', voter],
    ['option', options.map(({ option, weight }) => `${VoteOption[option]}=${weight}`).join(',')],
    ['proposal_id', proposalId.toString()],
  ]);
}

/** Weights above 0 that sum to 1, each answer once. */
function requireOptions(options: readonly WeightedVoteOption[]): void {
  let sum = decZero as bigint;
  const seen = new Set<VoteOption>();
  for (const [index, { option, weight }] of options.entries()) {
    if (!(option >= VoteOption.VOTE_OPTION_YES && option <= VoteOption.VOTE_OPTION_NO_WITH_VETO))
      throw errors.invalidVote(`options[${index}].option: expected yes, abstain, no or no with veto`);
    if (seen.has(option)) throw errors.invalidVote(`options[${index}].option: given twice`);
    seen.add(option);
    let value: bigint;
    try {
      value = decFromText(weight);
    } catch (error) {
      throw errors.invalidVote(`options[${index}].weight: ${(error as Error).message}`);
    }
    if (value <= 0n || value > decOne)
      throw errors.invalidVote(`options[${index}].weight: ${weight}; expected above 0, at most 1`);
    sum += value;
  }
  if (sum !== decOne)
    throw errors.invalidVote(`options: weights sum to ${decToText(sum as typeof decOne)}; expected 1`);
}

/** Everybody's answers to a proposal and who could have answered: stake, or the council while stake gives no vote. */
export function pollOf(from: Stores, { keeper, staking, valset, charter }: Deps, proposalId: bigint): Poll {
  const votes = [...keeper.votes(from, proposalId)].map(({ voter, options }) => ({
    voter: fromBech32(voter),
    options,
  }));
  if (!valset.isByStake(from)) return pollOfCouncil(charter.council(from), votes);
  return pollOfStake(
    [...staking.bondedValidators(from)],
    votes.map((vote) => ({ ...vote, delegations: [...staking.delegationsOf(from, vote.voter)] })),
  );
}
