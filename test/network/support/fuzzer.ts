import type { Request } from 'cosmjs-types/tendermint/abci/types';
import { AbciClient } from '../../../runtime/abci/testing/client.js';
import { framePrefix } from '../../../runtime/abci/server/frames.js';

/** What the fuzzer works from: requests and values that are right, to be made wrong. */
export interface Corpus {
  /** Signed transactions; each may be in the chain already. */
  readonly txs: readonly Uint8Array[];
  readonly queries: readonly { readonly path: string; readonly data: Uint8Array }[];
}

/** One thing to throw at the server. */
export interface FuzzCase {
  readonly kind: string;
  /** Well-formed: the server owes an answer. */
  readonly request?: Partial<Request>;
  /** Anything: the server owes nothing but to stay alive. */
  readonly bytes?: Buffer;
}

/** Makes cases from a seed; the same seed makes the same ones. */
export class Fuzzer {
  #state: number;
  readonly #corpus: Corpus;

  constructor(seed: number, corpus: Corpus) {
    this.#state = seed;
    this.#corpus = corpus;
  }

  next(): FuzzCase {
    const kinds: readonly (() => FuzzCase)[] = [
      () => ({ kind: 'noise', bytes: this.#noise(200) }),
      () => ({ kind: 'flipped frame', bytes: this.#flipped(AbciClient.frame(this.#request())) }),
      () => {
        const frame = AbciClient.frame(this.#request());
        return { kind: 'cut frame', bytes: frame.subarray(0, this.#below(frame.length)) };
      },
      () => ({
        kind: 'announced length',
        bytes: Buffer.concat([framePrefix(this.#below(2 ** 31)), this.#noise(50)]),
      }),
      () => ({
        kind: 'framed noise',
        bytes: ((body) => Buffer.concat([framePrefix(body.length), body]))(this.#noise(120)),
      }),
      () => ({ kind: 'transaction', request: { checkTx: { tx: this.#tx(), type: this.#below(2) } } }),
      () => ({ kind: 'transaction', request: { checkTx: { tx: this.#tx(), type: this.#below(2) } } }),
      () => ({ kind: 'query', request: { query: this.#query() } }),
      () => ({ kind: 'query', request: { query: this.#query() } }),
      () => ({ kind: 'consensus', request: this.#consensus() }),
    ];
    return this.#one(kinds)();
  }

  #random(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #one<T>(items: readonly T[]): T {
    return items[this.#below(items.length)]!;
  }

  #noise(most: number): Buffer {
    return Buffer.from(Array.from({ length: this.#below(most) }, () => this.#below(256)));
  }

  /** Changes one to five bytes for good. */
  #flipped(bytes: Uint8Array): Buffer {
    const changed = Buffer.from(bytes);
    if (changed.length === 0) return this.#noise(20);
    for (let left = 1 + this.#below(5); left > 0; left--) {
      const at = this.#below(changed.length);
      changed[at] = changed[at]! ^ (1 + this.#below(255));
    }
    return changed;
  }

  #mangled(bytes: Uint8Array): Buffer {
    const ways: readonly (() => Buffer)[] = [
      () => this.#flipped(bytes),
      () => Buffer.from(bytes.subarray(0, this.#below(bytes.length))),
      () => Buffer.concat([bytes, Buffer.of(this.#below(256)), this.#noise(40)]),
      () => this.#noise(300),
      () => Buffer.concat([bytes, bytes]),
    ];
    return this.#one(ways)();
  }

  #tx(): Uint8Array {
    return this.#mangled(this.#one(this.#corpus.txs));
  }

  #height(): bigint {
    return this.#one([0n, 1n, 2n, -1n, 1_000_000n, 2n ** 62n, -(2n ** 63n)]);
  }

  #query(): NonNullable<Request['query']> {
    const { path, data } = this.#one(this.#corpus.queries);
    const paths = [
      path,
      path,
      path,
      '/app/simulate',
      '/store/perps/key',
      '/store//key',
      '/',
      '',
      `${path}/x`,
      '\u0000',
    ];
    return {
      path: this.#one(paths),
      data: this.#one([() => data, () => this.#mangled(data), () => this.#tx()])(),
      height: this.#height(),
      prove: this.#below(2) === 1,
    };
  }

  /** Requests of the consensus connection that no engine would make now; never the next block. */
  #consensus(): Partial<Request> {
    const txs = [this.#tx(), this.#noise(100)];
    const common = {
      txs,
      misbehavior: [],
      hash: this.#noise(32),
      height: this.#height(),
      time: { seconds: BigInt(this.#below(2 ** 40)), nanos: this.#below(10 ** 9) },
      nextValidatorsHash: this.#noise(32),
      proposerAddress: this.#noise(20),
    };
    const vote = { validator: { address: this.#noise(20), power: this.#height() }, blockIdFlag: this.#below(5) };
    const extended = { ...vote, voteExtension: this.#noise(60), extensionSignature: this.#noise(64) };
    const empty = { round: 0, votes: [] };
    return this.#one<Partial<Request>>([
      {
        prepareProposal: {
          ...common,
          maxTxBytes: this.#height(),
          localLastCommit: this.#one([empty, { round: 1, votes: [extended] }]),
        },
      },
      { processProposal: { ...common, proposedLastCommit: this.#one([empty, { round: 1, votes: [vote] }]) } },
      { extendVote: { ...common, proposedLastCommit: empty } },
      {
        verifyVoteExtension: {
          hash: common.hash,
          validatorAddress: common.proposerAddress,
          height: common.height,
          voteExtension: this.#noise(200),
        },
      },
      { finalizeBlock: { ...common, height: 1_000_000n, decidedLastCommit: empty } },
      { commit: {} },
      {
        initChain: {
          time: common.time,
          chainId: 'plimsoll-test-1',
          consensusParams: undefined,
          validators: [],
          appStateBytes: this.#noise(100),
          initialHeight: this.#height(),
        },
      },
      { loadSnapshotChunk: { height: 2n ** 63n - 1n, format: this.#below(9), chunk: this.#below(2 ** 31) } },
      { listSnapshots: {} },
    ]);
  }

  /** Any request, for frames to be broken. */
  #request(): Partial<Request> {
    return this.#one<() => Partial<Request>>([
      () => ({ echo: { message: this.#noise(60).toString('latin1') } }),
      () => ({ query: this.#query() }),
      () => ({ checkTx: { tx: this.#tx(), type: 0 } }),
      () => this.#consensus(),
    ])();
  }
}
