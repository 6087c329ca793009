import type { LiquidatedSlot } from '../../../../gen/plimsoll/perps/v1/breakers.js';

/** B6 counts five minutes, in slots of half a minute. */
const slotMs = 30_000n;
const slots = 10n;

/** Adds liquidated notional, quote quanta, to its half minute; what is too old goes. At most 11 slots. */
export function withLiquidated(
  before: readonly LiquidatedSlot[],
  nowMs: bigint,
  notional: bigint,
): readonly LiquidatedSlot[] {
  const slot = nowMs / slotMs;
  const kept = before.filter((each) => each.slot + slots >= slot);
  if (notional === 0n) return kept.length === before.length ? before : kept;
  const last = kept.at(-1);
  if (last?.slot !== slot) return [...kept, { slot, notional: notional.toString() }];
  return [...kept.slice(0, -1), { slot, notional: (BigInt(last.notional) + notional).toString() }];
}

/** Notional that was liquidated in the last five minutes, up to half a minute more. */
export const liquidatedIn = (kept: readonly LiquidatedSlot[], nowMs: bigint): bigint =>
  kept.reduce((sum, each) => (each.slot + slots >= nowMs / slotMs ? sum + BigInt(each.notional) : sum), 0n);
