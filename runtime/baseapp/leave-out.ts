import { BlockFault, isMachineFault } from './block-fault.js';
import type { Context } from './context.js';

/** The module's whole hook: the modules here have no parts that one could leave out alone. */
const whole = 0;

/**
 * Runs a hook that a block can do without. When it fails, the block is
 * executed anew without it, and the next block tries it again: what is late
 * waits, and nothing else of the chain does. ADR 0029.
 * @param step what is being done, in words that are always the same
 * @param event what says so when it is left out: the full name of an event with the field `step`
 * @throws BlockFault; a fault of the machine passes as it is
 */
export function orLeaveOut(ctx: Context, module: string, step: string, event: string, hook: () => void): void {
  if (ctx.block.faults.some((fault) => fault.module === module)) {
    ctx.emit(event, { step });
    return;
  }
  try {
    hook();
  } catch (error) {
    throw isMachineFault(error) ? error : new BlockFault({ module, scope: whole, step }, error);
  }
}
