import type { SolvencyClass as ProtoClass } from '../../../gen/plimsoll/perps/v1/types.js';
import { QueuedWithdrawal, WithdrawalBucket, WithdrawalClock } from '../../../gen/plimsoll/perps/v1/withdrawals.js';
import { FatalError } from '../../../runtime/baseapp/errors.js';
import { fromBech32 } from '../../../runtime/crypto/address.js';
import { decimal, marker, unsigned64, viewCodec } from '../../../runtime/store/codecs.js';
import { Collection, Item, type KeyCodec, type Stores } from '../../../runtime/store/collection.js';
import { bytes, keyBytes, readU32, readU64, u32, u64, u8 } from '../../../runtime/store/key.js';
import type { KVStore, ValueCodec } from '../../../runtime/store/types.js';
import type { SubaccountId } from '../../../gen/plimsoll/perps/v1/types.js';
import { storeName, transientStoreName } from '../keys.js';
import { ownerOf, subaccountId, subaccountKey } from '../subaccount-key.js';
import type { SubaccountKey } from '../types.js';
import { assertI128 } from '../units/amounts.js';
import type { Bucket } from './buckets.js';
import {
  fundClasses,
  riskier,
  type Epoch,
  type FundClass,
  type MoneyId,
  type QueueEntry,
  type Request,
} from './types.js';

type Writable = Stores<KVStore>;
type Place = readonly [SubaccountKey, MoneyId];

const accountKeyLength = 24;

/** Numbers of classes are those of the proto; none is its zero. */
export const fundClassToProto = (value: FundClass): ProtoClass => fundClasses.indexOf(value) as ProtoClass;

/** @throws Error for a number that is no class */
export function fundClassFromProto(value: ProtoClass): FundClass {
  const found = fundClasses[value];
  if (found === undefined) throw new Error(`${value} is not a solvency class`);
  return found;
}

export const keyOfId = (id: SubaccountId | undefined): SubaccountKey =>
  subaccountKey(fromBech32(id?.owner ?? ''), id?.number ?? 0);

export const entryToProto = ({ key, assetId, amount, value, class: fund, sinceMs }: QueueEntry): QueuedWithdrawal => ({
  subaccount: subaccountId(key),
  assetId,
  amount: amount.toString(),
  value: value.toString(),
  class: fundClassToProto(fund),
  sinceMs,
});

export const entryFromProto = (proto: QueuedWithdrawal): QueueEntry => ({
  key: keyOfId(proto.subaccount),
  assetId: proto.assetId,
  amount: BigInt(proto.amount),
  value: BigInt(proto.value),
  class: fundClassFromProto(proto.class),
  sinceMs: proto.sinceMs,
});

export const bucketToProto = (fund: FundClass, { level, timeMs, outflows }: Bucket): WithdrawalBucket => ({
  class: fundClassToProto(fund),
  level: level.toString(),
  timeMs,
  outflows: outflows.map(({ hour, amount }) => ({ hour, amount: amount.toString() })),
});

export const bucketFromProto = ({ level, timeMs, outflows }: WithdrawalBucket): Bucket => ({
  level: BigInt(level),
  timeMs,
  outflows: outflows.map(({ hour, amount }) => ({ hour, amount: BigInt(amount) })),
});

/** When the queue is paid: the newest epoch's number, and the one that is being paid. */
export interface Clock {
  readonly lastEpoch: bigint;
  readonly epoch: Epoch | undefined;
}

export const clockToProto = ({ lastEpoch, epoch }: Clock): WithdrawalClock => ({
  lastEpoch,
  epoch:
    epoch === undefined
      ? undefined
      : {
          startMs: epoch.startMs,
          shares: [...epoch.shares].map(([fund, { granted, wanted }]) => ({
            class: fundClassToProto(fund),
            granted: granted.toString(),
            wanted: wanted.toString(),
          })),
          subaccount: epoch.after === undefined ? undefined : subaccountId(epoch.after.key),
          assetId: epoch.after?.assetId ?? 0,
        },
});

export const clockFromProto = ({ lastEpoch, epoch }: WithdrawalClock): Clock => ({
  lastEpoch,
  epoch:
    epoch === undefined
      ? undefined
      : {
          startMs: epoch.startMs,
          shares: new Map(
            epoch.shares.map((each) => [
              fundClassFromProto(each.class),
              { granted: BigInt(each.granted), wanted: BigInt(each.wanted) },
            ]),
          ),
          after:
            epoch.subaccount === undefined ? undefined : { key: keyOfId(epoch.subaccount), assetId: epoch.assetId },
        },
});

const placeKey: KeyCodec<Place> = {
  encode: ([account, asset]) => account + u32(asset),
  decode: (key) => [key.slice(0, accountKeyLength), readU32(key, accountKeyLength)],
};
const classKey: KeyCodec<FundClass> = {
  encode: (fund) => u8(fundClasses.indexOf(fund)),
  decode: (key) => fundClasses[key.charCodeAt(0)]!,
};

