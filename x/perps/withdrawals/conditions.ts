import type { Context } from '../../../runtime/baseapp/context.js';
import { min } from '../../../runtime/math/integers.js';
import { standingOf } from '../breakers/index.js';
import { withdrawalShare } from '../breakers/withdrawal-share.js';
import type { Deps } from '../deps.js';
import { classFromProto, classToProto } from '../codecs.js';
import type { MarketId, SubaccountKey } from '../types.js';
import { withdrawalStore } from './store.js';
import { fundClasses, type FundClass } from './types.js';

/** Part of a class's bucket that stays open while one of its markets is halted, ppm. risk-model section 14.1. */
const openWhileHalted = 250_000n;

/** Part of a bucket that the states of markets leave open, ppm. O(markets). */
export function openShare(ctx: Context, deps: Deps, fund: FundClass): bigint {
  const share = withdrawalShare(ctx, deps);
  if (fund === 'none') return share;
  for (const market of deps.keeper.allMarkets(ctx))
    if (classFromProto(market.class) === fund && standingOf(ctx, market).permits('withdraw') === 'quarter')
      return min(share, openWhileHalted);
  return share;
}

/** Does an account wait because a class in which it has a position is gated, or a market of its own is being settled? O(positions). */
export function isGated(ctx: Context, { keeper }: Deps, key: SubaccountKey): boolean {
  const gated = new Set<FundClass>();
  for (const [fund, until] of withdrawalStore.gates(ctx)) if (until >= ctx.block.height) gated.add(fund);
  return keeper.positionsOf(ctx, key).some(({ marketId }) => {
    const market = keeper.market(ctx, marketId)!;
    return gated.has(classFromProto(market.class)) || standingOf(ctx, market).permits('withdraw') === 'no';
  });
}

/**
 * Gates the classes of markets that have to answer for bankrupt accounts:
 * whoever has a position there waits for some blocks. The loss itself is
 * paid in this block. risk-model section 14.5. O(markets).
 */
export function gateClasses(ctx: Context, { keeper }: Deps, markets: readonly MarketId[]): void {
  const { gateBlocks } = keeper.params(ctx).withdrawals!;
  if (gateBlocks === 0) return;
  const untilHeight = ctx.block.height + BigInt(gateBlocks);
  const answering = new Set(markets.map((id) => classFromProto(keeper.market(ctx, id)!.class)));
  for (const fund of fundClasses) {
    if (fund === 'none' || !answering.has(fund)) continue;
    withdrawalStore.setGate(ctx, fund, untilHeight);
    ctx.emit('plimsoll.perps.v1.EventWithdrawalsGated', { class: classToProto(fund), untilHeight });
  }
}
