import { ErrorRegistry } from '../../runtime/baseapp/errors.js';

const registry = new ErrorRegistry('gov');

/** Why governance refuses a message; numbered as Cosmos clients know them. */
export const errors = {
  inactiveProposal: registry.register(3, 'inactive proposal'),
  invalidVote: registry.register(7, 'invalid vote option'),
  invalidProposalContent: registry.register(5, 'invalid proposal content'),
  noProposalMessages: registry.register(11, 'no messages proposed'),
  invalidProposalMessage: registry.register(12, 'invalid proposal message'),
  invalidSigner: registry.register(13, 'expected gov account as only signer for proposal message'),
  metadataTooLong: registry.register(15, 'metadata too long'),
  minDepositTooSmall: registry.register(16, 'minimum deposit is too small'),
  invalidProposer: registry.register(18, 'invalid proposer'),
  votingPeriodEnded: registry.register(20, 'voting period already ended'),
  invalidProposal: registry.register(21, 'invalid proposal'),
  invalidDepositDenom: registry.register(23, 'invalid deposit denom'),
};
