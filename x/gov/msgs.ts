import type { MsgDefinition } from '../../gen/cosmos/gov/v1/tx.js';
import { parseAddress } from '../../runtime/baseapp/address.js';
import { requireAuthority } from '../../runtime/baseapp/authority.js';
import { sdkErrors } from '../../runtime/baseapp/errors.js';
import type { Handlers } from '../../runtime/baseapp/module.js';
import { addDeposit } from './deposits.js';
import type { Deps } from './deps.js';
import { validateParams } from './params.js';
import { cancelProposal, requireProposal, submitProposal } from './proposals.js';
import { castVote, wholly } from './voting.js';

export const messages = (deps: Deps): Handlers<typeof MsgDefinition> => ({
  submitProposal: (ctx, msg) => submitProposal(ctx, deps, msg),
  vote: (ctx, { proposalId, voter, option, metadata }) => {
    castVote(ctx, deps, proposalId, voter, wholly(option), metadata);
    return {};
  },
  voteWeighted: (ctx, { proposalId, voter, options, metadata }) => {
    castVote(ctx, deps, proposalId, voter, options, metadata);
    return {};
  },
  deposit: (ctx, { proposalId, depositor, amount }) => {
    const from = parseAddress(depositor, 'depositor');
    addDeposit(ctx, deps, requireProposal(ctx, deps, proposalId), from, amount);
    return {};
  },
  updateParams: (ctx, { authority, params }) => {
    requireAuthority(authority, deps.authority);
    if (params === undefined) throw sdkErrors.invalidRequest('params: missing');
    validateParams(params);
    deps.keeper.setParams(ctx, params);
    return {};
  },
  cancelProposal: (ctx, msg) => cancelProposal(ctx, deps, msg),
});
