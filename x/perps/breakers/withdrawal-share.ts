import { Trigger } from '../../../gen/plimsoll/perps/v1/breakers.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import type { Deps } from '../deps.js';
import { breakerStore } from './store.js';

const whole = 1_000_000n;
const half = 500_000n;

/**
 * Share of the withdrawal buckets that is open to everybody, ppm: half while
 * the global tranche is drained (B5), nothing while an identity is broken
 * (B9). risk-model section 14. O(markets).
 */
export function withdrawalShare(ctx: Context, { keeper }: Deps): bigint {
  if (keeper.ledger(ctx).haltedReason !== '') return 0n;
  for (const { active } of breakerStore.allMarkets(ctx))
    if (active.some(({ trigger }) => trigger === Trigger.TRIGGER_FUND_GLOBAL)) return half;
  return whole;
}
