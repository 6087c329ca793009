const million = 1_000_000n;
export const windowMs = 24n * 3_600_000n;

/** A tranche as the caps see it. Amounts in quote quanta. */
export interface TrancheState {
  readonly balance: bigint;
  readonly windowStartMs: bigint;
  /** Balance when the window opened, and what it paid since. */
  readonly windowOpening: bigint;
  readonly windowPaid: bigint;
}

export interface Caps {
  readonly eventPpm: bigint;
  readonly windowPpm: bigint;
}

/** The tranche with its 24 h window brought to the present: a window that ended opens anew at today's balance. risk-model section 12.1. */
export function rollWindow<T extends TrancheState>(tranche: T, timeMs: bigint): T {
  if (tranche.windowStartMs !== 0n && timeMs < tranche.windowStartMs + windowMs) return tranche;
  return { ...tranche, windowStartMs: timeMs, windowOpening: tranche.balance, windowPaid: 0n };
}

/**
 * What the caps and the balance let out now, rounded down (INV-I1, INV-I3).
 * Money that came in during the window raises its opening value.
 * @param paidInEvent already paid by this market in this block
 */
export function available(tranche: TrancheState, caps: Caps, paidInEvent: bigint): bigint {
  const opening = tranche.windowOpening;
  const eventLeft = (opening * caps.eventPpm) / million - paidInEvent;
  const windowLeft = (opening * caps.windowPpm) / million - tranche.windowPaid;
  const least = [eventLeft, windowLeft, tranche.balance].reduce((a, b) => (a < b ? a : b));
  return least > 0n ? least : 0n;
}
