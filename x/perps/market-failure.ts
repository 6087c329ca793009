import { isMachineFault } from '../../runtime/baseapp/block-fault.js';
import type { MarketId } from './types.js';

/** A failure of work that is one market's own. */
export class MarketFailure extends Error {
  constructor(
    readonly marketId: MarketId,
    /** What was being done. */
    readonly step: string,
    cause: unknown,
  ) {
    super(`market ${marketId}: ${step} failed`, { cause });
    this.name = 'MarketFailure';
  }
}

/**
 * Does a part of a block hook that is one market's own, and says whose it was
 * when it fails; of nested parts the innermost. It goes around what may catch
 * an `AppError`, not into it: of what passes here nothing was expected.
 * @param step what is being done, in words that are always the same
 * @throws MarketFailure; a fault of the machine passes as it is
 */
export function forMarket<T>(marketId: MarketId, step: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof MarketFailure || isMachineFault(error)) throw error;
    throw new MarketFailure(marketId, step, error);
  }
}
