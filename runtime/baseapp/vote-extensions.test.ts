import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { ExtendedCommitInfo, type CommitInfo, type ExtendedVoteInfo } from 'cosmjs-types/tendermint/abci/types';
import type { BlockIDFlag } from 'cosmjs-types/tendermint/types/validator';
import { TxRaw } from '../../gen/cosmos/tx/v1beta1/tx.js';
import { canonicalVoteExtension } from '../abci/canonical-vote.js';
import { decodeTx } from '../codec/tx.js';
import { consensusAddress } from '../crypto/address.js';
import { Ed25519Key } from '../crypto/ed25519.js';
import type { Context } from './context.js';
import { AppError } from './errors.js';
import { Workbench, testBlock } from './testing/workbench.js';
import { VoteExtensions, type CountedVote, type VoteHandler } from './vote-extensions.js';

const runs = Number(process.env['PLIMSOLL_FC_RUNS'] ?? '200');
const { chainId, height } = testBlock;
const voteHeight = height - 1n;
const round = 2;
const flags = { unknown: 0, absent: 1, commit: 2, nil: 3 } as const satisfies Record<string, BlockIDFlag>;
const none = new Uint8Array(0);
/** Bytes that a proposal has for votes: more than these tests need. */
const room = 100_000;

const keys = [40, 30, 20, 10].map((power, index) => {
  const key = new Ed25519Key(new Uint8Array(32).fill(index + 1));
  return { key, power: BigInt(power), address: consensusAddress(key.publicKey) };
});
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** What the first byte of an extension means to the handler of these tests. */
const refused = 0xff;

/** The vote of validator `index` for the previous height; changes say what is wrong with it. */
function vote(
  index: number,
  signed: { extension?: Uint8Array; height?: bigint; round?: number; chainId?: string; by?: number } = {},
): ExtendedVoteInfo {
  const { address, power } = keys[index]!;
  const extension = signed.extension ?? Buffer.from(`prices of ${index}`);
  const message = canonicalVoteExtension(
    extension,
    signed.height ?? voteHeight,
    signed.round ?? round,
    signed.chainId ?? chainId,
  );
  return {
    validator: { address, power },
    blockIdFlag: flags.commit,
    voteExtension: extension,
    extensionSignature: keys[signed.by ?? index]!.key.sign(message),
  };
}

const pruned = (index: number, blockIdFlag: BlockIDFlag = flags.absent): ExtendedVoteInfo => ({
  ...vote(index),
  blockIdFlag,
  voteExtension: none,
  extensionSignature: none,
});

const honest = (): ExtendedCommitInfo => ({ round, votes: keys.map((_, index) => vote(index)) });
const lastCommit = (): CommitInfo => ({
  round,
  votes: keys.map(({ address, power }) => ({ validator: { address, power }, blockIdFlag: flags.commit })),
});

/** Keeps what it is given. */
class Recorder implements VoteHandler {
  readonly applied: { votes: readonly CountedVote[]; total: bigint }[] = [];
  extend(): Uint8Array {
    return Buffer.from('mine');
  }
  isValid(_: Context, extension: Uint8Array): boolean {
    return extension[0] !== refused;
  }
  apply(_: Context, votes: readonly CountedVote[], total: bigint): void {
    this.applied.push({ votes, total });
  }
}

const bench = await Workbench.open([]);
const ctx = bench.context();
let handler: Recorder;
let lookups: number;
let hooks: VoteExtensions;

const fresh = (): VoteExtensions =>
  new VoteExtensions(handler, {
    publicKey: (_, address) => {
      lookups++;
      return keys.find((each) => hex(each.address) === hex(address))?.key.publicKey;
    },
  });

beforeEach(() => {
  handler = new Recorder();
  lookups = 0;
  hooks = fresh();
});

const encode = (commit: ExtendedCommitInfo): Uint8Array => ExtendedCommitInfo.encode(commit).finish();
/** The first transaction as a proposer that checks nothing would build it. */
function inject(body: Uint8Array | ExtendedCommitInfo): Uint8Array {
  const bytes = body instanceof Uint8Array ? body : encode(body);
  const prepared = fresh().prepare(ctx, honest(), room)!;
  const marker = prepared.subarray(0, prepared.length - encode(honest()).length);
  return Buffer.concat([marker, bytes]);
}

