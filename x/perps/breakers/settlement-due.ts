import { MsgSettleMarket } from '../../../gen/plimsoll/perps/v1/breakers.js';
import type { Market, Params } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import type { Deps } from '../deps.js';

const hourMs = 3_600_000n;

/**
 * Has a price been missing for longer than the chain waits before it asks
 * whether to settle the market? B3a of risk-model section 14.2. Never on a
 * chain without breakers.
 * @param ageMs of the oracle price
 */
export const isSettlementDue = (ageMs: bigint, { breakers }: Pick<Params, 'breakers'>): boolean =>
  breakers !== undefined && ageMs > breakers.settlementDueMs;

/**
 * Opens the vote on settling a market, and says so. What is voted on is
 * refused when the price has come back by the time that it would act: nothing
 * need be taken back.
 */
export function proposeSettlement(
  ctx: Context,
  { decisions, authority }: Deps,
  { id: marketId, ticker }: Market,
  priceAgeMs: bigint,
  settlementPrice: bigint,
): void {
  const proposalId = decisions.propose(ctx, {
    typeName: 'plimsoll.perps.v1.MsgSettleMarket',
    message: MsgSettleMarket.encode({ authority, marketId, onlyWithoutPrice: true }).finish(),
    title: `Settle ${ticker}`,
    summary:
      `${ticker} has had no price for ${priceAgeMs / hourMs} hours. Settling closes all its positions at ` +
      `${settlementPrice}, the average of 30 minutes from before, and delists it. Nothing happens if it has a price by then.`,
  });
  ctx.emit('plimsoll.perps.v1.EventSettlementDue', { marketId, settlementPrice, priceAgeMs, proposalId });
}
