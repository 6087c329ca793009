import { planBids, planHedge, type MarketNow, type WantedBid } from '../../../../client/keeper/plan.js';
import type { GenesisMarket } from '../../../../cmd/plimsolld/node/init.js';
import { Side } from '../../../../gen/plimsoll/perps/v1/types.js';
import type { Wallet } from '../../../../cmd/plimsolld/replay/wallet.js';
import type { PlimsollApp } from '../../../../app/app.js';
import { keeperBids } from '../../../../x/perps/keeper-bids/store.js';
import { sideToProto } from '../../../../x/perps/codecs.js';
import { equity } from '../../../../x/perps/margin/index.js';
import { subaccountKey } from '../../../../x/perps/subaccount-key.js';
import { json, type Message } from '../../message.js';

/** It holds at most so many times what it has, and takes nothing more once half is lost. */
const inventory = 2n;
const lossLimit = 2n;
/** It sells a fifth of what it holds in a step, within half a per cent of the price. */
const hedgePart = 5n;
const hedgeSlippagePpm = 5_000;
/** Least notional of a bid, quote quanta. */
const minBid = 1_000_000_000n;
/** Discounts that it asks, as parts of a thousand of the maintenance rate in calm, and the part of its room that it offers at each. */
const asked = [100, 200, 400] as const;
const step = 500;

/** One keeper who runs the example program's rules (client/keeper). */
export class StandingKeeper {
  readonly #key: string;

  /** @param capital what it began with, quote quanta */
  constructor(
    readonly wallet: Wallet,
    private readonly market: GenesisMarket,
    private readonly maintenancePpm: number,
    private readonly capital: bigint,
  ) {
    this.#key = subaccountKey(wallet.address, 0);
  }

  /** What it sends for the next block: bids that changed, and in the first block of a step an order that closes a part of what it holds. */
  messages({ app, keepers }: PlimsollApp, firstOfStep: boolean): Message[] {
    const from = app.queryContext();
    const account = keepers.perps.account(from, this.#key);
    const worth = equity(account, keepers.perps.markets(from));
    const markPrice = keepers.perps.marketView(from, 1).markPrice;
    const held = account.positions[0]?.quantity ?? 0n;
    const now: MarketNow = {
      ...this.market.market,
      markPrice,
      position: held,
      maxDiscountPpm: Math.floor(Number(keepers.perps.marketView(from, 1).maintenanceRate) / 2_000),
    };
    const maxInventory = worth * lossLimit < this.capital ? 0n : worth * inventory;
    const limits = { maxInventory, hedgeNotional: this.#hedgeNotional(held, markPrice), hedgeSlippagePpm, minBid };
    const sent: Message[] = [];
    const hedge = firstOfStep ? planHedge(now, limits) : undefined;
    if (hedge !== undefined) sent.push(this.#order(hedge));
    const open = [...keeperBids.of(from, this.#key)].map(([{ clientId }, terms]) => ({
      clientId,
      side: sideToProto(terms.side),
      remaining: terms.remaining.toString(),
      minDiscountPpm: Number(terms.minDiscount),
    }));
    const { cancel, place } = planBids(now, this.#wanted(maxInventory), open, limits);
    for (const clientId of cancel) sent.push(this.#message('MsgCancelKeeperBid', { client_id: clientId }));
    for (const { clientId, side, notional, minDiscountPpm } of place)
      sent.push(
        this.#message('MsgPlaceKeeperBid', {
          client_id: clientId,
          side: side === Side.SIDE_BUY ? 'SIDE_BUY' : 'SIDE_SELL',
          max_notional: notional,
          min_discount_ppm: minDiscountPpm,
        }),
      );
    return sent;
  }

  #hedgeNotional(held: bigint, markPrice: bigint): bigint {
    const notional = ((held < 0n ? -held : held) * markPrice) / 10n ** 8n;
    const part = notional / hedgePart;
    // What is left of little goes whole.
    return part < minBid ? notional : part;
  }

  /** Bids on both sides, an equal part of the room at each discount. */
  #wanted(room: bigint): WantedBid[] {
    return asked.flatMap((part) => {
      const minDiscountPpm = Math.max(step, Math.floor((this.maintenancePpm * part) / 1_000 / step) * step);
      const notional = room / BigInt(asked.length);
      return [Side.SIDE_BUY, Side.SIDE_SELL].map((side) => ({ marketId: 1, side, notional, minDiscountPpm }));
    });
  }

  #order({ side, quantity, price }: { side: Side; quantity: bigint; price: bigint }): Message {
    return this.#message('MsgPlaceOrder', {
      // It ends with its block, so that the id is free again.
      client_id: 1n,
      side: side === Side.SIDE_BUY ? 'SIDE_BUY' : 'SIDE_SELL',
      type: 'ORDER_TYPE_LIMIT',
      quantity,
      price,
      time_in_force: 'TIME_IN_FORCE_IOC',
      reduce_only: true,
    });
  }

  #message(name: string, fields: Readonly<Record<string, unknown>>): Message {
    return json(`plimsoll.perps.v1.${name}`, {
      owner: this.wallet.bech32,
      subaccount_number: 0,
      market_id: 1,
      ...fields,
    });
  }
}
