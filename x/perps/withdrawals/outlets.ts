import type { Context } from '../../../runtime/baseapp/context.js';
import { collateralDenom, moduleName, type Deps } from '../deps.js';
import { assetValue } from '../margin/index.js';
import { max, min } from '../units/index.js';
import { availableIn, dayOutflow, drawn, limitsOf, refilled, type Bucket, type Limits } from './buckets.js';
import { openShare } from './conditions.js';
import { bucketRules, withdrawalParams } from './params.js';
import { withdrawalStore } from './store.js';
import { fundClasses, type ByClass, type FundClass } from './types.js';

/** A bucket at the block's time. */
export interface Outlet {
  bucket: Bucket;
  readonly limits: Limits;
}

/**
 * All that the exchange holds for its accounts, quote quanta: USDC, and other
 * collateral at its value after the cost of a sale. What waits to leave still
 * counts. O(assets).
 */
export function valueHeld(ctx: Context, { keeper, bank }: Deps): bigint {
  let sum = bank.moduleBalance(ctx, moduleName, collateralDenom);
  const markets = keeper.markets(ctx);
  for (const { assetId, held } of keeper.collateral.allTotals(ctx))
    sum += assetValue(markets.asset(assetId), held + withdrawalStore.pending(ctx, assetId));
  return sum;
}

/**
 * The buckets as the block finds them, drawn on in memory. The bucket of all
 * is measured by what the exchange holds, a class's by the open interest of
 * its markets: what its accounts can win off each other. O(markets + assets).
 */
export class Outlets {
  readonly #ctx: Context;
  readonly #outlets = new Map<FundClass, Outlet>();
  readonly #changed = new Set<FundClass>();

  constructor(ctx: Context, deps: Deps) {
    this.#ctx = ctx;
    const { keeper } = deps;
    const params = withdrawalParams(keeper.params(ctx));
    const rules = bucketRules(params);
    const { timeMs } = ctx.block;
    const markets = keeper.markets(ctx);
    const behind = new Map<FundClass, bigint>([['none', valueHeld(ctx, deps)]]);
    for (const { id } of keeper.allMarkets(ctx)) {
      const { class: fund, openInterest } = markets(id);
      behind.set(fund, (behind.get(fund) ?? 0n) + openInterest);
    }
    for (const fund of fundClasses) {
      const stored = withdrawalStore.bucket(ctx, fund);
      const left = stored === undefined ? 0n : dayOutflow(stored, timeMs);
      const limits = limitsOf(rules, behind.get(fund) ?? 0n, left, openShare(ctx, deps, fund));
      this.#outlets.set(fund, { bucket: refilled(stored, limits.capacity, params.refillMs, timeMs), limits });
    }
  }

  outlet(fund: FundClass): Outlet {
    return this.#outlets.get(fund)!;
  }

  /** What may leave now: of a class besides the bucket of all. */
  available(fund: FundClass): bigint {
    const { bucket, limits } = this.outlet(fund);
    return availableIn(bucket, limits);
  }

  /** What one account of a class may take. */
  availableTo(fund: FundClass): bigint {
    return fund === 'none' ? this.available('none') : min(this.available('none'), this.available(fund));
  }

  /** What each class may take besides what already waits; `none` is the bucket of all. */
  spare(): ByClass {
    const spare = new Map<FundClass, bigint>();
    let waiting = 0n;
    for (const fund of fundClasses) {
      const queued = withdrawalStore.queuedValue(this.#ctx, fund);
      waiting += queued;
      if (fund !== 'none') spare.set(fund, max(0n, this.available(fund) - queued));
    }
    return spare.set('none', max(0n, this.available('none') - waiting));
  }

  /** Lets an amount out: of the bucket of all, and of the class's. */
  take(fund: FundClass, value: bigint): void {
    for (const each of new Set<FundClass>(['none', fund])) {
      const outlet = this.outlet(each);
      outlet.bucket = drawn(outlet.bucket, value);
      if (value !== 0n) this.#changed.add(each);
    }
  }

  /** Writes the buckets that were drawn on. */
  flush(): void {
    for (const fund of fundClasses)
      if (this.#changed.has(fund)) withdrawalStore.setBucket(this.#ctx, fund, this.outlet(fund).bucket);
  }
}
