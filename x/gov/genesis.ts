import { ProposalStatus } from '../../gen/cosmos/gov/v1/gov.js';
import { GenesisState } from '../../gen/cosmos/gov/v1/genesis.js';
import type { Context } from '../../runtime/baseapp/context.js';
import { msOfProtoTime } from '../../runtime/baseapp/time.js';
import type { JsonValue, ProtoRegistry } from '../../runtime/codec/types.js';
import { fromBech32 } from '../../runtime/crypto/address.js';
import { queues, type GovKeeper } from './keeper.js';
import { defaultParams, validateParams } from './params.js';

const typeName = 'cosmos.gov.v1.GenesisState';

export const toJson = (registry: ProtoRegistry, state: GenesisState): JsonValue =>
  registry.toJson(typeName, GenesisState.encode(state).finish());

export const defaultGenesis = (registry: ProtoRegistry): JsonValue =>
  toJson(registry, GenesisState.fromPartial({ startingProposalId: 1n, params: defaultParams }));

/** @throws Error naming the field at fault */
export function read(registry: ProtoRegistry, json: unknown): GenesisState {
  const state = GenesisState.decode(registry.fromJson(typeName, json as JsonValue));
  if (state.params === undefined) throw new Error('gov.params: missing');
  validateParams(state.params);
  if (state.startingProposalId === 0n) throw new Error('gov.starting_proposal_id: must be positive');
  const known = new Set<bigint>();
  for (const [index, { id }] of state.proposals.entries()) {
    if (id === 0n || id >= state.startingProposalId)
      throw new Error(`gov.proposals[${index}].id: ${id}; expected 1 to ${state.startingProposalId - 1n}`);
    if (known.has(id)) throw new Error(`gov.proposals[${index}].id: ${id} is listed twice`);
    known.add(id);
  }
  for (const [name, list] of [
    ['deposits', state.deposits.map(({ proposalId, depositor }) => ({ proposalId, who: depositor }))],
    ['votes', state.votes.map(({ proposalId, voter }) => ({ proposalId, who: voter }))],
  ] as const) {
    for (const [index, { proposalId, who }] of list.entries()) {
      if (!known.has(proposalId)) throw new Error(`gov.${name}[${index}].proposal_id: ${proposalId} is not listed`);
      try {
        fromBech32(who);
      } catch (error) {
        throw new Error(`gov.${name}[${index}]: ${(error as Error).message}`, { cause: error });
      }
    }
  }
  return state;
}

export function initGenesis(ctx: Context, keeper: GovKeeper, state: GenesisState): void {
  keeper.setParams(ctx, state.params!);
  keeper.setNextId(ctx, state.startingProposalId);
  keeper.setConstitution(ctx, state.constitution);
  for (const proposal of state.proposals) {
    keeper.setProposal(ctx, proposal);
    const { id, status, depositEndTime, votingEndTime } = proposal;
    if (status === ProposalStatus.PROPOSAL_STATUS_DEPOSIT_PERIOD)
      keeper.enqueue(ctx, queues.depositEnds, msOfProtoTime(depositEndTime), id);
    else if (status === ProposalStatus.PROPOSAL_STATUS_VOTING_PERIOD)
      keeper.enqueue(ctx, queues.voteEnds, msOfProtoTime(votingEndTime), id);
  }
  for (const { proposalId, depositor, amount } of state.deposits)
    keeper.setDeposit(ctx, proposalId, fromBech32(depositor), amount);
  for (const vote of state.votes) keeper.setVote(ctx, vote);
}

export function exportGenesis(ctx: Context, keeper: GovKeeper): GenesisState {
  const proposals = [...keeper.proposals(ctx)];
  return {
    startingProposalId: keeper.nextId(ctx),
    deposits: proposals.flatMap(({ id }) => [...keeper.deposits(ctx, id)]),
    votes: proposals.flatMap(({ id }) => [...keeper.votes(ctx, id)]),
    proposals,
    params: keeper.params(ctx),
    constitution: keeper.constitution(ctx),
  };
}
