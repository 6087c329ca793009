import { Deposit, Params, Proposal, Vote } from '../../gen/cosmos/gov/v1/gov.js';
import { FatalError } from '../../runtime/baseapp/errors.js';
import { fromBech32, toBech32 } from '../../runtime/crypto/address.js';
import { marker, unsigned64 } from '../../runtime/store/codecs.js';
import { Collection, Item, protoCodec, type Stores } from '../../runtime/store/collection.js';
import { bytes as bytesKey, keyBytes, readU64, u64 } from '../../runtime/store/key.js';
import type { KVStore, ValueCodec } from '../../runtime/store/types.js';

export const storeName = 'gov';
/** Module account of all deposits, and the signer of every proposal's messages. */
export const moduleName = 'gov';

const text: ValueCodec<string> = {
  encode: (value) => Buffer.from(value, 'utf8'),
  decode: (value) => Buffer.from(value).toString('utf8'),
};
const byId = { encode: u64, decode: (key: string) => readU64(key, 0) };
type ByWhom = readonly [proposalId: bigint, who: Uint8Array];
const byWhom = {
  encode: ([id, who]: ByWhom): string => u64(id) + bytesKey(who),
  decode: (key: string): ByWhom => [readU64(key, 0), keyBytes(key.slice(8))],
};
type Timed = readonly [ms: bigint, proposalId: bigint];
const timed = {
  encode: ([ms, id]: Timed): string => u64(ms) + u64(id),
  decode: (key: string): Timed => [readU64(key, 0), readU64(key, 8)],
};

const params = new Item(storeName, 1, protoCodec<Params>(Params));
const nextId = new Item(storeName, 2, unsigned64);
const constitution = new Item(storeName, 3, text);
const proposals = new Collection<bigint, Proposal>(storeName, 4, byId, protoCodec<Proposal>(Proposal));
const votes = new Collection<ByWhom, Vote>(storeName, 5, byWhom, protoCodec<Vote>(Vote));
const deposits = new Collection<ByWhom, Deposit>(storeName, 6, byWhom, protoCodec<Deposit>(Deposit));

/** When the deposit period, or the vote, of a proposal ends. */
const depositEnds = new Collection<Timed, true>(storeName, 7, timed, marker);
const voteEnds = new Collection<Timed, true>(storeName, 8, timed, marker);
export const queues = { depositEnds, voteEnds } as const;
export type Queue = (typeof queues)[keyof typeof queues];

/** The only code that touches governance's store. */
export class GovKeeper {
  params(from: Stores): Params {
    const found = params.get(from);
    if (found === undefined) throw new FatalError('gov has no parameters: genesis did not run');
    return found;
  }

  setParams(to: Stores<KVStore>, value: Params): void {
    params.set(to, value);
  }

  constitution(from: Stores): string {
    return constitution.get(from) ?? '';
  }

  setConstitution(to: Stores<KVStore>, value: string): void {
    if (value === '') constitution.delete(to);
    else constitution.set(to, value);
  }

  /** The id that the next proposal gets. */
  nextId(from: Stores): bigint {
    return nextId.get(from) ?? 1n;
  }

  setNextId(to: Stores<KVStore>, value: bigint): void {
    nextId.set(to, value);
  }

  // ---- proposals ---------------------------------------------------------

  proposal(from: Stores, id: bigint): Proposal | undefined {
    return proposals.get(from, id);
  }

  proposals(from: Stores): Iterable<Proposal> {
    return proposals.values(from);
  }

  setProposal(to: Stores<KVStore>, proposal: Proposal): void {
    proposals.set(to, proposal.id, proposal);
  }

  deleteProposal(to: Stores<KVStore>, id: bigint): void {
    proposals.delete(to, id);
  }

  // ---- votes and deposits ------------------------------------------------

  vote(from: Stores, id: bigint, voter: Uint8Array): Vote | undefined {
    return votes.get(from, [id, voter]);
  }

  votes(from: Stores, id: bigint): Iterable<Vote> {
    return votes.values(from, u64(id));
  }

  setVote(to: Stores<KVStore>, vote: Vote): void {
    votes.set(to, [vote.proposalId, fromBech32(vote.voter)], vote);
  }

  deleteVotes(to: Stores<KVStore>, id: bigint): void {
    for (const [key] of [...votes.entries(to, u64(id))]) votes.delete(to, key);
  }

  deposit(from: Stores, id: bigint, depositor: Uint8Array): Deposit | undefined {
    return deposits.get(from, [id, depositor]);
  }

  deposits(from: Stores, id: bigint): Iterable<Deposit> {
    return deposits.values(from, u64(id));
  }

  setDeposit(to: Stores<KVStore>, id: bigint, depositor: Uint8Array, amount: Deposit['amount']): void {
    deposits.set(to, [id, depositor], { proposalId: id, depositor: toBech32(depositor), amount });
  }

  deleteDeposits(to: Stores<KVStore>, id: bigint): void {
    for (const [key] of [...deposits.entries(to, u64(id))]) deposits.delete(to, key);
  }

  // ---- what ends when ----------------------------------------------------

  enqueue(to: Stores<KVStore>, queue: Queue, ms: bigint, id: bigint): void {
    queue.set(to, [ms, id], true);
  }

  dequeue(to: Stores<KVStore>, queue: Queue, ms: bigint, id: bigint): void {
    queue.delete(to, [ms, id]);
  }

  /** The first proposal of a queue whose end has come. */
  firstDue(from: Stores, queue: Queue, nowMs: bigint): bigint | undefined {
    for (const [[ms, id]] of queue.entries(from)) return ms <= nowMs ? id : undefined;
    return undefined;
  }
}
