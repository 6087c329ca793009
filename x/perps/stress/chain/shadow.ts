import type { Volatility } from '../../../../gen/plimsoll/perps/v1/rates.js';
import type { RatesParams } from '../../../../gen/plimsoll/perps/v1/rates_params.js';
import type { Context } from '../../../../runtime/baseapp/context.js';
import type { Verdict } from '../../volatility/index.js';
import { followShadow, newShadow } from '../rules/shadow.js';
import { stressStore } from './store.js';

/** Lets the shadow of a market's forecast see a window that was judged. O(1) for each window. */
export function shadowWindow(
  ctx: Context,
  before: Volatility,
  after: Volatility,
  verdict: Verdict,
  params: RatesParams,
): void {
  const coverage = before.coverage!;
  const shadow = stressStore.shadow(ctx, before.marketId) ?? newShadow(before.marketId, coverage);
  const judged = { coverage, verdict };
  stressStore.setShadow(ctx, followShadow(shadow, judged, after.coverage!, after.variances.map(BigInt), params));
}
