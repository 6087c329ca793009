import { billion, cdiv, fdiv, min } from '../../../runtime/math/integers.js';
import { quote, type Ppb, type Quote } from '../types.js';

const quantaPerUsd = 1_000_000n;
/** Books are taken as linear: a hundred times the depth within 1 % moves the price by its whole. */
const slopePerDepth = 100n;
/** Rise of the cap in a day, ppm. */
const risePpm = 50_000n;
const msPerDay = 86_400_000n;

/** The cap that holds, and the day on which it last rose. */
export interface OpenInterestCap {
  readonly cap: Quote;
  readonly day: bigint;
}

/**
 * Open interest at which the most profitable push of the outside price is no
 * larger than the maintenance floor, so that it bankrupts nobody:
 * m_floor * 100 * depth, rounded down. risk-model section 15.4.
 * @param depthUsd USD within 1 % of the outside price, a tenth of all hours being thinner
 */
export const depthCap = (depthUsd: bigint, floor: Ppb): Quote =>
  quote(fdiv(floor * slopePerDepth * depthUsd * quantaPerUsd, billion));

/** The cap follows its target: down at once, up by 5 % on each day. It never closes a position. Undefined: there was none yet. */
export function followCap(before: OpenInterestCap | undefined, target: Quote, timeMs: bigint): OpenInterestCap {
  const day = timeMs / msPerDay;
  if (before === undefined || target <= before.cap) return { cap: target, day: before?.day ?? day };
  if (day <= before.day) return before;
  return { cap: quote(min(target, before.cap + cdiv(before.cap * risePpm, 1_000_000n))), day };
}
