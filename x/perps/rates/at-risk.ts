import type { Context } from '../../../runtime/baseapp/context.js';
import type { Deps } from '../deps.js';
import { equity, lookup, maintenanceMargin } from '../margin/index.js';
import { subaccountId } from '../subaccount-key.js';
import { ppb, quote, type MarketId, type Markets, type MarketView, type SubaccountKey } from '../types.js';
import { isRaise } from './schedule.js';
import { ratesStore } from './store.js';

/** Begins a round over all accounts; one that is under way goes on until it is back here. */
export function startSweep(ctx: Context): void {
  const next = ratesStore.sweep(ctx)?.next ?? new Uint8Array(0);
  ratesStore.setSweep(ctx, { next, first: next, wrapped: false });
}

/**
 * While a raise is announced, looks at some accounts in each block and names
 * those that it would put under maintenance margin at these prices, so that
 * every one is told within the notice as long as there are no more of them
 * than the notice has blocks times the bound. A part of all accounts in key
 * order and not the worst: the same on every node, with and without the
 * health index. O(limit). risk-model section 4.1.
 */
export function sweepAtRisk(ctx: Context, deps: Deps, limit: number): void {
  const sweep = ratesStore.sweep(ctx);
  if (sweep === undefined) return;
  const announced = announcedChanges(ctx);
  if (announced.size === 0) return ratesStore.endSweep(ctx);
  const now = deps.keeper.markets(ctx);
  const then = under(announced, now);
  const first = keyOf(sweep.first);
  let next = keyOf(sweep.next);
  let { wrapped } = sweep;
  for (let looked = 0; looked < limit; looked++) {
    const key = deps.keeper.nextHolder(ctx, next);
    if (key === undefined) {
      if (wrapped || first === '') return ratesStore.endSweep(ctx);
      wrapped = true;
      next = '';
      continue;
    }
    if (wrapped && key >= first) return ratesStore.endSweep(ctx);
    warn(ctx, deps, key, announced, now, then);
    next = `${key}\u00ff`;
  }
  ratesStore.setSweep(ctx, { next: bytesOf(next), first: sweep.first, wrapped });
}

type Announced = Partial<Pick<MarketView, 'maintenanceRate' | 'depthUnit'>>;

/** Where announced raises of rates and falls of depth units lead, by market. */
function announcedChanges(ctx: Context): ReadonlyMap<MarketId, Announced> {
  const announced = new Map<MarketId, Announced>();
  for (const { marketId, schedule } of ratesStore.allRates(ctx)) {
    if (schedule !== undefined && isRaise(schedule)) announced.set(marketId, { maintenanceRate: ppb(schedule.toPpb) });
  }
  for (const { marketId, now, to } of ratesStore.allDepthUnits(ctx)) {
    if (BigInt(to) < BigInt(now)) announced.set(marketId, { ...announced.get(marketId), depthUnit: quote(BigInt(to)) });
  }
  return announced;
}

function under(announced: ReadonlyMap<MarketId, Announced>, now: Markets): Markets {
  return lookup((id) => {
    const changes = announced.get(id);
    return changes === undefined ? now(id) : { ...now(id), ...changes };
  }, now.asset);
}

function warn(
  ctx: Context,
  { keeper }: Deps,
  key: SubaccountKey,
  announced: ReadonlyMap<MarketId, Announced>,
  now: Markets,
  then: Markets,
): void {
  const account = keeper.account(ctx, key);
  if (!account.positions.some(({ marketId }) => announced.has(marketId))) return;
  const worth = equity(account, now);
  const wanted = maintenanceMargin(account, then);
  if (worth >= wanted) return;
  const needed = maintenanceMargin(account, now);
  // Who is under it already is liquidated, not warned.
  if (worth < needed) return;
  ctx.emit('plimsoll.perps.v1.EventAccountAtRisk', {
    subaccount: subaccountId(key),
    equity: worth.toString(),
    maintenanceMargin: needed.toString(),
    announcedMaintenanceMargin: wanted.toString(),
  });
}

const keyOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const bytesOf = (key: string): Uint8Array => Buffer.from(key, 'latin1');
