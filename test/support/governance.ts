import { VoteOption } from '../../gen/cosmos/gov/v1/gov.js';
import { MsgSubmitProposal, MsgVote } from '../../gen/cosmos/gov/v1/tx.js';
import type { TxMessage } from '../../runtime/codec/tx.js';
import { addBalance, type AppState } from '../../app/genesis.js';
import { demoAccounts, demoGovernance } from '../../cmd/plimsolld/devnet/demo.js';
import { keyFromMnemonic, type SigningKey } from '../../cmd/plimsolld/keyring/keyring.js';
import type { TestChain } from './chain.js';

/** Seconds from a proposal's votes until it acts: the council's voting time and the timelock of `governed`. */
export const decisionSeconds = 72;

/** A genesis whose council are the demo accounts, with tokens for deposits. */
export function governed(state: AppState): void {
  demoGovernance(state);
  for (const { mnemonic } of demoAccounts) addBalance(state, keyFromMnemonic(mnemonic).address, 'uplim', 100_000_000n);
}

const gov = <T>(name: string, type: { encode(value: T): { finish(): Uint8Array } }, value: T): TxMessage => ({
  typeName: `cosmos.gov.v1.${name}`,
  bytes: type.encode(value).finish(),
});

/** Proposes a message and lets two of the council vote for it, in two blocks. */
export async function decide(
  chain: TestChain,
  proposalId: bigint,
  { typeName, bytes }: TxMessage,
  [proposer, other]: readonly [SigningKey, SigningKey],
): Promise<void> {
  await chain.block([
    chain.sign(proposer, [
      gov('MsgSubmitProposal', MsgSubmitProposal, {
        messages: [{ typeUrl: `/${typeName}`, value: bytes }],
        initialDeposit: [{ denom: 'uplim', amount: '10000000' }],
        proposer: proposer.address,
        metadata: '',
        title: typeName,
        summary: typeName,
        expedited: false,
      }),
    ]),
  ]);
  const option = VoteOption.VOTE_OPTION_YES;
  await chain.block(
    [proposer, other].map((key) =>
      chain.sign(key, [gov('MsgVote', MsgVote, { proposalId, voter: key.address, option, metadata: '' })]),
    ),
  );
}
