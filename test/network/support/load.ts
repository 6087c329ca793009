import { DirectSecp256k1HdWallet, type EncodeObject } from '@cosmjs/proto-signing';
import { TxRaw } from 'cosmjs-types/cosmos/tx/v1beta1/tx';
import type { SigningStargateClient } from '@cosmjs/stargate';
import { connectPlimsoll } from '../../../client/index.js';
import { demoAccounts } from '../../../cmd/plimsolld/devnet/demo.js';
import { MsgDeposit, MsgPlaceOrder } from '../../../gen/plimsoll/perps/v1/tx.js';
import { OrderType, Side, TimeInForce } from '../../../gen/plimsoll/perps/v1/types.js';
import { chainId, type NetworkNode } from './network.js';

const fee = { amount: [], gas: '500000' };

/** A trader with a node of its own, on the unmodified cosmjs client. */
export class Trader {
  /** Transactions that the node admitted. */
  admitted = 0;
  /** Blocks said the last one of each batch succeeded. */
  included = 0;
  #stopping = false;
  #orders = 1;

  private constructor(
    readonly client: SigningStargateClient,
    readonly address: string,
    readonly side: Side,
  ) {}

  /** The demo account of that index, at a node. */
  static async connect(node: NetworkNode, index: number): Promise<Trader> {
    const { mnemonic } = demoAccounts[index % demoAccounts.length]!;
    const wallet = await DirectSecp256k1HdWallet.fromMnemonic(mnemonic, { prefix: 'plim' });
    const client = await connectPlimsoll(node.rpc, wallet, { broadcastPollIntervalMs: 150 });
    const { address } = (await wallet.getAccounts())[0]!;
    return new Trader(client, address, index % 2 === 0 ? Side.SIDE_BUY : Side.SIDE_SELL);
  }

  /** Deposits, then orders and transfers in batches until `stop`. */
  async run(): Promise<void> {
    const deposit: EncodeObject = {
      typeUrl: '/plimsoll.perps.v1.MsgDeposit',
      value: MsgDeposit.fromPartial({ owner: this.address, amount: { denom: 'uusdc', amount: '50000000000' } }),
    };
    await this.#batch([deposit]);
    while (!this.#stopping) {
      await this.#batch([this.#order(), this.#order(), this.#transfer(), this.#order()]);
    }
  }

  stop(): void {
    this.#stopping = true;
  }

  /** One transaction for each message, sent without waiting for the one before; then waits for the last. */
  async #batch(messages: readonly EncodeObject[]): Promise<void> {
    const { accountNumber, sequence } = await this.client.getSequence(this.address);
    let last = '';
    for (const [index, message] of messages.entries()) {
      const signed = await this.client.sign(this.address, [message], fee, '', {
        accountNumber,
        sequence: sequence + index,
        chainId,
      });
      last = await this.client.broadcastTxSync(TxRaw.encode(signed).finish());
      this.admitted++;
    }
    const until = Date.now() + 60_000;
    while (Date.now() < until) {
      if ((await this.client.getTx(last)) !== null) {
        this.included++;
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    throw new Error(`${this.address}: transaction ${last} was admitted and is in no block`);
  }

  #order(): EncodeObject {
    return {
      typeUrl: '/plimsoll.perps.v1.MsgPlaceOrder',
      value: MsgPlaceOrder.fromPartial({
        owner: this.address,
        marketId: 1,
        clientId: BigInt(this.#orders++),
        side: this.side,
        type: OrderType.ORDER_TYPE_LIMIT,
        timeInForce: TimeInForce.TIME_IN_FORCE_GTC,
        quantity: 100_000n,
        price: this.side === Side.SIDE_BUY ? 60_300_000_000n : 59_700_000_000n,
      }),
    };
  }

  #transfer(): EncodeObject {
    return {
      typeUrl: '/cosmos.bank.v1beta1.MsgSend',
      value: {
        fromAddress: this.address,
        toAddress: this.address,
        amount: [{ denom: 'uplim', amount: '1' }],
      },
    };
  }
}