/** 60 subaccount asset → what waits. */
const queue = new Collection<Place, QueueEntry>(
  storeName,
  0x60,
  placeKey,
  viewCodec(QueuedWithdrawal, entryToProto, entryFromProto),
);
/** 61 asset → all that left accounts and was not paid yet: W of ID-1. */
const pending = new Collection<MoneyId, bigint>(
  storeName,
  0x61,
  { encode: u32, decode: (key) => readU32(key, 0) },
  decimal,
);
/** 62 class → value of what waits. */
const queuedValue = new Collection<FundClass, bigint>(storeName, 0x62, classKey, decimal);
/** 63 class → bucket; none for the bucket of all. */
const buckets = new Collection<FundClass, Bucket>(
  storeName,
  0x63,
  classKey,
  viewCodec(WithdrawalBucket, (bucket) => bucketToProto('none', bucket), bucketFromProto),
);
/** 64 class → last block of its gate. */
const gates = new Collection<FundClass, bigint>(storeName, 0x64, classKey, unsigned64);
/** 65 → when the queue is paid. */
const clock = new Item<Clock>(storeName, 0x65, viewCodec(WithdrawalClock, clockToProto, clockFromProto));
/** 66 day owner → part of the daily allowance that is used. */
const allowances = new Collection<readonly [day: bigint, owner: string], bigint>(
  storeName,
  0x66,
  { encode: ([day, owner]) => u64(day) + owner, decode: (key) => [readU64(key, 0), key.slice(8)] },
  decimal,
);
/** 67 subaccount minute → profit that may not leave yet. */
const delayedProfits = new Collection<readonly [SubaccountKey, bigint], bigint>(
  storeName,
  0x67,
  {
    encode: ([account, minute]) => account + u64(minute),
    decode: (key) => [key.slice(0, accountKeyLength), readU64(key, accountKeyLength)],
  },
  decimal,
);

/** Numbers side by side, in decimal digits. */
const numbers: ValueCodec<readonly bigint[]> = {
  encode: (values) => Buffer.from(values.join('/'), 'ascii'),
  decode: (raw) => Buffer.from(raw).toString('ascii').split('/').map(BigInt),
};
/** Transient 60 subaccount asset → amount, value, allowance asked for in this block. */
const requests = new Collection<Place, readonly bigint[]>(transientStoreName, 0x60, placeKey, numbers);
/** Transient 61 class → value asked for in this block: by allowances, and besides. */
const asked = new Collection<FundClass, readonly bigint[]>(transientStoreName, 0x61, classKey, numbers);
/** Transient 62 → there when the prices of the state are assumed. */
const assumed = new Item<true>(transientStoreName, 0x62, marker);

function add<K>(to: Writable, collection: Collection<K, bigint>, key: K, change: bigint): void {
  const after = (collection.get(to, key) ?? 0n) + change;
  if (after < 0n) throw new FatalError(`pending withdrawals would be ${after}`);
  assertI128(after, 'pending withdrawals');
  if (after === 0n) collection.delete(to, key);
  else collection.set(to, key, after);
}

