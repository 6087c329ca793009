import type {
  MsgCreateMarket,
  MsgCreateMarketResponse,
  MsgUpdateMarket,
  MsgUpdateMarketResponse,
  MsgUpdateParams,
  MsgUpdateParamsResponse,
} from '../../../gen/plimsoll/perps/v1/tx.js';
import type { Market } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { promote } from '../classes/daily.js';
import { emptyFunding } from '../codecs.js';
import type { Deps } from '../deps.js';
import { errors } from '../errors.js';
import { validateMarket, validateParams } from '../params.js';
import { listRates } from '../rates/listing.js';
import { price } from '../types.js';
import { requireAuthority } from './common.js';

export function updateParams(ctx: Context, deps: Deps, msg: MsgUpdateParams): MsgUpdateParamsResponse {
  requireAuthority(deps, msg.authority);
  if (msg.params === undefined) throw errors.invalidParams('params: missing');
  validateParams(msg.params);
  if (msg.params.breakers === undefined && deps.keeper.params(ctx).breakers !== undefined)
    throw errors.invalidParams('breakers: missing; a chain that has breakers keeps them');
  deps.keeper.setParams(ctx, msg.params);
  return {};
}

export function createMarket(ctx: Context, deps: Deps, msg: MsgCreateMarket): MsgCreateMarketResponse {
  requireAuthority(deps, msg.authority);
  if (msg.market === undefined) throw errors.invalidMarket('market: missing');
  listMarket(ctx, deps, msg.market);
  return {};
}

/** What positions were opened under stays: units and identity of a market never change. */
export function updateMarket(ctx: Context, deps: Deps, msg: MsgUpdateMarket): MsgUpdateMarketResponse {
  requireAuthority(deps, msg.authority);
  const { market } = msg;
  if (market === undefined) throw errors.invalidMarket('market: missing');
  validateMarket(market);
  const listed = deps.keeper.market(ctx, market.id);
  if (listed === undefined) throw errors.marketNotFound(`market.id: ${market.id}`);
  const fixed = ['ticker', 'baseExponent', 'priceExponent', 'stepSize', 'oraclePairId'] as const;
  for (const field of fixed) {
    if (market[field] !== listed[field])
      throw errors.invalidMarket(`${field}: ${market[field]}; it stays ${listed[field]} for ever`);
  }
  const { longQuanta } = deps.keeper.marketState(ctx, market.id);
  if (market.cluster !== listed.cluster && longQuanta !== 0n)
    throw errors.invalidMarket(`cluster: ${market.cluster}; it stays ${listed.cluster} while there are positions`);
  if (market.class !== listed.class) promote(ctx, deps, listed, market);
  deps.keeper.setMarket(ctx, market);
  return {};
}

/** Lists a market with an empty state and opens its insurance tranche. */
export function listMarket(ctx: Context, deps: Deps, market: Market): void {
  const { keeper, oracle, insurance } = deps;
  validateMarket(market);
  if (keeper.market(ctx, market.id) !== undefined) throw errors.invalidMarket(`id: ${market.id} is listed`);
  for (const other of keeper.allMarkets(ctx)) {
    if (other.ticker === market.ticker) throw errors.invalidMarket(`ticker: ${market.ticker} is market ${other.id}`);
  }
  const pair = oracle.pair(ctx, market.oraclePairId);
  if (pair === undefined) throw errors.invalidMarket(`oracle_pair_id: pair ${market.oraclePairId} does not exist`);
  if (pair.exponent !== market.priceExponent) {
    throw errors.invalidMarket(
      `price_exponent: ${market.priceExponent}; the oracle pair's exponent is ${pair.exponent}`,
    );
  }
  keeper.setMarket(ctx, market);
  keeper.setMarketState(ctx, {
    marketId: market.id,
    oraclePrice: price(0n),
    markPrice: price(0n),
    lastClearingPrice: 0n,
    longQuanta: 0n,
    shortQuanta: 0n,
    fundingIndex: 0n,
    clearingBalance: 0n,
    fundingWeight: 0n,
    oracleTimeMs: 0n,
    openInterestCap: undefined,
    funding: emptyFunding,
  });
  listRates(ctx, market, keeper.params(ctx).rates!);
  insurance.openTranche(ctx, market.id);
}
