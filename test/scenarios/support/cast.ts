import { createHash } from 'node:crypto';
import assert from 'node:assert/strict';
import { addBalance, type AppState } from '../../../app/genesis.js';
import { signingKey, type SigningKey } from '../../../cmd/plimsolld/keyring/keyring.js';
import { Side } from '../../../gen/plimsoll/perps/v1/types.js';
import type { MsgPlaceOrder } from '../../../gen/plimsoll/perps/v1/tx.js';
import { fromBech32 } from '../../../runtime/crypto/address.js';
import type { TxMessage } from '../../../runtime/codec/tx.js';
import type { ProducedBlock } from '../../../runtime/engine/engine.js';
import { equity, maintenanceMargin } from '../../../x/perps/margin/index.js';
import { freeCollateral } from '../../../x/perps/msgs/common.js';
import { withdrawalStore } from '../../../x/perps/withdrawals/store.js';
import { usdcId } from '../../../x/perps/withdrawals/types.js';
import { subaccountKey } from '../../../x/perps/subaccount-key.js';
import type { AccountView } from '../../../x/perps/types.js';
import { deposit, order, withdraw } from '../../support/messages.js';
import { cancelAll } from '../../support/orders.js';
import { Stage, type StageOptions } from './stage.js';

export const { SIDE_BUY: buy, SIDE_SELL: sell } = Side;

/** The same name has the same key in every run. */
export const keyOf = (name: string): SigningKey => signingKey(createHash('sha256').update(`scenario ${name}`).digest());

export interface CastOptions extends StageOptions {
  /** Names of those who play, each with so many uusdc in the wallet. */
  readonly cast: Readonly<Record<string, bigint>>;
}

/** What became of somebody's transaction. */
export interface Answer {
  readonly code: number;
  readonly log: string;
}

/** A block with what became of each transaction, by who sent it. */
export interface Played {
  readonly block: ProducedBlock;
  readonly answers: ReadonlyMap<string, Answer>;
}

/** People who trade on a stage by signed transactions, and what they brought and took. */
export class Cast {
  readonly #keys: ReadonlyMap<string, SigningKey>;
  #clientId = 0n;

  private constructor(
    readonly stage: Stage,
    readonly brought: Readonly<Record<string, bigint>>,
  ) {
    this.#keys = new Map(Object.keys(brought).map((name) => [name, keyOf(name)]));
  }

  static async open({ cast, change, ...rest }: CastOptions): Promise<Cast> {
    const stage = await Stage.open({
      ...rest,
      change(state: AppState) {
        for (const [name, amount] of Object.entries(cast)) addBalance(state, keyOf(name).address, 'uusdc', amount);
        change?.(state);
      },
    });
    return new Cast(stage, cast);
  }

  key(name: string): SigningKey {
    return this.#keys.get(name)!;
  }

