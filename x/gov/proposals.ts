import { ProposalStatus, type Proposal } from '../../gen/cosmos/gov/v1/gov.js';
import type {
  MsgCancelProposal,
  MsgCancelProposalResponse,
  MsgSubmitProposal,
  MsgSubmitProposalResponse,
} from '../../gen/cosmos/gov/v1/tx.js';
import { parseAddress } from '../../runtime/baseapp/address.js';
import type { Context } from '../../runtime/baseapp/context.js';
import { decFromText } from '../../runtime/baseapp/dec.js';
import { msOfProtoTime, protoTimeOf } from '../../runtime/baseapp/time.js';
import { chargeDeposits, openVote, receive, requireInitialDeposit } from './deposits.js';
import type { Deps } from './deps.js';
import { errors } from './errors.js';
import { queues } from './keeper.js';

/** Sizes in UTF-8 bytes: what every node keeps for ever. */
const maxTitle = 255;
const maxSummary = 10_200;
export const maxMetadata = 255;
const maxMessages = 20;

export const emptyTally = { yesCount: '0', abstainCount: '0', noCount: '0', noWithVetoCount: '0' };

/** The type of a message in an Any, without the host. */
export const typeNameOf = (typeUrl: string): string => typeUrl.slice(typeUrl.lastIndexOf('/') + 1);

export function requireMetadata(metadata: string): void {
  const size = Buffer.byteLength(metadata);
  if (size > maxMetadata) throw errors.metadataTooLong(`metadata: ${size} bytes; at most ${maxMetadata}`);
}

/** @throws AppError gov/5, 11, 12, 13, 15, 16, 23 */
export function submitProposal(ctx: Context, deps: Deps, msg: MsgSubmitProposal): MsgSubmitProposalResponse {
  const { keeper } = deps;
  const proposer = parseAddress(msg.proposer, 'proposer');
  requireText('title', msg.title, maxTitle);
  requireText('summary', msg.summary, maxSummary);
  requireMetadata(msg.metadata);
  requireMessages(deps, msg.messages);
  const coins = requireInitialDeposit(keeper.params(ctx), msg.initialDeposit, msg.expedited);
  const proposal = keepNew(ctx, deps, msg);
  if (coins.length > 0) receive(ctx, deps, proposal, proposer, coins);
  return { proposalId: proposal.id };
}

/** A proposal that the chain makes by a rule of its own. */
export type OwnProposal = Pick<MsgSubmitProposal, 'messages' | 'title' | 'summary' | 'proposer'>;

/**
 * Opens the vote on what the chain itself proposes: without a deposit, which
 * keeps people from proposing too much. It is in haste; if too few agree to
 * that, the vote goes on as an ordinary one.
 * @returns the proposal's number
 */
export function proposeByChain(ctx: Context, deps: Deps, own: OwnProposal): bigint {
  requireMessages(deps, own.messages);
  const proposal = keepNew(ctx, deps, { ...own, metadata: '', expedited: true });
  deps.keeper.setProposal(ctx, openVote(ctx, deps, proposal));
  return proposal.id;
}

/** Keeps a proposal that waits for its deposit, and says so. */
function keepNew(ctx: Context, { keeper }: Deps, msg: Omit<MsgSubmitProposal, 'initialDeposit'>): Proposal {
  const params = keeper.params(ctx);
  const id = keeper.nextId(ctx);
  const depositEnd = ctx.block.timeMs + msOfProtoTime(params.maxDepositPeriod);
  const proposal: Proposal = {
    id,
    messages: msg.messages,
    status: ProposalStatus.PROPOSAL_STATUS_DEPOSIT_PERIOD,
    finalTallyResult: emptyTally,
    submitTime: protoTimeOf(ctx.block.timeMs),
    depositEndTime: protoTimeOf(depositEnd),
    totalDeposit: [],
    votingStartTime: undefined,
    votingEndTime: undefined,
    metadata: msg.metadata,
    title: msg.title,
    summary: msg.summary,
    proposer: msg.proposer,
    expedited: msg.expedited,
    failedReason: '',
  };
  keeper.setNextId(ctx, id + 1n);
  keeper.setProposal(ctx, proposal);
  keeper.enqueue(ctx, queues.depositEnds, depositEnd, id);
  ctx.events.emit('submit_proposal', [
    ['proposal_id', id.toString()],
    ['proposal_proposer', msg.proposer],
    ['proposal_messages', msg.messages.map(({ typeUrl }) => typeUrl).join(',')],
  ]);
  return proposal;
}

