import type { MarketMode } from '../../../gen/plimsoll/perps/v1/breakers.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import type { MarketId } from '../types.js';
import type { Change } from './rules/latches.js';
import { breakerStore } from './store.js';

/** Says what changed, and keeps it in the history. */
export function tellChanges(
  ctx: Context,
  marketId: MarketId,
  before: MarketMode,
  after: MarketMode,
  changes: readonly Change[],
): void {
  for (const change of changes) {
    const event = { marketId, before, after, ...change };
    ctx.emit('plimsoll.perps.v1.EventBreaker', event);
    breakerStore.record(ctx, { height: ctx.block.height, timeMs: ctx.block.timeMs, event });
  }
}
