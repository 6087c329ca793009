import { Trigger } from '../../../gen/plimsoll/perps/v1/breakers.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import * as keys from '../keys.js';
import type { MarketId } from '../types.js';
import { Latches } from './rules/latches.js';
import { modeFromProto, modeToProto, strictest } from './rules/modes.js';
import { breakerStore, calm } from './store.js';
import { tellChanges } from './tell.js';

/** How long a failed market is halted on a chain without breakers, which has no parameter for it. */
const faultMs = 600_000n;

/**
 * Halts a market of which a step of its own failed, for a while, and then
 * re-opens it by auction. Its step must have written nothing.
 */
export function raiseFault(ctx: Context, id: MarketId, _error: unknown): void {
  const state = breakerStore.market(ctx, id) ?? calm(id);
  const latches = new Latches(state.active, ctx.block.timeMs);
  latches.raise(Trigger.TRIGGER_FAULT, {
    mode: 'halted',
    untilMs: ctx.block.timeMs + (keys.params.get(ctx)?.breakers?.faultMs ?? faultMs),
  });
  const after = modeToProto(strictest([modeFromProto(state.mode), 'halted']));
  breakerStore.setMarket(ctx, { ...state, active: latches.active, mode: after, auction: undefined });
  tellChanges(ctx, id, state.mode, after, latches.changes);
}
