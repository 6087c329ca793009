import { ProposalStatus, type Proposal } from '../../gen/cosmos/gov/v1/gov.js';
import type { QueryDefinition } from '../../gen/cosmos/gov/v1/query.js';
import { parseAddress } from '../../runtime/baseapp/address.js';
import type { Context } from '../../runtime/baseapp/context.js';
import { sdkErrors } from '../../runtime/baseapp/errors.js';
import type { Handlers } from '../../runtime/baseapp/module.js';
import { paginate } from '../../runtime/baseapp/pagination.js';
import { fromBech32 } from '../../runtime/crypto/address.js';
import { keyBytes, u64 } from '../../runtime/store/key.js';
import type { Deps } from './deps.js';
import { emptyTally } from './proposals.js';
import { count, tallyOf } from './tally.js';
import { pollOf } from './voting.js';

export function queries(deps: Deps): Handlers<typeof QueryDefinition> {
  const { keeper } = deps;

  function found(ctx: Context, id: bigint): Proposal {
    const proposal = keeper.proposal(ctx, id);
    if (proposal === undefined) throw sdkErrors.keyNotFound(`proposal ${id} does not exist`);
    return proposal;
  }

  return {
    constitution: (ctx) => ({ constitution: keeper.constitution(ctx) }),
    proposal: (ctx, { proposalId }) => ({ proposal: found(ctx, proposalId) }),
    proposals: (ctx, { proposalStatus, voter, depositor, pagination }) => {
      const voted = voter === '' ? undefined : parseAddress(voter, 'voter');
      const deposited = depositor === '' ? undefined : parseAddress(depositor, 'depositor');
      const wanted = ({ id, status }: Proposal): boolean =>
        (proposalStatus === ProposalStatus.PROPOSAL_STATUS_UNSPECIFIED || status === proposalStatus) &&
        (voted === undefined || keeper.vote(ctx, id, voted) !== undefined) &&
        (deposited === undefined || keeper.deposit(ctx, id, deposited) !== undefined);
      const all = [...keeper.proposals(ctx)].filter(wanted);
      const page = paginate(
        all,
        pagination,
        ({ id }) => keyBytes(u64(id)),
        (proposal) => proposal,
      );
      return { proposals: page.items, pagination: page.pagination };
    },
    vote: (ctx, { proposalId, voter }) => {
      const vote = keeper.vote(ctx, proposalId, parseAddress(voter, 'voter'));
      if (vote === undefined) throw sdkErrors.keyNotFound(`voter ${voter} has not voted on proposal ${proposalId}`);
      return { vote };
    },
    votes: (ctx, { proposalId, pagination }) => {
      const page = paginate(
        keeper.votes(ctx, proposalId),
        pagination,
        ({ voter }) => fromBech32(voter),
        (vote) => vote,
      );
      return { votes: page.items, pagination: page.pagination };
    },
    params: (ctx) => {
      const params = keeper.params(ctx);
      const { votingPeriod, minDeposit, maxDepositPeriod, quorum, threshold, vetoThreshold } = params;
      return {
        votingParams: { votingPeriod },
        depositParams: { minDeposit, maxDepositPeriod },
        tallyParams: { quorum, threshold, vetoThreshold },
        params,
      };
    },
    deposit: (ctx, { proposalId, depositor }) => {
      const deposit = keeper.deposit(ctx, proposalId, parseAddress(depositor, 'depositor'));
      if (deposit === undefined)
        throw sdkErrors.keyNotFound(`depositor ${depositor} has nothing deposited for proposal ${proposalId}`);
      return { deposit };
    },
    deposits: (ctx, { proposalId, pagination }) => {
      const page = paginate(
        keeper.deposits(ctx, proposalId),
        pagination,
        ({ depositor }) => fromBech32(depositor),
        (deposit) => deposit,
      );
      return { deposits: page.items, pagination: page.pagination };
    },
    tallyResult: (ctx, { proposalId }) => {
      const proposal = found(ctx, proposalId);
      if (proposal.status === ProposalStatus.PROPOSAL_STATUS_VOTING_PERIOD)
        return { tally: tallyOf(count(pollOf(ctx, deps, proposalId).ballots)) };
      return { tally: proposal.finalTallyResult ?? emptyTally };
    },
  };
}
