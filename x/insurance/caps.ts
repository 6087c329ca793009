import { max, million, min } from '../../runtime/math/integers.js';
import type { HourlyPayment } from './types.js';

const hourMs = 3_600_000n;
/** Payments of this many hours and of the running one count: never less than 24 hours of time. */
const hours = 24n;

export interface Caps {
  readonly eventPpm: bigint;
  readonly windowPpm: bigint;
}

export const hourOf = (timeMs: bigint): bigint => timeMs / hourMs;

/** Payments that still count at a time, without those that are over. */
export const inWindow = (recent: readonly HourlyPayment[], timeMs: bigint): readonly HourlyPayment[] =>
  recent.filter(({ hour }) => hour + hours >= hourOf(timeMs));

export const sumOf = (recent: readonly HourlyPayment[]): bigint => recent.reduce((sum, { amount }) => sum + amount, 0n);

/**
 * What the caps and the balance let out now, rounded down. The shares are of
 * what the tranche had when the window began, and of what came in since: a
 * balance and what it paid. risk-model section 12.1; INV-I1, INV-I3, INV-C2.
 * @param paidInEvent already paid in this block
 */
export function available(
  balance: bigint,
  recent: readonly HourlyPayment[],
  timeMs: bigint,
  caps: Caps,
  paidInEvent: bigint,
): bigint {
  const paid = sumOf(inWindow(recent, timeMs));
  const opening = balance + paid;
  const eventOpening = balance + paidInEvent;
  const eventLeft = (eventOpening * caps.eventPpm) / million - paidInEvent;
  const windowLeft = (opening * caps.windowPpm) / million - paid;
  return max(0n, min(balance, min(eventLeft, windowLeft)));
}

/** Adds a payment to the hour of its block. */
export function withPayment(recent: readonly HourlyPayment[], timeMs: bigint, amount: bigint): HourlyPayment[] {
  const hour = hourOf(timeMs);
  const kept = [...inWindow(recent, timeMs)];
  const last = kept.at(-1);
  if (last?.hour !== hour) return [...kept, { hour, amount }];
  return [...kept.slice(0, -1), { hour, amount: last.amount + amount }];
}
