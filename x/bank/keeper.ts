import { Metadata, Params } from '../../gen/cosmos/bank/v1beta1/bank.js';
import type { Context } from '../../runtime/baseapp/context.js';
import { FatalError, sdkErrors } from '../../runtime/baseapp/errors.js';
import { moduleAddress, toBech32 } from '../../runtime/crypto/address.js';
import { decimal } from '../../runtime/store/codecs.js';
import { Collection, Item, protoCodec, type Stores } from '../../runtime/store/collection.js';
import { bytes as bytesKey, keyBytes, text } from '../../runtime/store/key.js';
import type { KVStore } from '../../runtime/store/types.js';
import type { AccountKeeper } from './expected_keepers.js';

export const storeName = 'bank';

/** Decimal text: what explorers that read the store expect, and short for common amounts. */
const amountCodec = decimal;

const params = new Item(storeName, 1, protoCodec<Params>(Params));
/** (address, denomination) → amount. */
const balances = new Collection<readonly [Uint8Array, string], bigint>(
  storeName,
  2,
  {
    encode: ([address, denom]) => bytesKey(address) + text(denom),
    decode: (key) => [keyBytes(key.slice(0, 20)), key.slice(20)],
  },
  amountCodec,
);
const plainText = { encode: text, decode: (key: string) => key };
const supplies = new Collection<string, bigint>(storeName, 3, plainText, amountCodec);
const metadata = new Collection<string, Metadata>(storeName, 4, plainText, protoCodec<Metadata>(Metadata));

/** Money. Amounts are integers of the denomination's smallest unit. */
export class BankKeeper {
  readonly #accounts: AccountKeeper;
  readonly #blocked: ReadonlySet<string>;

  /** @param modules names of module accounts, to which people cannot send */
  constructor(accounts: AccountKeeper, modules: readonly string[]) {
    this.#accounts = accounts;
    this.#blocked = new Set(modules.map((name) => bytesKey(moduleAddress(name))));
  }

  params(from: Stores): Params {
    const found = params.get(from);
    if (found === undefined) throw new FatalError('bank has no parameters: genesis did not run');
    return found;
  }

  setParams(to: Stores<KVStore>, value: Params): void {
    params.set(to, value);
  }

  isBlocked(address: Uint8Array): boolean {
    return this.#blocked.has(bytesKey(address));
  }

  balance(from: Stores, address: Uint8Array, denom: string): bigint {
    return balances.get(from, [address, denom]) ?? 0n;
  }

  moduleBalance(from: Stores, module: string, denom: string): bigint {
    return this.balance(from, moduleAddress(module), denom);
  }

  /** An address's coins in order of denomination. */
  balancesOf(from: Stores, address: Uint8Array): Iterable<readonly [readonly [Uint8Array, string], bigint]> {
    return balances.entries(from, bytesKey(address));
  }

  allBalances(from: Stores): Iterable<readonly [readonly [Uint8Array, string], bigint]> {
    return balances.entries(from);
  }

  supply(from: Stores, denom: string): bigint {
    return supplies.get(from, denom) ?? 0n;
  }

  allSupply(from: Stores): Iterable<readonly [string, bigint]> {
    return supplies.entries(from);
  }

  metadata(from: Stores, denom: string): Metadata | undefined {
    return metadata.get(from, denom);
  }

  allMetadata(from: Stores): Iterable<Metadata> {
    return metadata.values(from);
  }

  setMetadata(to: Stores<KVStore>, value: Metadata): void {
    metadata.set(to, value.base, value);
  }

  /**
   * Moves coins and tells explorers so. The recipient's account is made if new.
   * @param amount positive
   * @throws AppError sdk/5 when `from` has less
   */
  send(ctx: Context, from: Uint8Array, to: Uint8Array, denom: string, amount: bigint): void {
    this.#subtract(ctx, from, denom, amount);
    this.#add(ctx, to, denom, amount);
    this.#accounts.ensure(ctx, to);
    const coins = `${amount}${denom}`;
    const spender = toBech32(from);
    const receiver = toBech32(to);
    ctx.events.emit('coin_spent', [
      ['spender', spender],
      ['amount', coins],
    ]);
    ctx.events.emit('coin_received', [
      ['receiver', receiver],
      ['amount', coins],
    ]);
    ctx.events.emit('transfer', [
      ['recipient', receiver],
      ['sender', spender],
      ['amount', coins],
    ]);
  }

  sendToModule(ctx: Context, from: Uint8Array, module: string, denom: string, amount: bigint): void {
    this.send(ctx, from, moduleAddress(module), denom, amount);
  }

  sendFromModule(ctx: Context, module: string, to: Uint8Array, denom: string, amount: bigint): void {
    this.send(ctx, moduleAddress(module), to, denom, amount);
  }

  sendBetweenModules(ctx: Context, from: string, to: string, denom: string, amount: bigint): void {
    this.send(ctx, moduleAddress(from), moduleAddress(to), denom, amount);
  }

  /** Creates coins; genesis only. */
  mint(ctx: Context, to: Uint8Array, denom: string, amount: bigint): void {
    this.#add(ctx, to, denom, amount);
    supplies.set(ctx, denom, this.supply(ctx, denom) + amount);
    this.#accounts.ensure(ctx, to);
  }

  /** Destroys coins of a module's account. @throws AppError sdk/5 when it has less */
  burn(ctx: Context, module: string, denom: string, amount: bigint): void {
    const from = moduleAddress(module);
    this.#subtract(ctx, from, denom, amount);
    const rest = this.supply(ctx, denom) - amount;
    if (rest === 0n) supplies.delete(ctx, denom);
    else supplies.set(ctx, denom, rest);
    ctx.events.emit('coin_spent', [
      ['spender', toBech32(from)],
      ['amount', `${amount}${denom}`],
    ]);
    ctx.events.emit('burn', [
      ['burner', toBech32(from)],
      ['amount', `${amount}${denom}`],
    ]);
  }

  #subtract(ctx: Context, address: Uint8Array, denom: string, amount: bigint): void {
    const balance = this.balance(ctx, address, denom);
    if (balance < amount) {
      throw sdkErrors.insufficientFunds(`spendable balance ${balance}${denom} is smaller than ${amount}${denom}`);
    }
    if (balance === amount) balances.delete(ctx, [address, denom]);
    else balances.set(ctx, [address, denom], balance - amount);
  }

  #add(ctx: Context, address: Uint8Array, denom: string, amount: bigint): void {
    if (amount <= 0n) throw new FatalError(`bank moves positive amounts only, not ${amount}`);
    balances.set(ctx, [address, denom], this.balance(ctx, address, denom) + amount);
  }
}
