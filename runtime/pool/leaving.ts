import type { Context } from '../baseapp/context.js';
import { fromBech32, toBech32 } from '../crypto/address.js';
import type { ExitTerms, PayoutTerms, ShareBook } from './book.js';
import { serve } from './payout.js';

/** Requests that one block matures, and owners that it pays. */
const perBlock = 200;

/** What a module does as owners leave its pools. */
export interface Leaving<P, X> {
  /** A request's cooldown is over. */
  readonly matured: (pool: P, exit: X) => void;
  /** An owner's part of an epoch goes to him. */
  readonly paid: (pool: P, owner: Uint8Array, shares: bigint, assets: bigint) => void;
}

/**
 * Pays the owners of epochs under way in their order, then lets requests
 * grow mature: a bounded number of both together in one block. What matures
 * while an epoch is paid waits for the next one. risk-model section 12.5.
 */
export function workExits<P, X extends ExitTerms, Y extends PayoutTerms>(
  ctx: Context,
  book: ShareBook<P, X, Y>,
  poolOf: (entry: X | Y) => P,
  leaving: Leaving<P, X>,
): void {
  let budget = perBlock;
  for (const payout of [...book.payouts(ctx)]) budget = payOut(ctx, book, poolOf(payout), leaving, budget);
  if ([...book.payouts(ctx)].length > 0) return;
  for (; budget > 0; budget--) {
    const exit = book.firstCooled(ctx, ctx.block.timeMs);
    if (exit === undefined) return;
    book.setExit(ctx, { ...exit, mature: true });
    leaving.matured(poolOf(exit), exit);
  }
}

/** Pays owners in their order until all are served or the budget is spent. @returns the budget that is left */
function payOut<P, X extends ExitTerms, Y extends PayoutTerms>(
  ctx: Context,
  book: ShareBook<P, X, Y>,
  pool: P,
  leaving: Leaving<P, X>,
  budget: number,
): number {
  for (let left = budget; left > 0; left--) {
    const payout = book.payout(ctx, pool);
    if (payout === undefined) return left;
    const after = payout.cursor === '' ? new Uint8Array(0) : fromBech32(payout.cursor);
    const exit = book.nextMature(ctx, pool, after)!;
    const { shares, assets, left: rest } = serve(payout, exit.shares);
    book.setShares(ctx, pool, exit.owner, book.shares(ctx, pool, exit.owner) - shares);
    if (shares === exit.shares) book.deleteExit(ctx, pool, exit.owner);
    else book.setExit(ctx, { ...exit, shares: exit.shares - shares });
    book.setPayout(ctx, { ...payout, ...rest, cursor: toBech32(exit.owner) });
    leaving.paid(pool, exit.owner, shares, assets);
  }
  return 0;
}
