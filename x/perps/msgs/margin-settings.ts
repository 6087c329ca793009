import type {
  MsgSetLeverage,
  MsgSetLeverageResponse,
  MsgSetMarginMode,
  MsgSetMarginModeResponse,
} from '../../../gen/plimsoll/perps/v1/margin.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { modeFromProto, settingsToProto } from '../codecs.js';
import type { Deps } from '../deps.js';
import { errors } from '../errors.js';
import { promises } from '../keeper-bids/reserve.js';
import { keeperBids } from '../keeper-bids/store.js';
import {
  defaultSettings,
  initialMargin,
  maintenanceMargin,
  maxChosenLeverage,
  spareEquity,
  usableEquity,
  withLeverage,
} from '../margin/index.js';
import { subaccountId } from '../subaccount-key.js';
import type { MarginSettings, MarketId, SubaccountKey } from '../types.js';
import { requireMarket, requireSubaccountKey } from './common.js';

/** Bounds the leverage of a subaccount in a market; it never makes a market's own margin smaller. */
export function setLeverage(ctx: Context, deps: Deps, msg: MsgSetLeverage): MsgSetLeverageResponse {
  deps.keeper.requireRunning(ctx);
  const key = requireSubaccountKey(msg.owner, msg.subaccountNumber);
  requireMarket(ctx, deps, msg.marketId);
  if (msg.leverage > maxChosenLeverage)
    throw errors.invalidLeverage(
      `leverage: ${msg.leverage}; expected 1 to ${maxChosenLeverage}, or 0 for the market's own`,
    );
  change(ctx, deps, key, (settings) => withLeverage(settings, msg.marketId, BigInt(msg.leverage)));
  return {};
}

/** Chooses how a subaccount is margined. An isolated one has positions and orders in one market only. */
export function setMarginMode(ctx: Context, deps: Deps, msg: MsgSetMarginMode): MsgSetMarginModeResponse {
  const { keeper } = deps;
  keeper.requireRunning(ctx);
  const key = requireSubaccountKey(msg.owner, msg.subaccountNumber);
  const mode = modeFromProto(msg.mode);
  if (mode === undefined)
    throw errors.invalidMarginMode('mode: expected MARGIN_MODE_PORTFOLIO, MARGIN_MODE_CROSS or MARGIN_MODE_ISOLATED');
  if (mode === 'isolated') {
    const used = new Set<MarketId>(keeper.positionsOf(ctx, key).map(({ marketId }) => marketId));
    for (const [{ marketId }] of keeper.ordersOf(ctx, key)) used.add(marketId);
    for (const [{ marketId }] of keeperBids.of(ctx, key)) used.add(marketId);
    if (used.size > 1)
      throw errors.isolatedSubaccount(`mode: ${used.size} markets have positions or orders; at most one may`);
  }
  change(ctx, deps, key, (settings) => ({ ...settings, mode }));
  return {};
}

/** Changes what the owner chose. What asks for more margin must be covered at once, by the rule that orders obey. risk-model section 4.5. */
function change(
  ctx: Context,
  deps: Deps,
  key: SubaccountKey,
  choose: (settings: MarginSettings) => MarginSettings,
): void {
  const { keeper } = deps;
  const state = keeper.subaccount(ctx, key);
  if (state === undefined) throw errors.subaccountNotFound('nothing was ever deposited here');
  const settings = choose(state.settings ?? defaultSettings);
  const before = keeper.account(ctx, key);
  const after = { ...before, settings };
  const markets = keeper.markets(ctx);
  const orders = promises(ctx, keeper, key, markets);
  const required = initialMargin(after, orders, markets);
  const asksMore =
    required > initialMargin(before, orders, markets) ||
    maintenanceMargin(after, markets) > maintenanceMargin(before, markets);
  const usable = usableEquity(after, markets);
  if (asksMore && spareEquity(after, markets, usable, required) < 0n) {
    throw errors.insufficientMargin(
      `needs ${required} of initial margin for all positions and orders; usable equity is ${usable}`,
    );
  }
  keeper.setSubaccount(ctx, key, { ...state, settings });
  ctx.emit('plimsoll.perps.v1.EventMarginSettings', {
    subaccount: subaccountId(key),
    settings: settingsToProto(settings),
  });
}
