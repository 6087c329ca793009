import type { QueryDefinition } from '../../../gen/plimsoll/perps/v1/query.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { parseAddress } from '../../../runtime/baseapp/address.js';
import type { Handlers } from '../../../runtime/baseapp/module.js';
import { paginate } from '../../../runtime/baseapp/pagination.js';
import { bytes, keyBytes, u32, u64 } from '../../../runtime/store/key.js';
import { audit } from '../block/identities.js';
import { ledgerToProto } from '../codecs.js';
import type { Deps } from '../deps.js';
import { errors } from '../errors.js';
import { fundingHours } from '../mark/funding-hours.js';
import { orderToProto } from '../msgs/order-proto.js';
import { requireSubaccountKey } from '../msgs/common.js';
import { sdkErrors } from '../../../runtime/baseapp/errors.js';
import { keeperBidQueries } from './keeper-bids.js';
import { nettingQueries } from './netting.js';
import { adlQueries } from './adl.js';
import { positionInfo, subaccountInfo } from './accounts.js';
import { collateralAssets, collateralOf, collateralSales } from './collateral.js';
import { breakerQueries } from './breakers.js';
import { marketRates } from './rates.js';
import { stressQueries } from './stress.js';
import { preview, type MsgHandlers } from './preview.js';
import { recoveryQueries } from '../recovery/queries.js';
import { traceQueries } from '../trace/queries.js';
import { waitingQueries } from './waiting.js';
import { queuedWithdrawals, withdrawalBuckets } from '../withdrawals/queries.js';
import { bookLevels, defaultDepth, marketInfo, maxDepth } from './markets.js';

/** @param messages what runs messages, for those who ask before they send */
export function queries(deps: Deps, messages: MsgHandlers): Handlers<typeof QueryDefinition> {
  const { keeper } = deps;
  const requireMarket = (ctx: Context, id: number) => {
    const market = keeper.market(ctx, id);
    if (market === undefined) throw sdkErrors.keyNotFound(`market_id: ${id} is not listed`);
    return market;
  };
  return {
    params: (ctx) => ({ params: keeper.params(ctx) }),
    market: (ctx, { marketId }) => ({ market: marketInfo(ctx, deps, requireMarket(ctx, marketId)) }),
    markets: (ctx, { pagination }) => {
      const page = paginate(
        keeper.allMarkets(ctx),
        pagination,
        ({ id }) => keyBytes(u32(id)),
        (market) => marketInfo(ctx, deps, market),
      );
      return { markets: page.items, pagination: page.pagination };
    },
    ...breakerQueries(deps),
    marketRates: (ctx, { marketId }) => ({ rates: marketRates(ctx, requireMarket(ctx, marketId)) }),
    subaccount: (ctx, { owner, number }) => {
      const subaccount = subaccountInfo(ctx, deps, requireSubaccountKey(owner, number, 'number'));
      if (subaccount === undefined) throw sdkErrors.keyNotFound(`subaccount ${owner}/${number} not found`);
      return { subaccount };
    },
    subaccounts: (ctx, { owner, pagination }) => {
      const under = owner === '' ? '' : bytes(parseAddress(owner, 'owner'));
      const page = paginate(
        keeper.subaccounts(ctx, under),
        pagination,
        ([key]) => keyBytes(key),
        ([key]) => subaccountInfo(ctx, deps, key)!,
      );
      return { subaccounts: page.items, pagination: page.pagination };
    },
    position: (ctx, { owner, number, marketId }) => {
      const key = requireSubaccountKey(owner, number, 'number');
      requireMarket(ctx, marketId);
      const account = keeper.account(ctx, key);
      const position = account.positions.find((each) => each.marketId === marketId);
      if (position === undefined)
        throw sdkErrors.keyNotFound(`subaccount ${owner}/${number} has no position in market ${marketId}`);
      return { position: positionInfo(account, position, keeper.markets(ctx)) };
    },
    fundingHistory: (ctx, { marketId, pagination }) => {
      requireMarket(ctx, marketId);
      const page = paginate(
        fundingHours(ctx, marketId),
        pagination,
        ({ hour }) => keyBytes(u64(hour)),
        (hour) => hour,
      );
      return { hours: page.items, pagination: page.pagination };
    },
    preview: (ctx, request) =>
      preview(ctx, deps, messages, requireSubaccountKey(request.owner, request.number, 'number'), request),
    orders: (ctx, { owner, number, marketId, pagination }) => {
      const key = requireSubaccountKey(owner, number, 'number');
      const page = paginate(
        keeper.ordersOf(ctx, key, marketId === 0 ? undefined : marketId),
        pagination,
        ([at]) => keyBytes(u32(at.marketId) + u64(at.clientId)),
        orderToProto,
      );
      return { orders: page.items, pagination: page.pagination };
    },
    ...waitingQueries(deps),
    ...keeperBidQueries(deps),
    ...nettingQueries(deps),
    ...recoveryQueries(deps),
    ...stressQueries(deps),
    ...traceQueries(deps),
    ...adlQueries(deps),
    orderBook: (ctx, { marketId, depth }) => {
      requireMarket(ctx, marketId);
      if (depth > maxDepth) throw errors.invalidOrder(`depth: ${depth}; at most ${maxDepth}`);
      const wanted = depth === 0 ? defaultDepth : depth;
      return {
        bids: bookLevels(ctx, deps, marketId, 'buy', wanted),
        asks: bookLevels(ctx, deps, marketId, 'sell', wanted),
      };
    },
    collateralAssets: (ctx) => ({ assets: collateralAssets(ctx, deps) }),
    collateral: (ctx, { owner, number }) => ({
      collateral: collateralOf(ctx, deps, requireSubaccountKey(owner, number, 'number')),
    }),
    collateralSales: (ctx) => ({ sales: collateralSales(ctx, deps) }),
    withdrawalBuckets: (ctx) => withdrawalBuckets(ctx, deps),
    queuedWithdrawals: (ctx, request) => queuedWithdrawals(ctx, deps, request),
    solvency: (ctx) => {
      const result = audit(ctx, deps);
      const ledger = keeper.ledger(ctx);
      let clearing = 0n;
      for (const state of keeper.allMarketStates(ctx)) clearing += state.clearingBalance;
      return {
        ledger: ledgerToProto(ledger),
        bankBalance: result.bankBalance.toString(),
        insurance: result.insurance.toString(),
        clearing: clearing.toString(),
        totalEquity: result.totalEquity.toString(),
        leastEquity: result.leastEquity.toString(),
        subaccounts: BigInt(result.accounts),
        positions: BigInt(result.positions),
        violations: result.violations.map(({ identity, detail }) => `${identity}: ${detail}`),
      };
    },
  };
}
