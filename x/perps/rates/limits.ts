import { max, min } from '../../../runtime/math/integers.js';
import { classRules } from '../classes/rules.js';
import { ppb, type Ppb, type SolvencyClass } from '../types.js';

/** No rate goes above this: initial margin is then the whole notional. */
const whole = 500_000_000n;

/** Between what a market's rates move. */
export interface RateLimits {
  readonly floor: Ppb;
  readonly maintenanceCap: Ppb;
  readonly openingCap: Ppb;
}

/**
 * Maintenance moves between the floor and twice the floor, opening between
 * the floor and five times it. risk-model section 2.
 * @param floorRatePpm the market's own floor; zero takes the class's
 */
export function limitsOf(name: SolvencyClass, floorRatePpm: number): RateLimits {
  const floor = floorRatePpm === 0 ? classRules[name].floor : BigInt(floorRatePpm) * 1_000n;
  const upTo = (multiple: bigint): Ppb => ppb(max(floor, min(multiple * floor, whole)));
  return { floor: ppb(floor), maintenanceCap: upTo(2n), openingCap: upTo(5n) };
}
