import type { MsgClaimRecovery, MsgClaimRecoveryResponse } from '../../../gen/plimsoll/perps/v1/recovery.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { FatalError } from '../../../runtime/baseapp/errors.js';
import type { Deps } from '../deps.js';
import { errors } from '../errors.js';
import { changeCash, requireMarket, requireSubaccountKey } from '../msgs/common.js';
import { subaccountId } from '../subaccount-key.js';
import type { MarketId } from '../types.js';
import { closeExpired } from './block-recovery.js';
import { isOver, repaid, type Claim } from './cohort.js';
import { recoveryStore, type ClaimId } from './store.js';

/** Claims that one message collects; what is left waits for the next. */
export const maxClaims = 200;

/**
 * Pays what penalties repaid of a subaccount's haircuts into its cash, at any
 * time after; claims that will be repaid no more are closed by it. risk-model
 * section 13.2. O(claims of the account, at most `maxClaims`).
 * @throws perps/180 when there is nothing to collect
 */
export function claimRecovery(ctx: Context, deps: Deps, msg: MsgClaimRecovery): MsgClaimRecoveryResponse {
  const { keeper } = deps;
  keeper.requireRunning(ctx);
  const account = requireSubaccountKey(msg.owner, msg.subaccountNumber);
  const market = msg.marketId === 0 ? undefined : requireMarket(ctx, deps, msg.marketId).id;
  const byMarket = new Map<MarketId, bigint>();
  let taken = 0;
  for (const [id, claim] of [...recoveryStore.claims(ctx, account, market)]) {
    if (taken++ === maxClaims) break;
    const amount = collect(ctx, deps, id, claim);
    if (amount > 0n) byMarket.set(id.marketId, (byMarket.get(id.marketId) ?? 0n) + amount);
  }
  let sum = 0n;
  for (const [marketId, amount] of byMarket) {
    sum += amount;
    ctx.emit('plimsoll.perps.v1.EventRecoveryCollected', {
      subaccount: subaccountId(account),
      marketId,
      amount: amount.toString(),
    });
  }
  if (sum === 0n)
    throw errors.nothingToRecover(
      taken === 0
        ? `${msg.owner}/${msg.subaccountNumber} has no claims: it paid no haircut that is not collected`
        : `no penalty repaid the ${taken} claims of ${msg.owner}/${msg.subaccountNumber} since they were last collected`,
    );
  changeCash(ctx, deps, account, sum);
  return { amount: sum.toString() };
}

/** Takes what a claim was repaid out of the reserve; a claim that is over goes, and with the last one of its cohort what rounding left. */
function collect(ctx: Context, { keeper }: Deps, id: ClaimId, claim: Claim): bigint {
  let cohort = recoveryStore.cohort(ctx, id);
  if (cohort === undefined) throw new FatalError(`recovery claim without cohort ${id.marketId}/${id.number}`);
  if (!isOver(cohort) && ctx.block.timeMs >= cohort.expiresMs) cohort = closeExpired(ctx, cohort);
  const amount = repaid(cohort, claim) - claim.collected;
  const ledger = keeper.ledger(ctx);
  let { recovery, dust } = ledger;
  recovery -= amount;
  let after = { ...cohort, held: cohort.held - amount };
  if (isOver(cohort)) {
    recoveryStore.deleteClaim(ctx, id);
    after = { ...after, claims: after.claims - 1n };
    if (after.claims === 0n) {
      recovery -= after.held;
      dust += after.held;
      recoveryStore.deleteClosed(ctx, id);
    } else recoveryStore.setClosed(ctx, after);
  } else if (amount > 0n) {
    recoveryStore.setClaim(ctx, id, { ...claim, collected: claim.collected + amount });
    recoveryStore.setOpen(ctx, after);
  }
  keeper.setLedger(ctx, { ...ledger, recovery, dust });
  return amount;
}
