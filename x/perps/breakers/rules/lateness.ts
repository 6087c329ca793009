import type { BreakerParams } from '../../../../gen/plimsoll/perps/v1/breakers.js';
import { cdiv, isqrtUp } from '../../../../runtime/math/integers.js';
import { ppb, type Ppb } from '../../types.js';
import type { Mode } from './modes.js';

const minuteMs = 60_000n;

/** What an oracle price of an age asks for. B3a of risk-model section 14.2. */
export function modeOfAge(ageMs: bigint, staleMs: bigint, { haltMs }: Pick<BreakerParams, 'haltMs'>): Mode {
  if (ageMs > haltMs) return 'halted';
  return ageMs > staleMs ? 'reduce-only' : 'normal';
}

/** Added to the initial margin rate of what opens on a late price: sigma_60s * sqrt(t / 60 s), rounded up. */
export const lateAddOn = (sigma: Ppb, ageMs: bigint): Ppb => ppb(isqrtUp(cdiv(sigma * sigma * ageMs, minuteMs)));