function requireText(field: string, text: string, most: number): void {
  const size = Buffer.byteLength(text);
  if (size === 0) throw errors.invalidProposalContent(`${field}: missing`);
  if (size > most) throw errors.invalidProposalContent(`${field}: ${size} bytes; at most ${most}`);
}

/** Only what the governance account may sign, and somebody handles. */
function requireMessages({ router, authority }: Deps, messages: MsgSubmitProposal['messages']): void {
  if (messages.length === 0) throw errors.noProposalMessages('messages: expected at least one');
  if (messages.length > maxMessages)
    throw errors.invalidProposalMessage(`messages: ${messages.length}; at most ${maxMessages}`);
  for (const [index, { typeUrl, value }] of messages.entries()) {
    const typeName = typeNameOf(typeUrl);
    let signers: string[];
    try {
      signers = router.signersOf(typeName, router.decode(typeName, value));
    } catch (error) {
      throw errors.invalidProposalMessage(`messages[${index}]: ${(error as Error).message}`);
    }
    if (signers.length !== 1 || signers[0] !== authority)
      throw errors.invalidSigner(
        `messages[${index}]: signed by ${signers.join(', ') || 'nobody'}; expected ${authority}`,
      );
  }
}

/** @throws AppError gov/3, gov/18, gov/20 */
export function cancelProposal(ctx: Context, deps: Deps, msg: MsgCancelProposal): MsgCancelProposalResponse {
  const { keeper } = deps;
  const proposal = requireProposal(ctx, deps, msg.proposalId);
  if (proposal.proposer !== msg.proposer)
    throw errors.invalidProposer(`proposer: ${msg.proposer}; proposal ${msg.proposalId} is of ${proposal.proposer}`);
  const { status } = proposal;
  if (
    status !== ProposalStatus.PROPOSAL_STATUS_DEPOSIT_PERIOD &&
    status !== ProposalStatus.PROPOSAL_STATUS_VOTING_PERIOD
  )
    throw errors.votingPeriodEnded(`proposal_id: ${msg.proposalId} has ended`);
  const params = keeper.params(ctx);
  chargeDeposits(ctx, deps, proposal.id, decFromText(params.proposalCancelRatio), params.proposalCancelDest);
  keeper.dequeue(ctx, queues.depositEnds, msOfProtoTime(proposal.depositEndTime), proposal.id);
  keeper.dequeue(ctx, queues.voteEnds, msOfProtoTime(proposal.votingEndTime), proposal.id);
  keeper.deleteVotes(ctx, proposal.id);
  keeper.deleteProposal(ctx, proposal.id);
  ctx.events.emit('cancel_proposal', [
    ['proposal_id', proposal.id.toString()],
    ['sender', msg.proposer],
  ]);
  return {
    proposalId: proposal.id,
    canceledTime: protoTimeOf(ctx.block.timeMs),
    canceledHeight: ctx.block.height,
  };
}

/** @throws AppError gov/3 */
export function requireProposal(ctx: Context, { keeper }: Deps, id: bigint): Proposal {
  const proposal = keeper.proposal(ctx, id);
  if (proposal === undefined)
    throw errors.inactiveProposal(`proposal_id: ${id} does not exist; the newest is ${keeper.nextId(ctx) - 1n}`);
  return proposal;
}
