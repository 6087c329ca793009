import type { EncodeObject, OfflineSigner } from '@cosmjs/proto-signing';
import type { SigningStargateClient } from '@cosmjs/stargate';
import { Comet38Client } from '@cosmjs/tendermint-rpc';
import { OrderType, Side, TimeInForce } from '../../gen/plimsoll/perps/v1/types.js';
import { MsgPlaceOrder } from '../../gen/plimsoll/perps/v1/tx.js';
import { connectPlimsoll, PerpsQueries } from '../plimsoll.js';
import { planBids, planHedge, type Limits, type MarketNow, type WantedBid } from './plan.js';

export interface KeeperConfig {
  readonly node: string;
  /** Its own subaccount: the keeper takes every position in it for inventory. */
  readonly subaccount: number;
  readonly bids: readonly WantedBid[];
  readonly limits: Limits;
  /** Deposited when the subaccount does not exist yet; zero deposits nothing. */
  readonly deposit: bigint;
}

/** What a keeper says of its work; amounts in quote quanta. */
export type KeeperReport =
  | { readonly kind: 'deposited'; readonly amount: bigint }
  | { readonly kind: 'bids'; readonly marketId: number; readonly placed: number; readonly cancelled: number }
  | {
      readonly kind: 'fill';
      readonly height: number;
      readonly marketId: number;
      readonly side: string;
      readonly quantity: string;
      readonly price: string;
      readonly discountPpm: number;
      readonly notional: bigint;
      readonly from: string;
    }
  | { readonly kind: 'hedge'; readonly marketId: number; readonly side: 'buy' | 'sell'; readonly quantity: bigint };

const gasPerMessage = 250_000;
const gasOfTransaction = 150_000;
/** Blocks whose results are read in one round: after a pause the keeper catches up in several. */
const blocksPerRound = 100;

/**
 * A keeper in a few rules: keep the wanted bids standing while there is room
 * for inventory, read from each block what they took over, and close what was
 * taken on the book, a part at a time and within a slippage. Everything goes
 * through public RPC.
 */
export class Keeper {
  readonly #config: KeeperConfig;
  readonly #report: (report: KeeperReport) => void;
  readonly #comet: Comet38Client;
  readonly #client: SigningStargateClient;
  readonly #queries: PerpsQueries;
  readonly #owner: string;
  /** Last block whose results were read. */
  #seen: number;

  private constructor(
    config: KeeperConfig,
    report: (report: KeeperReport) => void,
    comet: Comet38Client,
    client: SigningStargateClient,
    owner: string,
    height: number,
  ) {
    this.#config = config;
    this.#report = report;
    this.#comet = comet;
    this.#client = client;
    this.#queries = new PerpsQueries(comet);
    this.#owner = owner;
    this.#seen = height;
  }

  static async connect(
    config: KeeperConfig,
    signer: OfflineSigner,
    report: (report: KeeperReport) => void,
  ): Promise<Keeper> {
    const [account] = await signer.getAccounts();
    if (account === undefined) throw new Error('the signer has no account');
    const comet = await Comet38Client.connect(config.node);
    const client = await connectPlimsoll(config.node, signer, { broadcastPollIntervalMs: 200 });
    const { syncInfo } = await comet.status();
    return new Keeper(config, report, comet, client, account.address, syncInfo.latestBlockHeight);
  }