function refuses(injected: Uint8Array, code: number, text: RegExp, last: CommitInfo = lastCommit()): void {
  assert.throws(
    () => hooks.verify(ctx, injected, last),
    (error) => {
      assert.ok(error instanceof AppError, String(error));
      assert.equal(`${error.codespace}/${error.code}`, `votes/${code}`, error.message);
      assert.match(error.message, text);
      return true;
    },
  );
}

describe('votes in a block that is nearly full', () => {
  // Powers 40, 30, 20, 10: 67 must stay, so 33 may go.
  const sized = (...lengths: number[]): ExtendedCommitInfo => ({
    round,
    votes: lengths.map((length, index) => vote(index, { extension: Buffer.alloc(length, 1) })),
  });
  const kept = (injected: Uint8Array): number[] => {
    hooks.verify(ctx, injected, lastCommit());
    hooks.preBlock(ctx, injected);
    return handler.applied.at(-1)!.votes.map(({ extension }) => extension.length);
  };
  const whole = (commit: ExtendedCommitInfo): number => hooks.prepare(ctx, commit, room)!.length;

  test('that fit to the byte are all proposed', () => {
    const commit = sized(50, 50, 50, 50);
    assert.deepEqual(kept(hooks.prepare(ctx, commit, whole(commit))!), [50, 50, 50, 50]);
  });

  const cases: [what: string, lengths: number[], excess: number, left: number[] | undefined][] = [
    ['lose the largest extension first', [50, 50, 500, 50], 1, [50, 50, 50]],
    ['lose as many as must go', [50, 50, 500, 400], 900, [50, 50]],
    ['keep a large one whose power is needed', [900, 50, 50, 50], 100, [900, 50, 50]],
    ['are left out together with the block when what is needed does not fit', [900, 900, 10, 10], 1_100, undefined],
  ];
  for (const [what, lengths, excess, left] of cases) {
    test(what, () => {
      const commit = sized(...lengths);
      const limit = whole(commit) - excess;
      const injected = hooks.prepare(ctx, commit, limit);
      if (left === undefined) assert.equal(injected, undefined);
      else {
        assert.ok(injected!.length <= limit);
        assert.deepEqual(kept(injected!), left);
      }
    });
  }

  test('never exceed the room, keep two thirds of the power, and every verifier accepts them', () => {
    const limits = fc.tuple(fc.array(fc.nat(300), { minLength: 4, maxLength: 4 }), fc.nat(1_200));
    fc.assert(
      fc.property(limits, ([lengths, limit]) => {
        const injected = hooks.prepare(ctx, sized(...lengths), limit);
        if (injected === undefined) return;
        assert.ok(injected.length <= limit);
        hooks.verify(ctx, injected, lastCommit());
      }),
      { numRuns: runs },
    );
  });
});

