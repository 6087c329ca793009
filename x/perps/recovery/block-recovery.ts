import type { Context } from '../../../runtime/baseapp/context.js';
import { dayMs } from '../../../runtime/baseapp/time.js';
import type { PerpsKeeper } from '../keeper.js';
import { subaccountId } from '../subaccount-key.js';
import { ppm, quote, type MarketId, type SubaccountKey } from '../types.js';
import { min, mulPpmDown } from '../units/index.js';
import { divide, emptyCohort, grant, isOver, repay, takesMore, type Cohort } from './cohort.js';
import { recoveryStore } from './store.js';

/**
 * What the end of a block changes of recovery claims: penalties repay those
 * of the blocks before, haircuts become new ones. Nothing is read of a market
 * without penalty and haircut. O(cohorts of the market, one for each day)
 * for each market with a penalty; O(1) for each haircut.
 */
export class BlockRecovery {
  /** Open claims of markets that were asked about. */
  readonly #open = new Map<MarketId, bigint>();
  readonly #repaid = new Map<MarketId, bigint>();
  readonly #haircuts: { readonly key: SubaccountKey; readonly market: MarketId; readonly amount: bigint }[] = [];

  constructor(
    readonly ctx: Context,
    readonly keeper: PerpsKeeper,
  ) {}

  /**
   * Takes a penalty's part for the market's claims: rounded down, nothing
   * without claims, never more than is open.
   * @returns quote quanta that the caller books as recovery reserve
   */
  take(market: MarketId, penalty: bigint): bigint {
    const part = min(
      this.#openIn(market) - (this.#repaid.get(market) ?? 0n),
      mulPpmDown(quote(penalty), this.#share()),
    );
    if (part > 0n) this.#repaid.set(market, (this.#repaid.get(market) ?? 0n) + part);
    return part;
  }

  /** Notes a haircut: it is repaid from later blocks on. */
  haircut(key: SubaccountKey, market: MarketId, amount: bigint): void {
    this.#haircuts.push({ key, market, amount });
  }

  /** Writes everything. */
  flush(): void {
    for (const market of [...this.#repaid.keys()].sort((a, b) => a - b)) this.#pay(market, this.#repaid.get(market)!);
    for (const { key, market, amount } of this.#haircuts) this.#grant(key, market, amount);
  }

  #share() {
    return ppm(BigInt(this.keeper.params(this.ctx).recovery?.sharePpm ?? 0));
  }

  #openIn(market: MarketId): bigint {
    let open = this.#open.get(market);
    if (open === undefined) {
      open = cohortsNow(this.ctx, market).reduce((sum, { remaining }) => sum + remaining, 0n);
      this.#open.set(market, open);
    }
    return open;
  }

  #pay(market: MarketId, amount: bigint): void {
    const cohorts = cohortsNow(this.ctx, market);
    for (const [index, part] of divide(amount, cohorts).entries()) {
      if (part === 0n) continue;
      const after = repay(cohorts[index]!, part);
      if (isOver(after)) recoveryStore.setClosed(this.ctx, after);
      else recoveryStore.setOpen(this.ctx, after);
    }
    const before = this.#openIn(market);
    this.ctx.emit('plimsoll.perps.v1.EventRecoveryPaid', {
      marketId: market,
      amount: amount.toString(),
      remainingBefore: before.toString(),
      remaining: (before - amount).toString(),
    });
  }

  #grant(key: SubaccountKey, marketId: MarketId, amount: bigint): void {
    const { ctx } = this;
    const day = ctx.block.timeMs / dayMs;
    const newest = cohortsNow(ctx, marketId).at(-1);
    const cohort =
      newest !== undefined && takesMore(newest, day)
        ? newest
        : emptyCohort({
            marketId,
            number: recoveryStore.newest(ctx, marketId) + 1n,
            day,
            expiresMs: ctx.block.timeMs + BigInt(this.keeper.params(ctx).recovery?.days ?? 0) * dayMs,
          });
    const id = { account: key, marketId, number: cohort.number };
    const after = grant(cohort, recoveryStore.claim(ctx, id), amount);
    recoveryStore.setOpen(ctx, after.cohort);
    recoveryStore.setClaim(ctx, id, after.claim);
    ctx.emit('plimsoll.perps.v1.EventRecoveryGranted', {
      subaccount: subaccountId(key),
      marketId,
      cohort: cohort.number,
      amount: amount.toString(),
      expiresMs: cohort.expiresMs,
    });
  }
}

/** A market's cohorts that are being repaid; those whose time is over are closed first. */
function cohortsNow(ctx: Context, market: MarketId): Cohort[] {
  return recoveryStore.open(ctx, market).filter((cohort) => {
    if (ctx.block.timeMs < cohort.expiresMs) return true;
    closeExpired(ctx, cohort);
    return false;
  });
}

/** Ends a cohort: what was not repaid is given up. */
export function closeExpired(ctx: Context, cohort: Cohort): Cohort {
  const closed = { ...cohort, remaining: 0n };
  recoveryStore.setClosed(ctx, closed);
  ctx.emit('plimsoll.perps.v1.EventRecoveryExpired', {
    marketId: cohort.marketId,
    cohort: cohort.number,
    unpaid: cohort.remaining.toString(),
  });
  return closed;
}
