import { fdiv, max, million, min } from '../../../runtime/math/integers.js';

const hourMs = 3_600_000n;
/** Outflow of this many hours and of the running one counts: never less than 24 hours of time. */
const hours = 24n;

/** Quote quanta that left in an hour: block time / 3,600 s. */
export interface HourlyOutflow {
  readonly hour: bigint;
  readonly amount: bigint;
}

/** A token bucket of money that may leave. risk-model section 14.5. */
export interface Bucket {
  /** Quote quanta; negative after daily allowances that the bucket did not hold. */
  readonly level: bigint;
  readonly timeMs: bigint;
  /** The last day's, oldest first. */
  readonly outflows: readonly HourlyOutflow[];
}

/** What sizes a bucket: amounts in quote quanta, shares in ppm. */
export interface BucketRules {
  readonly floor: bigint;
  readonly share: bigint;
  readonly refillMs: bigint;
  readonly dayFloor: bigint;
  readonly dayShare: bigint;
}

export interface Limits {
  readonly capacity: bigint;
  readonly dayLimit: bigint;
}

const recent = (outflows: readonly HourlyOutflow[], timeMs: bigint): readonly HourlyOutflow[] =>
  outflows.filter(({ hour }) => hour + hours >= timeMs / hourMs);

/** What left in the last 24 hours and in the running one. */
export const dayOutflow = ({ outflows }: Bucket, timeMs: bigint): bigint =>
  recent(outflows, timeMs).reduce((sum, { amount }) => sum + amount, 0n);

/**
 * Most that a bucket holds, and most that leaves in a day: a share of what is
 * behind it, a floor at least, and of both the part that breakers leave open.
 * The day counts what already left as if it were still there. Rounded down.
 * @param behind quote quanta that the bucket is measured by
 * @param openPpm part that breakers leave open
 */
export function limitsOf(rules: BucketRules, behind: bigint, left: bigint, openPpm: bigint): Limits {
  const part = (value: bigint): bigint => fdiv(value * openPpm, million);
  return {
    capacity: part(max(rules.floor, fdiv(behind * rules.share, million))),
    dayLimit: part(max(rules.dayFloor, fdiv((behind + left) * rules.dayShare, million))),
  };
}

/** The bucket at a later time: it fills evenly, from empty to full in `refillMs`; one that was never used is full. Rounded down. */
export function refilled(bucket: Bucket | undefined, capacity: bigint, refillMs: bigint, timeMs: bigint): Bucket {
  if (bucket === undefined) return { level: capacity, timeMs, outflows: [] };
  const elapsed = max(0n, timeMs - bucket.timeMs);
  const level = min(capacity, bucket.level + fdiv(capacity * elapsed, refillMs));
  return { level, timeMs, outflows: recent(bucket.outflows, timeMs) };
}

/** What may leave a refilled bucket now; never negative. INV-W1. */
export const availableIn = (bucket: Bucket, { dayLimit }: Limits): bigint =>
  max(0n, min(bucket.level, dayLimit - dayOutflow(bucket, bucket.timeMs)));

/** A refilled bucket after an amount left; daily allowances may leave it below zero. */
export function drawn(bucket: Bucket, amount: bigint): Bucket {
  if (amount === 0n) return bucket;
  const hour = bucket.timeMs / hourMs;
  const last = bucket.outflows.at(-1);
  const outflows =
    last?.hour === hour
      ? [...bucket.outflows.slice(0, -1), { hour, amount: last.amount + amount }]
      : [...bucket.outflows, { hour, amount }];
  return { ...bucket, level: bucket.level - amount, outflows };
}

/**
 * When a bucket will have paid an amount, epoch by epoch: an estimate, as
 * nobody knows who else will ask. Milliseconds.
 * @param wanted above what is available now
 * @param nextEpochMs when the queue is paid next
 */
export function expectedMs(
  { level, timeMs }: Bucket,
  { capacity }: Limits,
  refillMs: bigint,
  wanted: bigint,
  nextEpochMs: bigint,
  epochMs: bigint,
): bigint {
  const missing = max(0n, wanted - level);
  if (capacity === 0n) return nextEpochMs;
  const filledMs = timeMs + (missing * refillMs + capacity - 1n) / capacity;
  const epochs = max(0n, (filledMs - nextEpochMs + epochMs - 1n) / epochMs);
  return nextEpochMs + epochs * epochMs;
}