describe('a proposal with price votes', () => {
  test('of all validators is accepted', () => hooks.verify(ctx, inject(honest()), lastCommit()));

  test('may leave out up to a third of the power: absent, nil and pruned votes count nothing', () => {
    const votes = [vote(0), vote(1), pruned(2, flags.nil), pruned(3)];
    hooks.verify(ctx, inject({ round, votes }), lastCommit());
  });

  for (const other of [0, 7]) {
    test(`of round ${other} is signed for that round`, () => {
      const votes = keys.map((_, index) => vote(index, { round: other }));
      const prepared = hooks.prepare(ctx, { round: other, votes }, room)!;
      hooks.verify(ctx, prepared, { ...lastCommit(), round: other });
      refuses(inject({ ...honest(), round: other }), 6, /vote 0/, { ...lastCommit(), round: other });
    });
  }

  test('may carry an empty extension, signed', () => {
    const votes = [vote(0, { extension: none }), vote(1), vote(2), vote(3)];
    hooks.verify(ctx, inject({ round, votes }), lastCommit());
  });

  const changed = (index: number, change: Partial<ExtendedVoteInfo>): ExtendedVoteInfo[] =>
    honest().votes.map((each, at) => (at === index ? { ...each, ...change } : each));
  const replaced = (index: number, by: ExtendedVoteInfo): ExtendedVoteInfo[] => changed(index, by);

  const forged: readonly (readonly [what: string, body: () => ExtendedCommitInfo, code: number, text: RegExp])[] = [
    ['of another round', () => ({ ...honest(), round: 1 }), 3, /round 1, last commit is of round 2/],
    ['of which the last is cut off', () => ({ round, votes: honest().votes.slice(0, 3) }), 4, /3 votes, .* has 4/],
    ['with none at all', () => ({ round, votes: [] }), 4, /0 votes/],
    ['with one more', () => ({ round, votes: [...honest().votes, vote(0)] }), 4, /5 votes/],
    ['in another order', () => ({ round, votes: [1, 0, 2, 3].map((index) => vote(index)) }), 4, /vote 0 is of another/],
    ['T-D1 with a vote twice', () => ({ round, votes: replaced(1, vote(0)) }), 4, /vote 1 is of another/],
    [
      'T-D2 with raised power',
      () => ({ round, votes: changed(3, { validator: { ...vote(3).validator, power: 1_000n } }) }),
      4,
      /vote 3 is of another validator or power/,
    ],
    [
      'T-D2 with less power for the ones left out',
      () => ({
        round,
        votes: [{ ...pruned(0), validator: { ...vote(0).validator, power: 0n } }, vote(1), vote(2), vote(3)],
      }),
      4,
      /vote 0 is of another validator or power/,
    ],
    ['with a flipped extension', () => ({ round, votes: changed(2, { voteExtension: Buffer.of(1) }) }), 6, /vote 2/],
    ['without a signature', () => ({ round, votes: changed(2, { extensionSignature: none }) }), 6, /vote 2/],
    [
      'with a cut signature',
      () => ({ round, votes: changed(0, { extensionSignature: vote(0).extensionSignature.subarray(0, 63) }) }),
      6,
      /vote 0/,
    ],
    ["with another validator's signature", () => ({ round, votes: replaced(1, vote(1, { by: 0 })) }), 6, /vote 1/],
    ['replayed from an earlier height', () => ({ round, votes: replaced(0, vote(0, { height: 8n })) }), 6, /vote 0/],
    ['replayed from an earlier round', () => ({ round, votes: replaced(0, vote(0, { round: 1 })) }), 6, /vote 0/],
    ['replayed from another chain', () => ({ round, votes: replaced(0, vote(0, { chainId: 'b' })) }), 6, /vote 0/],
    [
      'with an extension that no honest node signs',
      () => ({ round, votes: replaced(3, vote(3, { extension: Buffer.of(refused) })) }),
      7,
      /vote 3/,
    ],
    [
      'with an extension on an absent vote',
      () => ({ round, votes: changed(3, { blockIdFlag: flags.absent }) }),
      2,
      /vote 3 did not commit/,
    ],
    [
      'with a signature on a nil vote',
      () => ({ round, votes: changed(3, { blockIdFlag: flags.nil, voteExtension: none }) }),
      2,
      /vote 3 did not commit/,
    ],
    [
      'with an unknown flag',
      () => ({ round, votes: changed(3, { blockIdFlag: 7 as BlockIDFlag }) }),
      2,
      /vote 3 did not commit/,
    ],
    [
      'of too little power',
      () => ({ round, votes: [vote(0), pruned(1), vote(2), pruned(3)] }),
      8,
      /60 of 100: votes carry less than two thirds/,
    ],
    ['all left out', () => ({ round, votes: keys.map((_, index) => pruned(index)) }), 8, /0 of 100/],
  ];
  for (const [what, body, code, text] of forged) {
    test(`${what} is refused`, () => refuses(inject(body()), code, text));
  }

  test('T-D1 of a last commit that itself names a validator twice is refused', () => {
    const votes = [vote(0), vote(0), vote(2), vote(3)];
    const last = { round, votes: votes.map(({ validator }) => ({ validator, blockIdFlag: flags.commit })) };
    refuses(inject({ round, votes }), 4, /vote 1 repeats a validator/, last);
  });

  test('by a validator whose key is not known is refused', () => {
    const key = new Ed25519Key(new Uint8Array(32).fill(99));
    const validator = { address: consensusAddress(key.publicKey), power: 5n };
    const message = canonicalVoteExtension(none, voteHeight, round, chainId);
    const stranger = {
      validator,
      blockIdFlag: flags.commit,
      voteExtension: none,
      extensionSignature: key.sign(message),
    };
    const last = lastCommit();
    last.votes.push({ validator, blockIdFlag: flags.commit });
    refuses(inject({ round, votes: [...honest().votes, stranger] }), 5, /vote 4 by [0-9a-f]{40}/, last);
  });

  const garbled: readonly (readonly [what: string, body: () => Uint8Array])[] = [
    ['that stop in the middle', () => encode(honest()).subarray(0, -10)],
    ['followed by a byte', () => Buffer.concat([encode(honest()), Buffer.of(0)])],
    ['followed by an unknown field', () => Buffer.concat([encode(honest()), Buffer.of(0x78, 1)])],
    ['with the round twice', () => Buffer.concat([encode({ round: 1, votes: [] }), encode(honest())])],
    ['with a long form of a number', () => Buffer.concat([Buffer.of(0x08, 0x82, 0x00), encode(honest()).subarray(2)])],
    ['that are a length beyond the end', () => Buffer.from('12ffffffff0f', 'hex')],
    ['that are a million opened groups', () => Buffer.alloc(1_000_000, 0x0b)],
  ];
  for (const [what, body] of garbled) test(`${what} is refused`, () => refuses(inject(body()), 2, /malformed/));

  test('of which any bit is flipped is refused, and never by a crash', () => {
    const good = inject(honest());
    const start = good.length - encode(honest()).length;
    fc.assert(
      fc.property(fc.integer({ min: start, max: good.length - 1 }), fc.integer({ min: 0, max: 7 }), (at, bit) => {
        const bad = Buffer.from(good);
        bad[at]! ^= 1 << bit;
        assert.throws(() => hooks.verify(ctx, bad, lastCommit()), AppError);
      }),
      { numRuns: runs },
    );
  });

  test('that are arbitrary bytes is refused, and never by a crash', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (body) => {
        assert.throws(() => hooks.verify(ctx, inject(body), lastCommit()), AppError);
      }),
      { numRuns: runs },
    );
  });

  test('is accepted exactly when those that count carry floor(2/3 total) + 1 of the power', () => {
    const member = fc.record({ power: fc.bigInt({ min: 1n, max: 1n << 55n }), counts: fc.boolean() });
    const edge = fc
      .constantFrom<readonly [bigint, bigint]>([2n, 1n], [20n, 10n], [66n, 33n], [67n, 33n], [1n, 1n])
      .map(([yes, no]) => [
        { power: yes, counts: true },
        { power: no, counts: false },
      ]);
    fc.assert(
      fc.property(fc.oneof(edge, fc.array(member, { minLength: 1, maxLength: 4 })), (members) => {
        const votes = members.map(({ power, counts }, index) => {
          const cast = counts ? vote(index) : pruned(index);
          return { ...cast, validator: { ...cast.validator, power } };
        });
        const last = { round, votes: votes.map(({ validator }) => ({ validator, blockIdFlag: flags.commit })) };
        const sum = (all: typeof members): bigint => all.reduce((total, { power }) => total + power, 0n);
        const enough = 3n * sum(members.filter(({ counts }) => counts)) > 2n * sum(members);
        if (enough) hooks.verify(ctx, inject({ round, votes }), last);
        else refuses(inject({ round, votes }), 8, /two thirds/, last);
      }),
      { numRuns: runs },
    );
  });
});

