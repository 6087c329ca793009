import { BlockFault, isMachineFault } from '../../../runtime/baseapp/block-fault.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { freeze, isFrozen } from '../breakers/freeze.js';
import { moduleName, type Deps } from '../deps.js';
import { MarketFailure } from '../market-failure.js';

/** The scope of a fault that is no one market's. */
const exchange = 0;
/** Markets that one block leaves out; each costs another execution of it. Where more fail at once, the cause is theirs together. */
const mostMarkets = 8;

/**
 * Runs a block hook so that a failure in it stops what failed and not the
 * chain. When the work is a market's own, the block is executed anew with
 * that market frozen; when it is nobody's, or that of a market that is
 * frozen already, with trading halted, as by a broken identity (B9). A
 * fault of the machine passes and stops the node. ADR 0029.
 * @param hook the name of the hook
 */
export function contained(ctx: Context, hook: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    throw faultOf(ctx, hook, error);
  }
}

function faultOf(ctx: Context, hook: string, error: unknown): unknown {
  if (!(error instanceof MarketFailure))
    return isMachineFault(error) ? error : new BlockFault({ module: moduleName, scope: exchange, step: hook }, error);
  const { marketId, step } = error;
  // The block began with all its faults left out: one that is frozen failed in what is done for it nevertheless.
  const scope = isFrozen(ctx, marketId) || ctx.block.faults.length >= mostMarkets ? exchange : marketId;
  const where = scope === exchange ? `${hook}: ${step} of market ${marketId}` : `${hook}: ${step}`;
  return new BlockFault({ module: moduleName, scope, step: where }, error);
}

/** Begins a block without what earlier executions of it failed in. */
export function leaveOut(ctx: Context, deps: Deps): void {
  const { keeper } = deps;
  const own = ctx.block.faults.filter(({ module }) => module === moduleName);
  const halted = own.find(({ scope }) => scope === exchange);
  if (halted === undefined) {
    for (const { scope, step } of own) freeze(ctx, deps, scope, step);
    return;
  }
  // Nobody's work is done: whose fault it was besides is found when trading resumes.
  const ledger = keeper.ledger(ctx);
  keeper.setLedger(ctx, { ...ledger, haltedReason: ledger.haltedReason || `FAULT: ${halted.step} failed` });
  ctx.emit('plimsoll.perps.v1.EventMarketFault', { marketId: exchange, step: halted.step });
}
