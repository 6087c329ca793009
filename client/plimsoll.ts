import type { EncodeObject, OfflineSigner, GeneratedType } from '@cosmjs/proto-signing';
import { Registry } from '@cosmjs/proto-signing';
import {
  createProtobufRpcClient,
  defaultRegistryTypes,
  QueryClient,
  SigningStargateClient,
  type SigningStargateClientOptions,
} from '@cosmjs/stargate';
import type { CometClient } from '@cosmjs/tendermint-rpc';
import * as insurance from '../gen/plimsoll/insurance/v1/tx.js';
import {
  QueryAlgoOrdersRequest,
  QueryAlgoOrdersResponse,
  QueryConditionalOrdersRequest,
  QueryConditionalOrdersResponse,
  QueryKeeperBidBookRequest,
  QueryKeeperBidBookResponse,
  QueryKeeperBidsRequest,
  QueryKeeperBidsResponse,
  QueryMarketRequest,
  QueryMarketResponse,
  QueryNettingRequestsRequest,
  QueryNettingRequestsResponse,
  QueryOrderBookRequest,
  QueryOrderBookResponse,
  QueryOrderLimitsRequest,
  QueryOrderLimitsResponse,
  QueryPositionRequest,
  QueryPositionResponse,
  QueryPreviewRequest,
  QueryPreviewResponse,
  QuerySubaccountRequest,
  QuerySubaccountResponse,
} from '../gen/plimsoll/perps/v1/query.js';
import { MsgClaimRecovery } from '../gen/plimsoll/perps/v1/recovery.js';
import * as keepers from '../gen/plimsoll/perps/v1/keeper_bids.js';
import * as netting from '../gen/plimsoll/perps/v1/netting.js';
import * as perps from '../gen/plimsoll/perps/v1/tx.js';

/** bech32 prefix of accounts. */
export const addressPrefix = 'plim';

const message = (name: string, type: unknown): [string, GeneratedType] => [name, type as GeneratedType];

/** Types of the messages that traders send, for a cosmjs Registry. */
export const plimsollTypes: readonly [string, GeneratedType][] = [
  message('/plimsoll.perps.v1.MsgDeposit', perps.MsgDeposit),
  message('/plimsoll.perps.v1.MsgWithdraw', perps.MsgWithdraw),
  message('/plimsoll.perps.v1.MsgTransfer', perps.MsgTransfer),
  message('/plimsoll.perps.v1.MsgPlaceOrder', perps.MsgPlaceOrder),
  message('/plimsoll.perps.v1.MsgCancelOrder', perps.MsgCancelOrder),
  message('/plimsoll.perps.v1.MsgCancelAllOrders', perps.MsgCancelAllOrders),
  message('/plimsoll.perps.v1.MsgBuyCollateral', perps.MsgBuyCollateral),
  message('/plimsoll.perps.v1.MsgBatchOrders', perps.MsgBatchOrders),
  message('/plimsoll.perps.v1.MsgAmendOrder', perps.MsgAmendOrder),
  message('/plimsoll.perps.v1.MsgPlaceConditionalOrder', perps.MsgPlaceConditionalOrder),
  message('/plimsoll.perps.v1.MsgPlaceTwapOrder', perps.MsgPlaceTwapOrder),
  message('/plimsoll.perps.v1.MsgPlaceScaleOrder', perps.MsgPlaceScaleOrder),
  message('/plimsoll.perps.v1.MsgPlacePeggedOrder', perps.MsgPlacePeggedOrder),
  message('/plimsoll.perps.v1.MsgScheduleCancel', perps.MsgScheduleCancel),
  message('/plimsoll.perps.v1.MsgPlaceKeeperBid', keepers.MsgPlaceKeeperBid),
  message('/plimsoll.perps.v1.MsgCancelKeeperBid', keepers.MsgCancelKeeperBid),
  message('/plimsoll.perps.v1.MsgRequestNetting', netting.MsgRequestNetting),
  message('/plimsoll.perps.v1.MsgCancelNetting', netting.MsgCancelNetting),
  message('/plimsoll.perps.v1.MsgClaimRecovery', MsgClaimRecovery),
  message('/plimsoll.insurance.v1.MsgContribute', insurance.MsgContribute),
  message('/plimsoll.insurance.v1.MsgDeposit', insurance.MsgDeposit),
  message('/plimsoll.insurance.v1.MsgRequestExit', insurance.MsgRequestExit),
  message('/plimsoll.insurance.v1.MsgCancelExit', insurance.MsgCancelExit),
];

