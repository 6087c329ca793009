import { MsgCancelAllOrders, MsgDeposit, MsgPlaceOrder } from '../../../gen/plimsoll/perps/v1/tx.js';
import {
  QueryMarketsRequest,
  QueryMarketsResponse,
  QuerySubaccountRequest,
  QuerySubaccountResponse,
} from '../../../gen/plimsoll/perps/v1/query.js';
import { OrderType, Side, TimeInForce } from '../../../gen/plimsoll/perps/v1/types.js';
import type { TxMessage } from '../../../runtime/codec/tx.js';
import type { Logger } from '../../../runtime/log.js';
import { ChainClient } from '../chain-client.js';
import type { SigningKey } from '../keyring/keyring.js';
import { signDirect } from '../tx/sign.js';

/** Price levels on each side, the distance between them, and the worth of each in USDC. */
const levels = 8n;
const spacingPpm = 400n;
const levelWorth = 20_000_000_000n;
const depositAmount = '5000000000000';
const million = 1_000_000n;
const gasPerMessage = 120_000n;

/** Quotes both sides of every market through the public RPC, with signed transactions like anybody's. */
export class MarketMaker {
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #round: Promise<void> = Promise.resolve();
  #quoted: () => void = () => {};
  /** Resolves when quotes stand on the book for the first time. */
  readonly firstQuotes = new Promise<void>((resolve) => (this.#quoted = resolve));

  constructor(
    readonly url: string,
    readonly key: SigningKey,
    readonly everyMs: number,
    readonly logger: Logger,
  ) {}

  start(): void {
    const tick = (): void => {
      if (this.#stopped) return;
      this.#round = this.#quote()
        .catch((error: Error) => this.logger.warn({ reason: error.message }, 'market maker skips a round'))
        .finally(() => {
          if (!this.#stopped) this.#timer = setTimeout(tick, this.everyMs);
        });
    };
    tick();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#round;
  }

  async #quote(): Promise<void> {
    const client = await ChainClient.connect(this.url);
    try {
      const marketsBytes = await client.query(
        '/plimsoll.perps.v1.Query/Markets',
        QueryMarketsRequest.encode({ pagination: undefined }).finish(),
      );
      const { markets } = QueryMarketsResponse.decode(marketsBytes);
      if (markets.some(({ state }) => state!.markPrice === 0n)) throw new Error('no prices yet');
      const messages: TxMessage[] = [];
      const owner = this.key.address;
      if (!(await this.#isFunded(client))) {
        messages.push({
          typeName: 'plimsoll.perps.v1.MsgDeposit',
          bytes: MsgDeposit.encode({
            owner,
            subaccountNumber: 0,
            amount: { denom: 'uusdc', amount: depositAmount },
          }).finish(),
        });
      }
      messages.push({
        typeName: 'plimsoll.perps.v1.MsgCancelAllOrders',
        bytes: MsgCancelAllOrders.encode({ owner, subaccountNumber: 0, marketId: 0 }).finish(),
      });
      for (const { market, state } of markets) {
        const { tickSize, stepSize, baseExponent, priceExponent, id } = market!;
        const mark = state!.markPrice;
        // Worth one level: quantity * price = worth * 10^-(base + price + 6).
        const scale = 10n ** BigInt(-(baseExponent + priceExponent + 6));
        const quantity = ((levelWorth * scale) / mark / stepSize) * stepSize;
        for (let level = 1n; level <= levels; level++) {
          const offset = (mark * spacingPpm * level) / million;
          for (const side of [Side.SIDE_BUY, Side.SIDE_SELL]) {
            const exact = side === Side.SIDE_BUY ? mark - offset : mark + offset;
            const order = MsgPlaceOrder.encode(
              MsgPlaceOrder.fromPartial({
                owner,
                marketId: id,
                clientId: 2n * level + BigInt(side),
                side,
                type: OrderType.ORDER_TYPE_LIMIT,
                quantity,
                price: (exact / tickSize) * tickSize,
                timeInForce: TimeInForce.TIME_IN_FORCE_GTC,
              }),
            );
            messages.push({ typeName: 'plimsoll.perps.v1.MsgPlaceOrder', bytes: order.finish() });
          }
        }
      }
      const account = await client.account(owner);
      const tx = signDirect({ messages, fee: [], gasLimit: gasPerMessage * BigInt(messages.length + 1) }, this.key, {
        chainId: client.chainId,
        ...account,
      });
      const { result } = await client.waitFor(await client.broadcast(tx));
      if (result.code !== 0) throw new Error(result.log ?? `code ${result.code}`);
      this.#quoted();
    } finally {
      client.close();
    }
  }

  async #isFunded(client: ChainClient): Promise<boolean> {
    try {
      const request = QuerySubaccountRequest.encode({ owner: this.key.address, number: 0 }).finish();
      const { subaccount } = QuerySubaccountResponse.decode(
        await client.query('/plimsoll.perps.v1.Query/Subaccount', request),
      );
      return BigInt(subaccount!.equity) > 0n;
    } catch (error) {
      if (/NotFound/.test((error as Error).message)) return false;
      throw error;
    }
  }
}