describe('a proposer', () => {
  test('passes on an honest commit as it is', () => {
    const prepared = hooks.prepare(ctx, honest(), room)!;
    assert.equal(hex(prepared), hex(inject(honest())));
    hooks.verify(ctx, prepared, lastCommit());
  });

  const late: readonly (readonly [what: string, vote: () => ExtendedVoteInfo])[] = [
    ['whose signature is wrong', () => vote(3, { by: 2 })],
    ['of another height', () => vote(3, { height: 3n })],
    ['that no honest node sends', () => vote(3, { extension: Buffer.of(refused) })],
    ['for nothing that still carries an extension', () => ({ ...vote(3), blockIdFlag: flags.nil })],
  ];
  for (const [what, bad] of late) {
    test(`T-D4 prunes a late vote ${what}, and everybody accepts the rest`, () => {
      const votes = [vote(0), vote(1), vote(2), bad()];
      const prepared = hooks.prepare(ctx, { round, votes }, room)!;
      hooks.verify(ctx, prepared, lastCommit());
      hooks.preBlock(ctx, prepared);
      assert.deepEqual(
        handler.applied[0]!.votes.map(({ power }) => power),
        [40n, 30n, 20n],
      );
      assert.equal(handler.applied[0]!.total, 100n);
    });
  }

  test('proposes no votes when pruning leaves two thirds of the power or less', () => {
    const bad = { extension: Buffer.of(refused) };
    assert.equal(hooks.prepare(ctx, { round, votes: [vote(0), vote(1, bad), vote(2), vote(3, bad)] }, room), undefined);
    assert.equal(hooks.prepare(ctx, { round, votes: [] }, room), undefined);
  });
});

