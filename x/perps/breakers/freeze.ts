import { Trigger } from '../../../gen/plimsoll/perps/v1/breakers.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import type { Stores } from '../../../runtime/store/collection.js';
import type { Deps } from '../deps.js';
import type { MarketId } from '../types.js';
import { releaseCancels } from './end-auction.js';
import { Latches } from './rules/latches.js';
import { modeFromProto, modeToProto, strictest } from './rules/modes.js';
import { breakerStore, calm } from './store.js';
import { tellChanges } from './tell.js';

const msPerMinute = 60_000n;

/** Is nothing done for the market because its own work failed? O(1). */
export const isFrozen = (from: Stores, id: MarketId): boolean => breakerStore.market(from, id)?.fault !== undefined;

/**
 * Freezes a market whose own work failed: it is halted, and no block works
 * for it until governance lets it go on or settles it. What it would be
 * settled at is what it averaged before. ADR 0029.
 * @param step what failed, in words that are the same on every node
 */
export function freeze(ctx: Context, deps: Deps, id: MarketId, step: string): void {
  const { keeper, oracle } = deps;
  const { height, timeMs } = ctx.block;
  const before = breakerStore.market(ctx, id) ?? calm(id);
  const latches = new Latches(before.active, timeMs);
  latches.raise(Trigger.TRIGGER_FAULT, { mode: 'halted' });
  const mode = modeToProto(strictest([modeFromProto(before.mode), 'halted']));
  const pair = keeper.market(ctx, id)!.oraclePairId;
  breakerStore.setMarket(ctx, {
    ...before,
    mode,
    active: latches.active,
    auction: undefined,
    settlementPrice:
      before.settlementPrice || oracle.statistics(ctx, pair)?.twap || keeper.marketState(ctx, id).oraclePrice,
    fault: { height, timeMs, step },
  });
  releaseCancels(ctx, keeper, id);
  ctx.emit('plimsoll.perps.v1.EventMarketFault', { marketId: id, step });
  tellChanges(ctx, id, before.mode, mode, latches.changes);
}

/**
 * Lets a frozen market go on with the next block, which finds it halted and
 * so re-opens it as after any halt. Time in which it was frozen pays no funding.
 */
export function thaw(ctx: Context, { keeper }: Deps, id: MarketId): void {
  const before = breakerStore.market(ctx, id)!;
  const latches = new Latches(before.active, ctx.block.timeMs);
  latches.end(Trigger.TRIGGER_FAULT);
  breakerStore.setMarket(ctx, { ...before, active: latches.active, fault: undefined });
  const state = keeper.marketState(ctx, id);
  keeper.setMarketState(ctx, { ...state, funding: { ...state.funding, minute: ctx.block.timeMs / msPerMinute } });
  tellChanges(ctx, id, before.mode, before.mode, latches.changes);
}
