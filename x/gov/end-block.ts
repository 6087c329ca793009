import { ProposalStatus, type Proposal } from '../../gen/cosmos/gov/v1/gov.js';
import type { Context } from '../../runtime/baseapp/context.js';
import { AppError } from '../../runtime/baseapp/errors.js';
import { msOfProtoTime, protoTimeOf } from '../../runtime/baseapp/time.js';
import { burnDeposits, refundDeposits } from './deposits.js';
import type { Deps } from './deps.js';
import { queues } from './keeper.js';
import { majoritiesOf } from './params.js';
import { typeNameOf } from './proposals.js';
import { count, decide, tallyOf, type Decision } from './tally.js';
import { pollOf } from './voting.js';

/** Proposals of each kind that one block ends; those beyond wait for the next. */
const maxPerBlock = 10;

/** Ends deposit periods and votes whose time has come, and runs what was accepted and waited long enough. */
export function endBlock(ctx: Context, deps: Deps): void {
  const { keeper, charter } = deps;
  const now = ctx.block.timeMs;
  for (let ended = 0; ended < maxPerBlock; ended++) {
    const id = keeper.firstDue(ctx, queues.depositEnds, now);
    if (id === undefined) break;
    dropProposal(ctx, deps, keeper.proposal(ctx, id)!);
  }
  for (let ended = 0; ended < maxPerBlock; ended++) {
    const id = keeper.firstDue(ctx, queues.voteEnds, now);
    if (id === undefined) break;
    endVote(ctx, deps, keeper.proposal(ctx, id)!);
  }
  for (let ran = 0; ran < maxPerBlock; ran++) {
    const id = charter.takeDue(ctx);
    if (id === undefined) break;
    runMessages(ctx, deps, keeper.proposal(ctx, id)!);
  }
}

/** A proposal whose deposit never came. */
function dropProposal(ctx: Context, deps: Deps, proposal: Proposal): void {
  const { keeper } = deps;
  keeper.dequeue(ctx, queues.depositEnds, msOfProtoTime(proposal.depositEndTime), proposal.id);
  if (keeper.params(ctx).burnProposalDepositPrevote) burnDeposits(ctx, deps, proposal.id);
  else refundDeposits(ctx, deps, proposal.id);
  keeper.deleteProposal(ctx, proposal.id);
  ctx.events.emit('inactive_proposal', [
    ['proposal_id', proposal.id.toString()],
    ['proposal_result', 'proposal_dropped'],
  ]);
}

function endVote(ctx: Context, deps: Deps, proposal: Proposal): void {
  const { keeper, charter } = deps;
  const { id } = proposal;
  const params = keeper.params(ctx);
  const poll = pollOf(ctx, deps, id);
  const counted = count(poll.ballots);
  const decision = decide(counted, poll.total, majoritiesOf(params, proposal.expedited));
  keeper.dequeue(ctx, queues.voteEnds, msOfProtoTime(proposal.votingEndTime), id);
  if (decision !== 'passed' && proposal.expedited) {
    // The haste is refused, not the proposal: the vote goes on as an ordinary one.
    const end = msOfProtoTime(proposal.votingStartTime) + msOfProtoTime(params.votingPeriod);
    keeper.enqueue(ctx, queues.voteEnds, end, id);
    keeper.setProposal(ctx, { ...proposal, expedited: false, votingEndTime: protoTimeOf(end) });
    tell(ctx, id, 'expedited_proposal_rejected');
    return;
  }
  keeper.deleteVotes(ctx, id);
  if ((decision === 'no-quorum' && params.burnVoteQuorum) || (decision === 'vetoed' && params.burnVoteVeto))
    burnDeposits(ctx, deps, id);
  else refundDeposits(ctx, deps, id);
  const passed = decision === 'passed';
  keeper.setProposal(ctx, {
    ...proposal,
    finalTallyResult: tallyOf(counted),
    status: passed ? ProposalStatus.PROPOSAL_STATUS_PASSED : ProposalStatus.PROPOSAL_STATUS_REJECTED,
  });
  const log = passed ? `messages run at ${charter.hold(ctx, id)} ms` : reasons[decision];
  tell(ctx, id, passed ? 'proposal_passed' : 'proposal_rejected', log);
}

const reasons: Readonly<Record<Exclude<Decision, 'passed'>, string>> = {
  'no-quorum': 'too little power voted',
  rejected: 'too few voted yes',
  vetoed: 'too many voted against the proposal being made',
};

/** All messages or none; what fails is told of and never tried again. */
function runMessages(ctx: Context, { keeper, router }: Deps, proposal: Proposal): void {
  const { id } = proposal;
  try {
    ctx.atomically((branch) => {
      for (const [index, { typeUrl, value }] of proposal.messages.entries()) {
        const typeName = typeNameOf(typeUrl);
        try {
          router.execute(branch, typeName, router.decode(typeName, value));
        } catch (error) {
          if (!(error instanceof AppError)) throw error;
          throw new AppError(error.codespace, error.code, `messages[${index}]: ${error.message}`);
        }
      }
    });
    tell(ctx, id, 'proposal_executed');
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const failedReason = `${error.codespace}/${error.code} ${error.message}`;
    keeper.setProposal(ctx, { ...proposal, status: ProposalStatus.PROPOSAL_STATUS_FAILED, failedReason });
    tell(ctx, id, 'proposal_failed', failedReason);
  }
}

function tell(ctx: Context, id: bigint, result: string, log = ''): void {
  ctx.events.emit('active_proposal', [
    ['proposal_id', id.toString()],
    ['proposal_result', result],
    ['proposal_log', log],
  ]);
}