  get names(): readonly string[] {
    return [...this.#keys.keys()];
  }

  /**
   * A block in which each of these sends one transaction.
   * @throws AssertionError when one fails, unless its sender is named in `mayFail`
   */
  async block(
    scripts: Readonly<Record<string, readonly TxMessage[]>> = {},
    { afterMs = 1_000n, mayFail = [] }: { readonly afterMs?: bigint; readonly mayFail?: readonly string[] } = {},
  ): Promise<Played> {
    const senders = Object.entries(scripts).filter(([, messages]) => messages.length > 0);
    const txs = senders.map(([name, messages]) =>
      this.stage.chain.sign(this.key(name), messages, { gasLimit: 300_000n + 200_000n * BigInt(messages.length) }),
    );
    const block = await this.stage.block(txs, afterMs);
    // The votes on prices are first.
    const own = block.results.txResults.slice(block.results.txResults.length - txs.length);
    const answers = new Map(senders.map(([name], at) => [name, { code: own[at]!.code, log: own[at]!.log }]));
    for (const [name, { code, log }] of answers) assert.ok(code === 0 || mayFail.includes(name), `${name}: ${log}`);
    return { block, answers };
  }

  async blocks(count: number, afterMs = 1_000n): Promise<void> {
    for (let at = 0; at < count; at++) await this.block({}, { afterMs });
  }

  /** Prices that are voted in the next block and hold from the one after it. */
  async move(prices: Readonly<Record<string, string>>, blocks = 2, afterMs = 1_000n): Promise<void> {
    this.stage.chain.prices.set(prices);
    await this.blocks(blocks, afterMs);
  }

  /** An order of a client id that nobody used. */
  order(name: string, side: Side, quantity: bigint, price: bigint, changes: Partial<MsgPlaceOrder> = {}): TxMessage {
    this.#clientId++;
    return order(this.key(name), side, quantity, price, { clientId: this.#clientId, ...changes });
  }

  deposit(name: string, amount: bigint): TxMessage {
    return deposit(this.key(name), amount);
  }

  withdraw(name: string, amount: bigint): TxMessage {
    return withdraw(this.key(name), amount);
  }

  cancelAll(name: string): TxMessage {
    return cancelAll(this.key(name));
  }

  /** Two who take opposite sides of a market at one price in one block. */
  async trade(
    buyer: string,
    seller: string,
    quantity: bigint,
    price: bigint,
    changes: Partial<MsgPlaceOrder> = {},
    mayFail: readonly string[] = [],
  ): Promise<Played> {
    return this.block(
      {
        [buyer]: [this.order(buyer, buy, quantity, price, changes)],
        [seller]: [this.order(seller, sell, quantity, price, changes)],
      },
      { mayFail },
    );
  }

  account(name: string, number = 0): AccountView {
    const { plimsoll } = this.stage.chain;
    const owner = fromBech32(this.key(name).address);
    return plimsoll.keepers.perps.account(plimsoll.app.queryContext(), subaccountKey(owner, number));
  }

  position(name: string, marketId = 1): bigint {
    return this.account(name).positions.find((each) => each.marketId === marketId)?.quantity ?? 0n;
  }

  #markets() {
    const { plimsoll } = this.stage.chain;
    return plimsoll.keepers.perps.markets(plimsoll.app.queryContext());
  }

  equity(name: string): bigint {
    return equity(this.account(name), this.#markets());
  }

  margin(name: string): bigint {
    return maintenanceMargin(this.account(name), this.#markets());
  }

  /** What the chain would let out now. */
  free(name: string): bigint {
    const { plimsoll } = this.stage.chain;
    return freeCollateral(plimsoll.app.queryContext(), plimsoll.perpsDeps, this.account(name));
  }

  wallet(name: string): bigint {
    const { plimsoll } = this.stage.chain;
    return plimsoll.keepers.bank.balance(plimsoll.app.queryContext(), fromBech32(this.key(name).address), 'uusdc');
  }

  /** What was asked for and waits for its turn. */
  waiting(name: string): bigint {
    const { app } = this.stage.chain.plimsoll;
    const key = subaccountKey(fromBech32(this.key(name).address), 0);
    return withdrawalStore.queued(app.queryContext(), key, usdcId)?.amount ?? 0n;
  }

  /** Asks for all that is free. @returns how much of it reached the wallets at once */
  async leave(...names: readonly string[]): Promise<bigint> {
    const before = names.reduce((sum, name) => sum + this.wallet(name), 0n);
    await this.block(
      Object.fromEntries(
        names.map((name) => {
          const free = this.free(name);
          return [name, free > 0n ? [this.withdraw(name, free)] : []];
        }),
      ),
      { mayFail: names },
    );
    return names.reduce((sum, name) => sum + this.wallet(name), 0n) - before;
  }

  /** Reached wallets, less what left them. */
  taken(...names: readonly string[]): bigint {
    return names.reduce((sum, name) => sum + this.wallet(name) - this.brought[name]!, 0n);
  }

  /** What they have in wallets, on its way there, and in accounts at mark, less what they brought. */
  profit(...names: readonly string[]): bigint {
    return names.reduce((sum, name) => sum + this.waiting(name) + this.equity(name), this.taken(...names));
  }

  close(): Promise<void> {
    return this.stage.close();
  }
}
