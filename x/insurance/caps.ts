import { max, million, min } from '../../runtime/math/integers.js';
import { inWindow, sumOf, type HourlyAmount } from '../../runtime/pool/hours.js';

export interface Caps {
  readonly eventPpm: bigint;
  readonly windowPpm: bigint;
}

/**
 * What the caps and the balance let out now, rounded down. The shares are of
 * what the tranche had when the window began, and of what came in since: a
 * balance and what it paid. risk-model section 12.1; INV-I1, INV-I3, INV-C2.
 * @param paidInEvent already paid in this block
 */
export function available(
  balance: bigint,
  recent: readonly HourlyAmount[],
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
