import {
  Trigger,
  type MsgResumeTrading,
  type MsgResumeTradingResponse,
  type MsgSettleMarket,
  type MsgSettleMarketResponse,
} from '../../../gen/plimsoll/perps/v1/breakers.js';
import type { Market } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { max } from '../../../runtime/math/integers.js';
import { audit } from '../block/identities.js';
import type { Deps } from '../deps.js';
import { errors } from '../errors.js';
import { requireAuthority, requireMarket } from '../msgs/common.js';
import { price } from '../types.js';
import { releaseCancels } from './end-auction.js';
import { endWaitingOrders } from './end-waiting.js';
import { isFrozen, thaw } from './freeze.js';
import { Latches } from './rules/latches.js';
import { modeToProto } from './rules/modes.js';
import { isSettlementDue } from './settlement-due.js';
import { standingOf } from './standing.js';
import { breakerStore, calm } from './store.js';
import { tellChanges } from './tell.js';

/**
 * Settles a market: its price is what it averaged for 30 minutes before it
 * left its normal mode, or before now when it is in it. Nobody chooses the
 * price. risk-model section 14.1.
 * @throws perps/23, perps/4, perps/7, perps/162, perps/165
 */
export function settleMarket(ctx: Context, deps: Deps, msg: MsgSettleMarket): MsgSettleMarketResponse {
  requireAuthority(deps, msg.authority);
  const { keeper, oracle } = deps;
  const market = requireMarket(ctx, deps, msg.marketId);
  const before = breakerStore.market(ctx, market.id) ?? calm(market.id);
  if (standingOf(ctx, market).mode === 'settlement')
    throw errors.marketSettled(`market_id: ${market.id} is settled at ${before.settlement!.price}`);
  const state = keeper.marketState(ctx, market.id);
  // A market that is frozen does not take its prices over.
  const ageMs = ctx.block.timeMs - max(state.oracleTimeMs, oracle.price(ctx, market.oraclePairId)?.timeMs ?? 0n);
  if (msg.onlyWithoutPrice && !isSettlementDue(ageMs, keeper.params(ctx)))
    throw errors.priceIsBack(
      `only_without_price: the price of ${market.ticker} is ${ageMs} ms old, which is no reason`,
    );
  const average = oracle.statistics(ctx, market.oraclePairId)?.twap ?? 0n;
  const final = before.settlementPrice || average || state.oraclePrice;
  if (final === 0n) throw errors.noPrice(`${market.ticker} never had a price: nothing can be open in it`);

  const latches = new Latches(before.active, ctx.block.timeMs);
  for (const { trigger } of before.active) latches.end(trigger);
  latches.raise(Trigger.TRIGGER_SETTLEMENT, { mode: 'settlement', figure: final });
  const noBytes = new Uint8Array(0);
  const after = {
    ...calm(market.id),
    mode: modeToProto('settlement'),
    active: latches.active,
    settlementPrice: final,
    settlement: { price: final, sinceMs: ctx.block.timeMs, longCursor: noBytes, shortCursor: noBytes, done: false },
  };
  breakerStore.setMarket(ctx, after);
  releaseCancels(ctx, keeper, market.id);
  endWaitingOrders(ctx, keeper, market.id);
  keeper.setMarketState(ctx, { ...state, oraclePrice: price(final), markPrice: price(final) });
  tellChanges(ctx, market.id, before.mode, after.mode, latches.changes);
  return { price: final };
}

/**
 * Ends B9, or a halt by a failure, or lets a frozen market go on: only when
 * everything, counted anew, adds up. Prices are old by then, so a market is
 * halted until fresh ones came, and re-opens by auction.
 * @throws perps/23, perps/4, perps/163, perps/164
 */
export function resumeTrading(ctx: Context, deps: Deps, msg: MsgResumeTrading): MsgResumeTradingResponse {
  requireAuthority(deps, msg.authority);
  if (msg.marketId === 0) resumeExchange(ctx, deps);
  else resumeMarket(ctx, deps, requireMarket(ctx, deps, msg.marketId));
  return {};
}

function resumeExchange(ctx: Context, deps: Deps): void {
  const { keeper } = deps;
  const ledger = keeper.ledger(ctx);
  if (ledger.haltedReason === '') throw errors.notHalted('no identity is broken');
  requireBalanced(ctx, deps);
  keeper.setLedger(ctx, { ...ledger, haltedReason: '' });
  tellChanges(ctx, 0, modeToProto('halted'), modeToProto('normal'), [
    { trigger: Trigger.TRIGGER_INVARIANT, active: false, figure: '', limit: '', untilMs: 0n },
  ]);
}

function resumeMarket(ctx: Context, deps: Deps, { id, ticker }: Market): void {
  if (!isFrozen(ctx, id)) throw errors.notHalted(`market_id: ${id}; ${ticker} is not frozen by a failure`);
  requireBalanced(ctx, deps);
  thaw(ctx, deps, id);
}

function requireBalanced(ctx: Context, deps: Deps): void {
  const [broken] = audit(ctx, deps).violations;
  if (broken !== undefined) throw errors.booksBroken(`${broken.identity}: ${broken.detail}`);
}
