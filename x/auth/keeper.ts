import { BaseAccount, ModuleAccount, Params } from '../../gen/cosmos/auth/v1beta1/auth.js';
import { PubKey } from '../../gen/cosmos/crypto/secp256k1/keys.js';
import type { Any } from '../../gen/google/protobuf/any.js';
import { FatalError } from '../../runtime/baseapp/errors.js';
import type { Context } from '../../runtime/baseapp/context.js';
import { fromBech32, moduleAddress, toBech32 } from '../../runtime/crypto/address.js';
import { Collection, Item, protoCodec, type Stores } from '../../runtime/store/collection.js';
import { encodeMessage } from '../../runtime/store/encode.js';
import { bytes as bytesKey, keyBytes } from '../../runtime/store/key.js';
import type { KVStore, ValueCodec } from '../../runtime/store/types.js';
import type { Account } from './types.js';

export const storeName = 'auth';
export const secp256k1TypeUrl = '/cosmos.crypto.secp256k1.PubKey';
export const baseAccountTypeUrl = '/cosmos.auth.v1beta1.BaseAccount';
export const moduleAccountTypeUrl = '/cosmos.auth.v1beta1.ModuleAccount';

/** Accounts travel and rest in the form that Cosmos clients know: an Any of BaseAccount or ModuleAccount. */
export function accountToAny(account: Account): Any {
  const base = toBaseAccount(account);
  return account.module === undefined
    ? { typeUrl: baseAccountTypeUrl, value: encodeMessage(BaseAccount, base) }
    : {
        typeUrl: moduleAccountTypeUrl,
        value: encodeMessage(ModuleAccount, { baseAccount: base, name: account.module, permissions: [] }),
      };
}

export function toBaseAccount(account: Account): BaseAccount {
  return {
    address: toBech32(account.address),
    pubKey:
      account.pubKey === undefined
        ? undefined
        : { typeUrl: secp256k1TypeUrl, value: encodeMessage(PubKey, { key: account.pubKey }) },
    accountNumber: account.number,
    sequence: account.sequence,
  };
}

export function accountFromBase(base: BaseAccount, module?: string): Account {
  return {
    address: fromBech32(base.address),
    pubKey: base.pubKey === undefined ? undefined : PubKey.decode(base.pubKey.value).key,
    number: base.accountNumber,
    sequence: base.sequence,
    module,
  };
}

/** One tag byte, then BaseAccount or ModuleAccount. */
const accountCodec: ValueCodec<Account> = {
  encode: (account) => {
    const { value } = accountToAny(account);
    return Buffer.concat([Buffer.of(account.module === undefined ? 1 : 2), value]);
  },
  decode: (bytes) => {
    const body = bytes.subarray(1);
    if (bytes[0] === 1) return accountFromBase(BaseAccount.decode(body));
    const { baseAccount, name } = ModuleAccount.decode(body);
    return accountFromBase(baseAccount!, name);
  },
};

const params = new Item(storeName, 1, protoCodec<Params>(Params));
const nextNumber = new Item<bigint>(storeName, 2, {
  encode: (value) => {
    const buffer = Buffer.alloc(8);
    buffer.writeBigUInt64BE(value);
    return buffer;
  },
  decode: (bytes) => Buffer.from(bytes).readBigUInt64BE(),
});
const accounts = new Collection<Uint8Array, Account>(
  storeName,
  3,
  { encode: bytesKey, decode: keyBytes },
  accountCodec,
);

/** Accounts: who may sign, and how often they have. */
export class AuthKeeper {
  params(from: Stores): Params {
    const found = params.get(from);
    if (found === undefined) throw new FatalError('auth has no parameters: genesis did not run');
    return found;
  }

  setParams(ctx: Stores<KVStore>, value: Params): void {
    params.set(ctx, value);
  }

  account(from: Stores, address: Uint8Array): Account | undefined {
    return accounts.get(from, address);
  }

  accounts(from: Stores): Iterable<Account> {
    return accounts.values(from);
  }

  set(ctx: Context, account: Account): void {
    accounts.set(ctx, account.address, account);
  }

  /** The account at an address, made with the next number when there is none. */
  ensure(ctx: Context, address: Uint8Array, module?: string): Account {
    const found = accounts.get(ctx, address);
    if (found !== undefined) return found;
    const account = { address, pubKey: undefined, number: this.takeNumber(ctx), sequence: 0n, module };
    accounts.set(ctx, address, account);
    return account;
  }

  ensureModule(ctx: Context, name: string): Account {
    return this.ensure(ctx, moduleAddress(name), name);
  }

  takeNumber(ctx: Context): bigint {
    const number = nextNumber.get(ctx) ?? 0n;
    nextNumber.set(ctx, number + 1n);
    return number;
  }

  /** Numbers given by genesis are not given again. */
  reserveNumbers(ctx: Context, upTo: bigint): void {
    if ((nextNumber.get(ctx) ?? 0n) < upTo) nextNumber.set(ctx, upTo);
  }
}