/** What is on its way out of the exchange. Moves values and knows no rule. */
export const withdrawalStore = {
  // ---- what left accounts ----

  /** Left accounts and was not paid yet; of USDC it is W of ID-1. */
  pending: (from: Stores, id: MoneyId): bigint => pending.get(from, id) ?? 0n,
  addPending: (to: Writable, id: MoneyId, change: bigint): void => add(to, pending, id, change),

  // ---- requests of this block ----

  /** Adds to what a subaccount asks for in this block. */
  addRequest(to: Writable, { key, assetId, amount, value, allowance }: Request): void {
    const [a, v, used] = requests.get(to, [key, assetId]) ?? [0n, 0n, 0n];
    requests.set(to, [key, assetId], [a! + amount, v! + value, used! + allowance]);
  },

  /** By subaccount and asset. */
  *requests(from: Stores): Iterable<Request> {
    for (const [[key, assetId], [amount, value, allowance]] of requests.entries(from))
      yield { key, assetId, amount: amount!, value: value!, allowance: allowance! };
  },

  /** Value asked for in this block by accounts of a class: by allowances, and besides. */
  asked(from: Stores, fund: FundClass): { readonly allowances: bigint; readonly rest: bigint } {
    const [used, rest] = asked.get(from, fund) ?? [0n, 0n];
    return { allowances: used!, rest: rest! };
  },

  addAsked(to: Writable, fund: FundClass, allowance: bigint, more: bigint): void {
    const { allowances: used, rest } = withdrawalStore.asked(to, fund);
    asked.set(to, fund, [used + allowance, rest + more]);
  },

  /** Says that a query looks at prices which no block had. */
  assumePrices: (to: Writable): void => assumed.set(to, true),
  pricesAssumed: (from: Stores): boolean => assumed.get(from) !== undefined,

  // ---- queue ----

  queued: (from: Stores, key: SubaccountKey, assetId: MoneyId): QueueEntry | undefined =>
    queue.get(from, [key, assetId]),

  /** By subaccount and asset: those whose key starts with `under`, behind a place when given. */
  *queue(
    from: Stores,
    under = '',
    after?: { readonly key: SubaccountKey; readonly assetId: MoneyId },
  ): Iterable<QueueEntry> {
    const start = after === undefined ? {} : { start: placeKey.encode([after.key, after.assetId]) + u8(0) };
    for (const [, entry] of queue.entries(from, under, start)) yield entry;
  },

  /** Value of what waits of a class. */
  queuedValue: (from: Stores, fund: FundClass): bigint => queuedValue.get(from, fund) ?? 0n,

  /** Does anything wait? O(1). */
  anyQueued(from: Stores): boolean {
    for (const _ of queue.entries(from)) return true;
    return false;
  },

  /** Adds to what a subaccount waits for; the riskier class of both holds. */
  enqueue(to: Writable, entry: QueueEntry): void {
    const before = withdrawalStore.queued(to, entry.key, entry.assetId);
    if (before === undefined) return withdrawalStore.setQueued(to, entry);
    withdrawalStore.setQueued(to, {
      ...entry,
      amount: before.amount + entry.amount,
      value: before.value + entry.value,
      class: riskier(before.class, entry.class),
    });
  },

  /** Sets an entry, or takes it out when nothing is left, and keeps the class's sum. */
  setQueued(to: Writable, entry: QueueEntry): void {
    const before = withdrawalStore.queued(to, entry.key, entry.assetId);
    if (before !== undefined) add(to, queuedValue, before.class, -before.value);
    if (entry.amount === 0n) return queue.delete(to, [entry.key, entry.assetId]);
    assertI128(entry.amount, 'queued withdrawal');
    queue.set(to, [entry.key, entry.assetId], entry);
    add(to, queuedValue, entry.class, entry.value);
  },

  // ---- buckets, gates, clock ----

  bucket: (from: Stores, fund: FundClass): Bucket | undefined => buckets.get(from, fund),
  setBucket: (to: Writable, fund: FundClass, bucket: Bucket): void => buckets.set(to, fund, bucket),
  buckets: (from: Stores): Iterable<readonly [FundClass, Bucket]> => buckets.entries(from),

  /** Last block in which withdrawals of a class wait; zero for none. */
  gate: (from: Stores, fund: FundClass): bigint => gates.get(from, fund) ?? 0n,
  setGate: (to: Writable, fund: FundClass, untilHeight: bigint): void => gates.set(to, fund, untilHeight),
  gates: (from: Stores): Iterable<readonly [FundClass, bigint]> => gates.entries(from),

  clock: (from: Stores): Clock => clock.get(from) ?? { lastEpoch: 0n, epoch: undefined },
  setClock: (to: Writable, value: Clock): void => clock.set(to, value),

  // ---- daily allowances ----

  usedAllowance: (from: Stores, day: bigint, key: SubaccountKey): bigint =>
    allowances.get(from, [day, bytes(ownerOf(key))]) ?? 0n,
  addUsedAllowance: (to: Writable, day: bigint, key: SubaccountKey, change: bigint): void =>
    add(to, allowances, [day, bytes(ownerOf(key))], change),

  *allowances(from: Stores): Iterable<{ readonly day: bigint; readonly owner: Uint8Array; readonly amount: bigint }> {
    for (const [[day, owner], amount] of allowances.entries(from)) yield { day, owner: keyBytes(owner), amount };
  },

  /** Forgets allowances of days before one, at most so many. */
  dropAllowances(to: Writable, before: bigint, most: number): void {
    const old: (readonly [bigint, string])[] = [];
    for (const [place] of allowances.entries(to)) {
      if (place[0] >= before || old.length === most) break;
      old.push(place);
    }
    for (const place of old) allowances.delete(to, place);
  },

  // ---- delayed profits ----

  *delayedProfits(
    from: Stores,
    key: SubaccountKey = '',
  ): Iterable<{ readonly key: SubaccountKey; readonly minute: bigint; readonly amount: bigint }> {
    for (const [[account, minute], amount] of delayedProfits.entries(from, key)) yield { key: account, minute, amount };
  },

  addDelayedProfit(to: Writable, key: SubaccountKey, minute: bigint, change: bigint): void {
    delayedProfits.set(to, [key, minute], (delayedProfits.get(to, [key, minute]) ?? 0n) + change);
  },

  dropDelayedProfit: (to: Writable, key: SubaccountKey, minute: bigint): void =>
    delayedProfits.delete(to, [key, minute]),
};
