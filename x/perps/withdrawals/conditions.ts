import type { Context } from '../../../runtime/baseapp/context.js';
import { min } from '../../../runtime/math/integers.js';
import { standingOf } from '../breakers/index.js';
import { withdrawalShare } from '../breakers/withdrawal-share.js';
import type { Deps } from '../deps.js';
import { classFromProto, classToProto } from '../codecs.js';
import { errors } from '../errors.js';
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

type Parts = Pick<Deps, 'keeper'>;

/** What holds an account's money back, by its name: classes that are gated and markets that are being settled in which it has a position. O(positions). */
function gatesOf(ctx: Context, { keeper }: Parts, key: SubaccountKey): ReadonlySet<string> {
  const gated = new Set<FundClass>();
  for (const [fund, until] of withdrawalStore.gates(ctx)) if (until >= ctx.block.height) gated.add(fund);
  const found = new Set<string>();
  for (const { marketId } of keeper.positionsOf(ctx, key)) {
    const market = keeper.market(ctx, marketId)!;
    const fund = classFromProto(market.class);
    if (gated.has(fund)) found.add(`class ${fund}, which pays for a bankrupt account`);
    if (standingOf(ctx, market).permits('withdraw') === 'no') found.add(`${market.ticker}, which is being settled`);
  }
  return found;
}

/** Do an account's withdrawals wait? O(positions). */
export const isGated = (ctx: Context, parts: Parts, key: SubaccountKey): boolean => gatesOf(ctx, parts, key).size > 0;

/**
 * Money that a gate holds back may go to another account of its owner only
 * where the same gate holds it back: a transfer never reaches further than a
 * withdrawal. O(positions of both).
 * @throws perps/186
 */
export function requireHeldAlike(ctx: Context, parts: Parts, from: SubaccountKey, to: SubaccountKey): void {
  const there = gatesOf(ctx, parts, to);
  for (const gate of gatesOf(ctx, parts, from))
    if (!there.has(gate))
      throw errors.moneyHeld(
        `from_subaccount_number: it has a position in ${gate}; expected one there in the destination, or none`,
      );
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