  /** One round: tell of fills, close inventory, refresh bids. @throws Error when the chain refuses a transaction */
  async round(): Promise<void> {
    await this.#tellFills();
    await this.#ensureFunds();
    const messages: EncodeObject[] = [];
    const reports: KeeperReport[] = [];
    for (const marketId of new Set(this.#config.bids.map((bid) => bid.marketId))) {
      const market = await this.#market(marketId);
      if (market === undefined) continue;
      this.#addHedge(market, messages, reports);
      await this.#addBids(market, messages, reports);
    }
    if (messages.length === 0) return;
    await this.#send(messages);
    for (const report of reports) this.#report(report);
  }

  /** Takes all bids back. */
  async cancelBids(): Promise<void> {
    const messages: EncodeObject[] = [];
    for (const { marketId, clientId } of await this.#queries.keeperBids(this.#owner, this.#config.subaccount))
      messages.push(this.#cancellation(marketId, clientId));
    if (messages.length > 0) await this.#send(messages);
  }

  close(): void {
    this.#client.disconnect();
    this.#comet.disconnect();
  }

  /** Reads the results of new blocks; fills of keepers are events of a block, not of a transaction. */
  async #tellFills(): Promise<void> {
    const { syncInfo } = await this.#comet.status();
    const newest = Math.min(syncInfo.latestBlockHeight, this.#seen + blocksPerRound);
    for (let height = this.#seen + 1; height <= newest; height++) {
      const { finalizeBlockEvents } = await this.#comet.blockResults(height);
      for (const { type, attributes } of finalizeBlockEvents) {
        if (type !== 'plimsoll.perps.v1.EventKeeperFill') continue;
        const fields = new Map(attributes.map(({ key, value }) => [key, JSON.parse(value) as unknown]));
        const keeper = fields.get('keeper') as { owner: string; number: number };
        if (keeper.owner !== this.#owner || keeper.number !== this.#config.subaccount) continue;
        const failing = fields.get('subaccount') as { owner: string; number: number };
        this.#report({
          kind: 'fill',
          height,
          marketId: Number(fields.get('market_id')),
          side: String(fields.get('side')),
          quantity: String(fields.get('quantity')),
          price: String(fields.get('price')),
          discountPpm: Number(fields.get('discount_ppm')),
          notional: BigInt(fields.get('notional') as string),
          from: `${failing.owner}/${failing.number}`,
        });
      }
      this.#seen = height;
    }
  }

  async #ensureFunds(): Promise<void> {
    const { deposit, subaccount } = this.#config;
    if (deposit === 0n || (await this.#exists())) return;
    await this.#send([
      {
        typeUrl: '/plimsoll.perps.v1.MsgDeposit',
        value: {
          owner: this.#owner,
          subaccountNumber: subaccount,
          amount: { denom: 'uusdc', amount: deposit.toString() },
        },
      },
    ]);
    this.#report({ kind: 'deposited', amount: deposit });
  }

  async #exists(): Promise<boolean> {
    try {
      return (await this.#queries.subaccount(this.#owner, this.#config.subaccount)) !== undefined;
    } catch (error) {
      if (/not found/i.test((error as Error).message)) return false;
      throw error;
    }
  }

  /** A market with the keeper's position in it; undefined before its first price. */
  async #market(marketId: number): Promise<MarketNow | undefined> {
    const found = await this.#queries.market(marketId);
    if (found?.market === undefined || found.state === undefined || found.state.markPrice === 0n) return undefined;
    const account = await this.#queries.subaccount(this.#owner, this.#config.subaccount);
    const held = account?.positions.find(({ position }) => position?.marketId === marketId);
    const { maxDiscountPpm } = await this.#queries.keeperBidBook(marketId);
    return {
      ...found.market,
      markPrice: found.state.markPrice,
      position: held?.position?.quantity ?? 0n,
      maxDiscountPpm,
    };
  }

  #addHedge(market: MarketNow, messages: EncodeObject[], reports: KeeperReport[]): void {
    const hedge = planHedge(market, this.#config.limits);
    if (hedge === undefined) return;
    messages.push({
      typeUrl: '/plimsoll.perps.v1.MsgPlaceOrder',
      value: MsgPlaceOrder.fromPartial({
        owner: this.#owner,
        subaccountNumber: this.#config.subaccount,
        marketId: market.id,
        // It ends with its block, so that the id is free again.
        clientId: 1n,
        type: OrderType.ORDER_TYPE_LIMIT,
        timeInForce: TimeInForce.TIME_IN_FORCE_IOC,
        reduceOnly: true,
        ...hedge,
      }),
    });
    const side = hedge.side === Side.SIDE_BUY ? 'buy' : 'sell';
    reports.push({ kind: 'hedge', marketId: market.id, side, quantity: hedge.quantity });
  }

  async #addBids(market: MarketNow, messages: EncodeObject[], reports: KeeperReport[]): Promise<void> {
    const { bids, limits, subaccount } = this.#config;
    const open = await this.#queries.keeperBids(this.#owner, subaccount, market.id);
    const wanted = bids.filter(({ marketId }) => marketId === market.id);
    const { cancel, place } = planBids(market, wanted, open, limits);
    for (const clientId of cancel) messages.push(this.#cancellation(market.id, clientId));
    for (const { side, notional, minDiscountPpm, clientId } of place) {
      messages.push({
        typeUrl: '/plimsoll.perps.v1.MsgPlaceKeeperBid',
        value: {
          owner: this.#owner,
          subaccountNumber: subaccount,
          marketId: market.id,
          clientId,
          side,
          maxNotional: notional.toString(),
          minDiscountPpm,
        },
      });
    }
    if (cancel.length + place.length > 0)
      reports.push({ kind: 'bids', marketId: market.id, placed: place.length, cancelled: cancel.length });
  }

  #cancellation(marketId: number, clientId: bigint): EncodeObject {
    return {
      typeUrl: '/plimsoll.perps.v1.MsgCancelKeeperBid',
      value: { owner: this.#owner, subaccountNumber: this.#config.subaccount, marketId, clientId },
    };
  }

  async #send(messages: readonly EncodeObject[]): Promise<void> {
    const fee = { amount: [], gas: String(gasOfTransaction + gasPerMessage * messages.length) };
    const { code, rawLog } = await this.#client.signAndBroadcast(this.#owner, messages, fee);
    if (code !== 0) throw new Error(rawLog ?? `refused with code ${code}`);
  }
}
