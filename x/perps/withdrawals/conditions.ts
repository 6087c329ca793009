import type { Context } from '../../../runtime/baseapp/context.js';
import { million } from '../../../runtime/math/integers.js';
import type { Deps } from '../deps.js';
import { classFromProto, classToProto } from '../codecs.js';
import { isHalted } from '../keeper.js';
import type { MarketId, SubaccountKey } from '../types.js';
import { withdrawalStore } from './store.js';
import { fundClasses, type FundClass } from './types.js';

/** Part of a class's bucket that stays open while one of its markets is halted, ppm. risk-model section 14.1. */
const openWhileHalted = 250_000n;

/** Part of a bucket that the states of markets leave open, ppm. O(markets). */
export function openShare(ctx: Context, { keeper }: Deps, fund: FundClass): bigint {
  if (fund === 'none') return million;
  for (const market of keeper.allMarkets(ctx))
    if (classFromProto(market.class) === fund && isHalted(market)) return openWhileHalted;
  return million;
}

/** Does an account wait because a class in which it has a position is gated? O(positions) while there is a gate. */
export function isGated(ctx: Context, { keeper }: Deps, key: SubaccountKey): boolean {
  const gated = new Set<FundClass>();
  for (const [fund, until] of withdrawalStore.gates(ctx)) if (until >= ctx.block.height) gated.add(fund);
  if (gated.size === 0) return false;
  return keeper
    .positionsOf(ctx, key)
    .some(({ marketId }) => gated.has(classFromProto(keeper.market(ctx, marketId)!.class)));
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
