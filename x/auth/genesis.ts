import { BaseAccount, ModuleAccount, type Params } from '../../gen/cosmos/auth/v1beta1/auth.js';
import { GenesisState } from '../../gen/cosmos/auth/v1beta1/genesis.js';
import type { Context } from '../../runtime/baseapp/context.js';
import type { JsonValue, ProtoRegistry } from '../../runtime/codec/types.js';
import { accountFromBase, accountToAny, baseAccountTypeUrl, moduleAccountTypeUrl, type AuthKeeper } from './keeper.js';
import type { Account } from './types.js';

const typeName = 'cosmos.auth.v1beta1.GenesisState';

/** The SDK's defaults. */
export const defaultParams: Params = {
  maxMemoCharacters: 256n,
  txSigLimit: 7n,
  txSizeCostPerByte: 10n,
  sigVerifyCostEd25519: 590n,
  sigVerifyCostSecp256k1: 1_000n,
};

export function genesisToJson(registry: ProtoRegistry, state: GenesisState): JsonValue {
  return registry.toJson(typeName, GenesisState.encode(state).finish());
}

export function genesisFromJson(registry: ProtoRegistry, json: unknown): GenesisState {
  const state = GenesisState.decode(registry.fromJson(typeName, json as JsonValue));
  if (state.params === undefined) throw new Error('auth.params: missing');
  const seen = new Set<string>();
  const numbers = new Set<bigint>();
  for (const [index, account] of readAccounts(state).entries()) {
    const id = Buffer.from(account.address).toString('hex');
    if (seen.has(id)) throw new Error(`auth.accounts[${index}].address: listed twice`);
    if (numbers.has(account.number))
      throw new Error(`auth.accounts[${index}].account_number: ${account.number} is taken`);
    seen.add(id);
    numbers.add(account.number);
  }
  return state;
}

function readAccounts(state: GenesisState): Account[] {
  return state.accounts.map(({ typeUrl, value }, index) => {
    try {
      // Read from JSON, a type URL names a host before the slash.
      const type = typeUrl.slice(typeUrl.lastIndexOf('/'));
      if (type === baseAccountTypeUrl) return accountFromBase(BaseAccount.decode(value));
      if (type !== moduleAccountTypeUrl) {
        throw new Error(`@type: ${type}; expected ${baseAccountTypeUrl} or ${moduleAccountTypeUrl}`);
      }
      const { baseAccount, name } = ModuleAccount.decode(value);
      if (baseAccount === undefined) throw new Error('base_account: missing');
      return accountFromBase(baseAccount, name);
    } catch (error) {
      throw new Error(`auth.accounts[${index}]: ${(error as Error).message}`, { cause: error });
    }
  });
}

export function initGenesis(ctx: Context, keeper: AuthKeeper, state: GenesisState): void {
  keeper.setParams(ctx, state.params!);
  let next = 0n;
  for (const account of readAccounts(state)) {
    keeper.set(ctx, account);
    if (account.number >= next) next = account.number + 1n;
  }
  keeper.reserveNumbers(ctx, next);
}

export function exportGenesis(ctx: Context, keeper: AuthKeeper): GenesisState {
  return { params: keeper.params(ctx), accounts: [...keeper.accounts(ctx)].map(accountToAny) };
}
