import type { PositionInfo, SubaccountInfo } from '../../../gen/plimsoll/perps/v1/query.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { positionToProto, subaccountToProto } from '../codecs.js';
import type { Deps } from '../deps.js';
import { promises } from '../keeper-bids/reserve.js';
import {
  health,
  initialMargin,
  liquidationPrice,
  marginStanding,
  openProfit,
  unsettledFunding,
  usableEquity,
} from '../margin/index.js';
import { freeCollateral } from '../msgs/common.js';
import { subaccountId } from '../subaccount-key.js';
import type { AccountView, Markets, PositionView, SubaccountKey } from '../types.js';
import { positionValue } from '../units/index.js';

/** A position as clients see it, computed by the rules that liquidate it. */
export function positionInfo(account: AccountView, position: PositionView, markets: Markets): PositionInfo {
  const { key } = account;
  const market = markets(position.marketId);
  return {
    position: { ...positionToProto(position), subaccount: subaccountId(key) },
    markPrice: market.markPrice,
    value: positionValue(market, position.quantity).toString(),
    openProfit: openProfit(market, position).toString(),
    unsettledFunding: unsettledFunding(market, position).toString(),
    liquidationPrice: liquidationPrice(account, market.id, markets) ?? 0n,
  };
}

/** An account with everything that decides its fate at current prices. */
export function subaccountInfo(ctx: Context, deps: Deps, key: SubaccountKey): SubaccountInfo | undefined {
  const { keeper } = deps;
  const state = keeper.subaccount(ctx, key);
  if (state === undefined) return undefined;
  const account = keeper.account(ctx, key);
  const markets = keeper.markets(ctx);
  const promised = promises(ctx, keeper, key, markets);
  const standing = marginStanding(account, markets);
  return {
    subaccount: { ...subaccountToProto(state), id: subaccountId(key) },
    positions: account.positions.map((position) => positionInfo(account, position, markets)),
    equity: standing.equity.toString(),
    maintenanceMargin: standing.maintenanceMargin.toString(),
    initialMargin: initialMargin(account, promised, markets).toString(),
    freeCollateral: freeCollateral(ctx, deps, account).toString(),
    healthPpm: (health(standing) ?? 0n).toString(),
    usableEquity: usableEquity(account, markets).toString(),
  };
}
