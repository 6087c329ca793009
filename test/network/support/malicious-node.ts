// Run as `malicious-node.ts --home DIR`: a validator whose every proposal
// tampers with the price votes, each time in another way, and that votes for
// its own proposals.
import { ExtendedCommitInfo, type ExtendedVoteInfo } from 'cosmjs-types/tendermint/abci/types';
import { intercept } from './intercept.js';
import { runNodeBehind } from './own-node.js';

/** What stands before the extended commit in the first transaction. */
const markerLength = 1 + 'plimsoll/votes/1'.length;
const oversized = Buffer.alloc(60_000, 7);
const flags = { absent: 1, commit: 2 } as const;

type Votes = ExtendedVoteInfo[];
type Tamper = (txs: Uint8Array[], previous: Uint8Array) => Uint8Array[];

/** Changes the extended commit and leaves the rest of the proposal. */
const onCommit =
  (change: (commit: ExtendedCommitInfo) => ExtendedCommitInfo): Tamper =>
  ([injected, ...rest]) => {
    const commit = ExtendedCommitInfo.decode(injected!.subarray(markerLength));
    const marker = injected!.subarray(0, markerLength);
    return [Buffer.concat([marker, ExtendedCommitInfo.encode(change(commit)).finish()]), ...rest];
  };
const onVotes = (change: (votes: Votes) => Votes): Tamper =>
  onCommit(({ round, votes }) => ({ round, votes: change(votes) }));
const flipped = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes, (byte, at) => (at === 0 ? byte ^ 1 : byte));
const signed = ({ blockIdFlag }: ExtendedVoteInfo): boolean => blockIdFlag === flags.commit;
const bare = (vote: ExtendedVoteInfo): ExtendedVoteInfo => ({
  ...vote,
  blockIdFlag: flags.absent,
  voteExtension: new Uint8Array(0),
  extensionSignature: new Uint8Array(0),
});

const attacks: Readonly<Record<string, Tamper>> = {
  forgedPrice: onVotes((votes) =>
    votes.map((vote) => (signed(vote) ? { ...vote, voteExtension: flipped(vote.voteExtension) } : vote)),
  ),
  forgedSignature: onVotes((votes) =>
    votes.map((vote) => (signed(vote) ? { ...vote, extensionSignature: flipped(vote.extensionSignature) } : vote)),
  ),
  truncated: ([injected, ...rest]) => [injected!.subarray(0, injected!.length - 9), ...rest],
  reordered: onVotes(([first, second, ...rest]) => [second!, first!, ...rest]),
  duplicated: onVotes(([first, _, ...rest]) => [first!, first!, ...rest]),
  fewer: onVotes((votes) => votes.slice(1)),
  replayed: ([, ...rest], previous) => [previous, ...rest],
  weak: onVotes((votes) => votes.map((vote, index) => (index === 0 ? vote : bare(vote)))),
  wrongRound: onCommit(({ round, votes }) => ({ round: round + 1, votes })),
  powerful: onVotes((votes) =>
    votes.map((vote, index) =>
      index === 0 ? { ...vote, validator: { ...vote.validator, power: vote.validator.power * 100n } } : vote,
    ),
  ),
  missing: ([, ...rest]) => rest,
  twice: ([injected, ...rest]) => [injected!, injected!, ...rest],
  garbage: (txs) => [...txs, Buffer.from('no transaction')],
  oversized: onVotes((votes) => votes.map((vote) => (signed(vote) ? { ...vote, voteExtension: oversized } : vote))),
};
const names = Object.keys(attacks);

await runNodeBehind((app) => {
  let next = 0;
  let previous: Uint8Array = new Uint8Array(0);
  const ownHeights = new Set<bigint>();
  return intercept(app, {
    prepareProposal: async (request) => {
      const { txs } = await app.prepareProposal(request);
      const [injected] = txs;
      if (injected === undefined || previous.length === 0) {
        previous = injected ?? previous;
        return { txs };
      }
      const name = names[next++ % names.length]!;
      const tampered = attacks[name]!(txs, previous);
      previous = injected;
      ownHeights.add(request.height);
      process.stderr.write(`ATTACK ${name} ${request.height}\n`);
      return { txs: tampered };
    },
    processProposal: async (request) => (ownHeights.has(request.height) ? { status: 1 } : app.processProposal(request)),
  });
});
