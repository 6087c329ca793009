import type { Context } from '../../../runtime/baseapp/context.js';
import { dayMs } from '../../../runtime/baseapp/time.js';
import { collateralDenom, moduleName, type Deps } from '../deps.js';
import { ownerOf, subaccountId } from '../subaccount-key.js';
import { min } from '../units/index.js';
import { isGated } from './conditions.js';
import { Outlets } from './outlets.js';
import { withdrawalParams } from './params.js';
import { grant, partOf, unitsOf } from './shares.js';
import { withdrawalStore } from './store.js';
import { fundClasses, fundClassOf, usdcId, type FundClass, type MoneyId, type Request } from './types.js';

/** Allowances of past days that a block forgets. */
const maxDropped = 100;

/**
 * Step 8 of the block, after the waterfall: pays what was asked for in this
 * block as far as allowances and buckets go, lets the rest wait, and pays the
 * queue when an epoch begins. Accounts are not touched any more: the money
 * left them when they asked. risk-model sections 9 and 14.5.
 * O(withdrawals of the block + markets + entries looked at, which a parameter bounds).
 * @param solvent false when an identity broke in this block: then everything waits
 */
export function releaseWithdrawals(ctx: Context, deps: Deps, solvent: boolean): void {
  withdrawalStore.dropAllowances(ctx, ctx.block.timeMs / dayMs, maxDropped);
  const requests = [...withdrawalStore.requests(ctx)];
  if (requests.length === 0 && !withdrawalStore.anyQueued(ctx)) return;
  const outlets = new Outlets(ctx, deps);
  payRequests(ctx, deps, outlets, requests, solvent);
  if (solvent) payQueue(ctx, deps, outlets);
  outlets.flush();
}

/** A request that no gate holds back. */
interface OpenRequest extends Request {
  readonly fund: FundClass;
}

function payRequests(ctx: Context, deps: Deps, outlets: Outlets, requests: readonly Request[], solvent: boolean): void {
  const { keeper } = deps;
  const markets = keeper.markets(ctx);
  const wanted = new Map<FundClass, bigint>();
  const open: OpenRequest[] = [];
  const held: OpenRequest[] = [];
  for (const request of requests) {
    const fund = fundClassOf(keeper.positionsOf(ctx, request.key), markets);
    if (!solvent || isGated(ctx, deps, request.key)) {
      held.push({ ...request, fund });
      continue;
    }
    open.push({ ...request, fund });
    outlets.take(fund, request.allowance);
    wanted.set(fund, (wanted.get(fund) ?? 0n) + request.value - request.allowance);
  }
  const spare = outlets.spare();
  const granted = grant(wanted, spare, spare.get('none')!);
  for (const request of open) {
    const { fund, value, allowance, amount, key, assetId } = request;
    const part = partOf(value - allowance, granted.get(fund)!, wanted.get(fund)!);
    outlets.take(fund, part);
    const paid = value === 0n ? amount : unitsOf(amount, allowance + part, value);
    pay(ctx, deps, key, assetId, paid, false);
    wait(ctx, deps, { ...request, amount: amount - paid, value: value - allowance - part });
  }
  for (const request of held) {
    // It gets nothing today by its allowance, so it keeps it.
    if (request.allowance > 0n)
      withdrawalStore.addUsedAllowance(ctx, ctx.block.timeMs / dayMs, request.key, -request.allowance);
    wait(ctx, deps, request);
  }
}

/** Puts what is left of a request into the queue. */
function wait(ctx: Context, { keeper }: Deps, { key, assetId, amount, value, fund }: OpenRequest): void {
  if (amount === 0n) return;
  const { timeMs } = ctx.block;
  const { epochMs } = withdrawalParams(keeper.params(ctx));
  // Who waits first waits for the next epoch, not for the one that has begun.
  if (!withdrawalStore.anyQueued(ctx))
    withdrawalStore.setClock(ctx, { ...withdrawalStore.clock(ctx), lastEpoch: timeMs / epochMs });
  withdrawalStore.enqueue(ctx, { key, assetId, amount, value, class: fund, sinceMs: timeMs });
  ctx.emit('plimsoll.perps.v1.EventWithdrawalQueued', {
    subaccount: subaccountId(key),
    assetId,
    amount: amount.toString(),
    value: value.toString(),
  });
}

/**
 * When an epoch begins, fixes what each class is granted of all that waits;
 * then pays everybody the same share of his class, in as many blocks as it
 * takes. Who asked since then waits for the next epoch.
 */
function payQueue(ctx: Context, deps: Deps, outlets: Outlets): void {
  const { timeMs } = ctx.block;
  const { epochMs, maxReleased } = withdrawalParams(deps.keeper.params(ctx));
  const number = timeMs / epochMs;
  let { lastEpoch, epoch } = withdrawalStore.clock(ctx);
  if (epoch === undefined) {
    if (number <= lastEpoch || !withdrawalStore.anyQueued(ctx)) return;
    lastEpoch = number;
    const wanted = new Map(fundClasses.map((fund) => [fund, withdrawalStore.queuedValue(ctx, fund)]));
    const available = new Map(fundClasses.map((fund) => [fund, outlets.available(fund)]));
    const granted = grant(wanted, available, outlets.available('none'));
    const shares = new Map(
      fundClasses.map((fund) => [fund, { granted: granted.get(fund)!, wanted: wanted.get(fund)! }]),
    );
    epoch = { startMs: timeMs, shares, after: undefined };
  }
  let looked = 0;
  let { after } = epoch;
  let done = true;
  for (const entry of [...firstOf(withdrawalStore.queue(ctx, '', after), maxReleased + 1)]) {
    if (looked++ === maxReleased) {
      done = false;
      break;
    }
    const { key, assetId, amount, value, class: fund, sinceMs } = entry;
    after = { key, assetId };
    if (sinceMs > epoch.startMs || isGated(ctx, deps, key)) continue;
    const { granted, wanted } = epoch.shares.get(fund)!;
    const part = min(partOf(value, granted, wanted), outlets.availableTo(fund));
    const paid = value === 0n ? amount : unitsOf(amount, part, value);
    if (paid === 0n) continue;
    outlets.take(fund, part);
    pay(ctx, deps, key, assetId, paid, true);
    withdrawalStore.setQueued(ctx, { ...entry, amount: amount - paid, value: value - part });
  }
  withdrawalStore.setClock(ctx, { lastEpoch, epoch: done ? undefined : { ...epoch, after } });
}

function* firstOf<T>(from: Iterable<T>, count: number): Iterable<T> {
  let left = count;
  for (const each of from) {
    if (left-- === 0) return;
    yield each;
  }
}

function pay(
  ctx: Context,
  { keeper, bank }: Deps,
  key: string,
  assetId: MoneyId,
  amount: bigint,
  queued: boolean,
): void {
  if (amount === 0n) return;
  const denom = assetId === usdcId ? collateralDenom : keeper.collateral.asset(ctx, assetId)!.denom;
  withdrawalStore.addPending(ctx, assetId, -amount);
  bank.sendFromModule(ctx, moduleName, ownerOf(key), denom, amount);
  ctx.emit('plimsoll.perps.v1.EventWithdrawalReleased', {
    subaccount: subaccountId(key),
    assetId,
    amount: amount.toString(),
    queued,
  });
}