describe('votes in a decided block', () => {
  const counted = [
    { address: keys[0]!.address, power: 40n, extension: Buffer.from('prices of 0') },
    { address: keys[2]!.address, power: 20n, extension: Buffer.from('prices of 2') },
    { address: keys[3]!.address, power: 10n, extension: Buffer.from('prices of 3') },
  ];
  const partial = (): Uint8Array => inject({ round, votes: [vote(0), pruned(1), vote(2), vote(3)] });
  const plain = (votes: readonly CountedVote[]): unknown =>
    votes.map(({ address, power, extension }) => [hex(address), power, hex(extension)]);

  test('reach the handler in commit order with the power of the whole set, also after a restart', () => {
    hooks.verify(ctx, partial(), lastCommit());
    hooks.preBlock(ctx, partial());
    fresh().preBlock(ctx, partial());
    for (const { votes, total } of handler.applied) {
      assert.deepEqual(plain(votes), plain(counted));
      assert.equal(total, 100n);
    }
    assert.equal(handler.applied.length, 2);
  });

  test('are not verified again: ProcessProposal of two thirds of the power did', () => {
    const injected = partial();
    lookups = 0;
    hooks.verify(ctx, injected, lastCommit());
    assert.equal(lookups, 3);
    hooks.preBlock(ctx, injected);
    assert.equal(lookups, 3);
  });

  test('that were accepted for one height are refused at the next', () => {
    hooks.verify(ctx, partial(), lastCommit());
    const later = bench.context({ height: height + 1n });
    assert.throws(() => hooks.verify(later, partial(), lastCommit()), /vote extension signature does not verify/);
  });

  test('that do not decode stop the node instead of passing as no votes', () => {
    assert.throws(() => hooks.preBlock(ctx, partial().subarray(0, -1)), AppError);
    assert.equal(handler.applied.length, 0);
  });
});

describe('the marker', () => {
  test('is on no transaction that decodes, whatever its fields', () => {
    const bytes = fc.uint8Array({ maxLength: 40 });
    fc.assert(
      fc.property(bytes, bytes, fc.array(bytes, { maxLength: 3 }), (bodyBytes, authInfoBytes, signatures) => {
        assert.equal(hooks.isInjected(TxRaw.encode({ bodyBytes, authInfoBytes, signatures }).finish()), false);
      }),
      { numRuns: runs },
    );
  });

  test('makes bytes that decode as no transaction', () => {
    assert.equal(hooks.isInjected(inject(honest())), true);
    assert.throws(() => decodeTx(bench.registry, inject(honest())), AppError);
  });

  test('is recognised whole only', () => {
    const marker = inject(none);
    assert.equal(hooks.isInjected(marker), true);
    assert.equal(hooks.isInjected(marker.subarray(0, -1)), false);
    assert.equal(hooks.isInjected(none), false);
    assert.equal(hooks.isInjected(marker.subarray(1)), false);
  });
});