export const plimsollRegistry = (): Registry => new Registry([...defaultRegistryTypes, ...plimsollTypes]);

/** A signing client that knows the chain's messages. */
export function connectPlimsoll(
  endpoint: string,
  signer: OfflineSigner,
  options: SigningStargateClientOptions = {},
): Promise<SigningStargateClient> {
  return SigningStargateClient.connectWithSigner(endpoint, signer, { registry: plimsollRegistry(), ...options });
}

interface Wire<T> {
  encode(message: T): { finish(): Uint8Array };
  decode(input: Uint8Array): T;
}

/** Queries that traders ask, over RPC. */
export class PerpsQueries {
  readonly #request: (method: string, data: Uint8Array) => Promise<Uint8Array>;
  readonly #registry = plimsollRegistry();

  constructor(comet: CometClient) {
    const rpc = createProtobufRpcClient(new QueryClient(comet));
    this.#request = (method, data) => rpc.request('plimsoll.perps.v1.Query', method, data);
  }

  async market(marketId: number) {
    return (await this.#ask('Market', QueryMarketRequest, QueryMarketResponse, { marketId })).market;
  }

  /** Equity, margins and positions. */
  async subaccount(owner: string, number = 0) {
    return (await this.#ask('Subaccount', QuerySubaccountRequest, QuerySubaccountResponse, { owner, number }))
      .subaccount;
  }

  async position(owner: string, marketId: number, number = 0) {
    return (await this.#ask('Position', QueryPositionRequest, QueryPositionResponse, { owner, number, marketId }))
      .position;
  }

  /** Orders that wait for a price, with the price that triggers each now. */
  async conditionalOrders(owner: string, number = 0) {
    const request = { owner, number, marketId: 0, pagination: undefined };
    return (
      await this.#ask('ConditionalOrders', QueryConditionalOrdersRequest, QueryConditionalOrdersResponse, request)
    ).orders;
  }

  /** TWAP and pegged orders. */
  async algoOrders(owner: string, number = 0) {
    const request = { owner, number, marketId: 0, pagination: undefined };
    return (await this.#ask('AlgoOrders', QueryAlgoOrdersRequest, QueryAlgoOrdersResponse, request)).orders;
  }

  /** How many orders of each kind there are and may be, and when all are cancelled. */
  async orderLimits(owner: string, number = 0) {
    return this.#ask('OrderLimits', QueryOrderLimitsRequest, QueryOrderLimitsResponse, { owner, number });
  }

  /** A subaccount's bids for failing positions; of one market when given. */
  async keeperBids(owner: string, number = 0, marketId = 0) {
    const request = { owner, number, marketId, pagination: undefined };
    return (await this.#ask('KeeperBids', QueryKeeperBidsRequest, QueryKeeperBidsResponse, request)).bids;
  }

  /** All keepers' bids of a market by discount, and the largest discount that is granted now. */
  async keeperBidBook(marketId: number) {
    return this.#ask('KeeperBidBook', QueryKeeperBidBookRequest, QueryKeeperBidBookResponse, { marketId });
  }

  /** A subaccount's requests to net positions of stopped markets. */
  async nettingRequests(owner: string, number = 0) {
    const request = { owner, number, pagination: undefined };
    return (await this.#ask('NettingRequests', QueryNettingRequestsRequest, QueryNettingRequestsResponse, request))
      .requests;
  }

  async orderBook(marketId: number, depth = 20) {
    return this.#ask('OrderBook', QueryOrderBookRequest, QueryOrderBookResponse, { marketId, depth });
  }

  /**
   * What messages would do to a subaccount, and the chain's own error if it
   * would refuse them; nothing is signed or sent.
   * @param prices marks that are assumed, by market
   */
  async preview(
    owner: string,
    messages: readonly EncodeObject[],
    { number = 0, prices = {} }: { readonly number?: number; readonly prices?: Readonly<Record<number, bigint>> } = {},
  ) {
    return this.#ask('Preview', QueryPreviewRequest, QueryPreviewResponse, {
      owner,
      number,
      messages: messages.map((each) => this.#registry.encodeAsAny(each)),
      prices: Object.entries(prices).map(([marketId, price]) => ({ marketId: Number(marketId), price })),
    });
  }

  async #ask<Q, R>(method: string, request: Wire<Q>, response: Wire<R>, value: Q): Promise<R> {
    return response.decode(await this.#request(method, request.encode(value).finish()));
  }
}
