import { Params, PastValue } from '../../gen/plimsoll/charter/v1/charter.js';
import type { Context } from '../../runtime/baseapp/context.js';
import { FatalError } from '../../runtime/baseapp/errors.js';
import { msOfProtoTime } from '../../runtime/baseapp/time.js';
import { fromBech32 } from '../../runtime/crypto/address.js';
import { marker } from '../../runtime/store/codecs.js';
import { Collection, Item, protoCodec, type Stores } from '../../runtime/store/collection.js';
import { readU64, u64 } from '../../runtime/store/key.js';
import type { KVStore } from '../../runtime/store/types.js';

export const storeName = 'charter';

export interface Waiting {
  readonly proposalId: bigint;
  readonly executionMs: bigint;
}

const params = new Item(storeName, 1, protoCodec<Params>(Params));
/** (execution time, proposal), the earliest first. */
const waiting = new Collection<Waiting, true>(
  storeName,
  2,
  {
    encode: ({ executionMs, proposalId }) => u64(executionMs) + u64(proposalId),
    decode: (key) => ({ executionMs: readU64(key, 0), proposalId: readU64(key, 8) }),
  },
  marker,
);

/** (subject, number) → a value that governance replaced, the oldest first. */
const pastValues = new Collection<readonly [subject: string, untilMs: bigint, number: bigint], PastValue>(
  storeName,
  3,
  {
    encode: ([subject, untilMs, number]) => subjectKey(subject) + u64(untilMs) + u64(number),
    decode: (key) => {
      const end = key.indexOf('\0');
      return [key.slice(0, end), readU64(key, end + 1), readU64(key, end + 9)];
    },
  },
  protoCodec<PastValue>(PastValue),
);
/** Names of subjects hold no zero byte: no subject begins another. */
const subjectKey = (subject: string): string => `${subject}\0`;

/** Who decides while stake does not, and what was decided and waits. */
export class CharterKeeper {
  params(from: Stores): Params {
    const found = params.get(from);
    if (found === undefined) throw new FatalError('charter has no parameters: genesis did not run');
    return found;
  }

  setParams(to: Stores<KVStore>, value: Params): void {
    params.set(to, value);
  }

  /** Council members and their weights. */
  council(from: Stores): { readonly address: Uint8Array; readonly weight: bigint }[] {
    return this.params(from).council.map(({ address, weight }) => ({ address: fromBech32(address), weight }));
  }

  /** Lets a proposal's messages wait for the timelock of now. @returns when they run, milliseconds */
  hold(ctx: Context, proposalId: bigint): bigint {
    const executionMs = ctx.block.timeMs + msOfProtoTime(this.params(ctx).timelock);
    this.setWaiting(ctx, { proposalId, executionMs });
    return executionMs;
  }

  setWaiting(to: Stores<KVStore>, entry: Waiting): void {
    waiting.set(to, entry, true);
  }

  /** All that wait, the earliest first. */
  *waiting(from: Stores): Iterable<Waiting> {
    for (const [entry] of waiting.entries(from)) yield entry;
  }

  /** What was replaced of a subject, or of all, the oldest first. */
  pastValues(from: Stores, subject?: string): Iterable<PastValue> {
    return pastValues.values(from, subject === undefined ? '' : subjectKey(subject));
  }

  addPastValue(to: Stores<KVStore>, value: PastValue): void {
    let number = 0n;
    // Several proposals may change one value in one block.
    while (pastValues.has(to, [value.subject, value.untilMs, number])) number++;
    pastValues.set(to, [value.subject, value.untilMs, number], value);
  }

  /** Forgets what a subject was before a time. */
  dropPastValues(to: Stores<KVStore>, subject: string, beforeMs: bigint): void {
    const old = [];
    for (const [key] of pastValues.entries(to, subjectKey(subject))) {
      if (key[1] > beforeMs) break;
      old.push(key);
    }
    for (const key of old) pastValues.delete(to, key);
  }

  /** Takes the first whose time has come off the queue. */
  takeDue(ctx: Context): bigint | undefined {
    for (const entry of this.waiting(ctx)) {
      if (entry.executionMs > ctx.block.timeMs) return undefined;
      waiting.delete(ctx, entry);
      return entry.proposalId;
    }
    return undefined;
  }
}
