import type { Params } from '../../gen/cosmos/gov/v1/gov.js';
import { decFromText, decOne, decZero, type Dec } from '../../runtime/baseapp/dec.js';
import { sdkErrors } from '../../runtime/baseapp/errors.js';
import { parseCoins } from '../../runtime/baseapp/coins.js';
import { msOfProtoTime, protoTimeOf } from '../../runtime/baseapp/time.js';
import { fromBech32 } from '../../runtime/crypto/address.js';
import type { Majorities } from './tally.js';

const hour = 3_600_000n;
/** No vote is open longer than this. */
const longestPeriod = 60n * 24n * hour;

/** As Cosmos chains start, with the chain's stake coin. */
export const defaultParams: Params = {
  minDeposit: [{ denom: 'uplim', amount: '10000000' }],
  maxDepositPeriod: protoTimeOf(48n * hour),
  votingPeriod: protoTimeOf(48n * hour),
  quorum: '0.334',
  threshold: '0.5',
  vetoThreshold: '0.334',
  minInitialDepositRatio: '0',
  proposalCancelRatio: '0.5',
  proposalCancelDest: '',
  expeditedVotingPeriod: protoTimeOf(24n * hour),
  expeditedThreshold: '0.667',
  expeditedMinDeposit: [{ denom: 'uplim', amount: '50000000' }],
  burnVoteQuorum: false,
  burnProposalDepositPrevote: false,
  burnVoteVeto: true,
  minDepositRatio: '0.01',
};

/** @throws AppError sdk/18 naming the parameter at fault */
export function validateParams(params: Params): void {
  const fault = (text: string): Error => sdkErrors.invalidRequest(`params.${text}`);
  parseCoins(params.minDeposit, 'params.min_deposit');
  parseCoins(params.expeditedMinDeposit, 'params.expedited_min_deposit');
  for (const [field, value] of [
    ['max_deposit_period', params.maxDepositPeriod],
    ['voting_period', params.votingPeriod],
    ['expedited_voting_period', params.expeditedVotingPeriod],
  ] as const) {
    const ms = msOfProtoTime(value);
    if (ms <= 0n || ms > longestPeriod) throw fault(`${field}: ${ms} ms; expected more than 0, at most 60 days`);
  }
  if (msOfProtoTime(params.expeditedVotingPeriod) >= msOfProtoTime(params.votingPeriod))
    throw fault('expedited_voting_period: must be shorter than voting_period');
  const ratio = (field: string, text: string): Dec => {
    let value: Dec;
    try {
      value = decFromText(text);
    } catch (error) {
      throw fault(`${field}: ${(error as Error).message}`);
    }
    if (value < decZero || value > decOne) throw fault(`${field}: ${text}; expected 0 to 1`);
    return value;
  };
  ratio('quorum', params.quorum);
  const threshold = ratio('threshold', params.threshold);
  if (ratio('veto_threshold', params.vetoThreshold) === 0n) throw fault('veto_threshold: must be above 0');
  if (threshold === 0n) throw fault('threshold: must be above 0');
  if (ratio('expedited_threshold', params.expeditedThreshold) <= threshold)
    throw fault(`expedited_threshold: ${params.expeditedThreshold}; expected above threshold ${params.threshold}`);
  ratio('min_initial_deposit_ratio', params.minInitialDepositRatio);
  ratio('proposal_cancel_ratio', params.proposalCancelRatio);
  ratio('min_deposit_ratio', params.minDepositRatio);
  if (params.proposalCancelDest !== '') {
    try {
      fromBech32(params.proposalCancelDest);
    } catch (error) {
      throw fault(`proposal_cancel_dest: ${(error as Error).message}`);
    }
  }
}

/** What a vote must reach. */
export const majoritiesOf = (params: Params, expedited: boolean): Majorities => ({
  quorum: decFromText(params.quorum),
  threshold: decFromText(expedited ? params.expeditedThreshold : params.threshold),
  vetoThreshold: decFromText(params.vetoThreshold),
});
