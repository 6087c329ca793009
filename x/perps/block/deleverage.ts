import type { Context } from '../../../runtime/baseapp/context.js';
import { sideToProto } from '../codecs.js';
import { deleverageCandidate, reaches, waterFill } from '../liquidation/index.js';
import { subaccountId } from '../subaccount-key.js';
import type { MarketView, Side } from '../types.js';
import { abs } from '../units/index.js';
import type { Gains } from './gains.js';
import type { Solvent } from './solvent.js';
import type { WorkingAccount, WorkingSet } from './working-set.js';

/** Closes the bankrupt positions of a market at mark: against each other first, then against the riskiest of the other side. */
export function deleverage(
  ctx: Context,
  work: WorkingSet,
  market: MarketView,
  bankrupts: readonly WorkingAccount[],
  solvent: Solvent,
  gains: Gains,
): void {
  let net = 0n;
  let moved = 0n;
  for (const account of bankrupts) {
    const quantity = account.position(market.id)?.quantity;
    if (quantity === undefined) continue;
    net += quantity;
    moved += closeAtMark(ctx, work, market, account, abs(quantity), true);
  }
  if (net !== 0n) {
    // Bankrupt longs net: shorts are closed, and the other way round.
    const plan = solvent.riskiest(market, net > 0n ? 'short' : 'long', abs(net), (accounts, level) => {
      const candidates = accounts.map((account) =>
        deleverageCandidate(account, market, work.markets, work.equity(account)),
      );
      if (level > 0n && !reaches(market, abs(net), candidates, level)) return undefined;
      return { accounts, cuts: waterFill(market, abs(net), candidates, level) };
    });
    for (const [index, quantity] of plan.cuts.entries()) {
      if (quantity === 0n) continue;
      const account = work.account(plan.accounts[index]!.key);
      gains.remember(account);
      moved += closeAtMark(ctx, work, market, account, quantity, false);
    }
  }
  work.addDust(-moved);
}

/** Closes part of a position at mark; returns the signed change of cash. */
function closeAtMark(
  ctx: Context,
  work: WorkingSet,
  market: MarketView,
  account: WorkingAccount,
  quantity: bigint,
  bankrupt: boolean,
): bigint {
  const side: Side = account.position(market.id)!.quantity > 0n ? 'sell' : 'buy';
  const cash = work.fill(account, market, side, quantity, market.markPrice);
  ctx.emit('plimsoll.perps.v1.EventDeleveraged', {
    subaccount: subaccountId(account.key),
    marketId: market.id,
    side: sideToProto(side),
    quantity,
    price: market.markPrice,
    bankrupt,
  });
  return cash;
}
