import type { Any } from '../../../gen/google/protobuf/any.js';
import type {
  AssumedPrice,
  QueryPreviewRequest,
  QueryPreviewResponse,
  Refusal,
} from '../../../gen/plimsoll/perps/v1/query.js';
import { MsgDefinition } from '../../../gen/plimsoll/perps/v1/tx.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { AppError, sdkErrors } from '../../../runtime/baseapp/errors.js';
import type { Handlers } from '../../../runtime/baseapp/module.js';
import type { Deps } from '../deps.js';
import { keepSettledFunding, settle } from '../funding/index.js';
import type { BookOrder } from '../keeper.js';
import { applyFill } from '../matching/index.js';
import { price, quote, type SubaccountKey } from '../types.js';
import { abs, cdiv, max, million, min } from '../units/index.js';
import { withdrawalStore } from '../withdrawals/store.js';
import { subaccountInfo } from './accounts.js';

/** Messages of one preview at most; a batch of orders is one. */
const maxMessages = 20;
const endOfPrices = 1n << 62n;
/** An assumed price is at most this many times the mark, and at least such a part of it. */
const farthest = 1_000n;
const typePrefix = '/plimsoll.perps.v1.Msg';

export type MsgHandlers = Handlers<typeof MsgDefinition>;

/**
 * What messages would do to a subaccount, at assumed prices if wanted. They
 * run through the very handlers that transactions run through, on state that
 * the query throws away: the answer, and the error of a refusal, is the
 * chain's own. What no query can know is what else the next block brings.
 * @param ctx of a query: writes to it are thrown away
 * @throws sdk/18 for a request that is none
 */
export function preview(
  ctx: Context,
  deps: Deps,
  handlers: MsgHandlers,
  key: SubaccountKey,
  { messages, prices }: QueryPreviewRequest,
): QueryPreviewResponse {
  const { keeper } = deps;
  const calls = messages.map((message, index) => callOf(handlers, message, index));
  if (calls.length > maxMessages) throw sdkErrors.invalidRequest(`messages: ${calls.length}; at most ${maxMessages}`);
  const before = subaccountInfo(ctx, deps, key);
  for (const [index, assumed] of prices.entries()) assume(ctx, deps, assumed, index);
  if (prices.length > 0) withdrawalStore.assumePrices(ctx);
  const open = new Set([...keeper.ordersOf(ctx, key)].map(nameOf));
  const outcome = run(ctx, calls);
  const after = subaccountInfo(ctx, deps, key);
  const placed = [...keeper.ordersOf(ctx, key)].filter((order) => !open.has(nameOf(order)));
  for (const order of placed) fillWhole(ctx, deps, key, order);
  return {
    height: ctx.block.height,
    accepted: outcome.refusal === undefined,
    ...outcome,
    before,
    after,
    filled: placed.length === 0 ? undefined : subaccountInfo(ctx, deps, key),
  };
}

type Call = (ctx: Context) => Any;

function callOf(handlers: MsgHandlers, { typeUrl, value }: Any, index: number): Call {
  const name = typeUrl.startsWith(typePrefix) ? typeUrl.slice(typePrefix.length) : '';
  const found = Object.entries(MsgDefinition.methods).find(([, method]) => method.name === name);
  if (found === undefined)
    throw sdkErrors.invalidRequest(
      `messages[${index}]: ${JSON.stringify(typeUrl.slice(0, 100))}; expected a message of this package like ${typePrefix}PlaceOrder`,
    );
  const [property, { requestType, responseType }] = found;
  // The table of a service's methods and handlers is typed as a whole, not entry by entry.
  const handle = handlers[property as keyof MsgHandlers] as (ctx: Context, request: unknown) => unknown;
  const encode = responseType.encode as (response: unknown) => { finish(): Uint8Array };
  let request: unknown;
  try {
    request = requestType.decode(value);
  } catch (error) {
    throw sdkErrors.invalidRequest(`messages[${index}]: does not decode: ${(error as Error).message}`);
  }
  return (ctx) => ({ typeUrl: `${typePrefix}${name}Response`, value: encode(handle(ctx, request)).finish() });
}

/** Runs the messages as one unit: all leave their traces, or none. */
function run(
  ctx: Context,
  calls: readonly Call[],
): { readonly responses: Any[]; readonly refusal: Refusal | undefined } {
  let message = 0;
  try {
    const responses = ctx.atomically((branch) =>
      calls.map((call, index) => {
        message = index;
        return call(branch);
      }),
    );
    return { responses, refusal: undefined };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { codespace, code, message: log } = error;
    return { responses: [], refusal: { message, codespace, code, log } };
  }
}

function assume(ctx: Context, { keeper }: Deps, { marketId, price: assumed }: AssumedPrice, index: number): void {
  if (keeper.market(ctx, marketId) === undefined)
    throw sdkErrors.invalidRequest(`prices[${index}].market_id: ${marketId} is not listed`);
  const state = keeper.marketState(ctx, marketId);
  const lowest = max(1n, state.markPrice / farthest);
  const highest = min(endOfPrices - 1n, state.markPrice * farthest);
  if (assumed < lowest || assumed > highest)
    throw sdkErrors.invalidRequest(`prices[${index}].price: ${assumed}; expected ${lowest} to ${highest}`);
  keeper.setMarketState(ctx, {
    ...state,
    oraclePrice: price(assumed),
    markPrice: price(assumed),
    oracleTimeMs: ctx.block.timeMs,
  });
}

const nameOf = ([{ marketId, clientId }]: BookOrder): string => `${marketId}/${clientId}`;

/** Fills what an order can fill of itself at its limit price, at the higher of both fees: the worst that may come of it. */
function fillWhole(
  ctx: Context,
  { keeper }: Deps,
  key: SubaccountKey,
  [at, { remaining, reduceOnly }]: BookOrder,
): void {
  const market = keeper.marketView(ctx, at.marketId);
  keeper.removeOrder(ctx, at);
  const held = keeper.position(ctx, key, at.marketId);
  const size = held?.quantity ?? 0n;
  const reducible = at.side === 'buy' ? max(0n, -size) : max(0n, size);
  const quantity = reduceOnly ? min(remaining, reducible) : remaining;
  if (quantity === 0n) return;
  const settled = held === undefined ? undefined : settle(market, held);
  const { position: filled, cash } = applyFill(market, settled?.position, at.side, quantity, at.price);
  const position = keepSettledFunding(settled?.position, filled);
  if (position === undefined) keeper.deletePosition(ctx, key, at.marketId);
  else keeper.setPosition(ctx, key, position);
  const fee = cdiv(abs(cash) * max(market.takerFee, market.makerFee), million);
  const state = keeper.subaccount(ctx, key)!;
  keeper.setSubaccount(ctx, key, { ...state, cash: quote(state.cash + (settled?.cash ?? 0n) + cash - fee) });
}
