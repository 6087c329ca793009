import type { QueryDefinition } from '../../gen/cosmos/auth/v1beta1/query.js';
import { parseAddress } from '../../runtime/baseapp/address.js';
import { sdkErrors } from '../../runtime/baseapp/errors.js';
import type { Handlers } from '../../runtime/baseapp/module.js';
import { paginate } from '../../runtime/baseapp/pagination.js';
import type { Context } from '../../runtime/baseapp/context.js';
import { accountPrefix, moduleAddress } from '../../runtime/crypto/address.js';
import { accountToAny, toBaseAccount, type AuthKeeper } from './keeper.js';
import type { Account } from './types.js';

export function queries(keeper: AuthKeeper): Handlers<typeof QueryDefinition> {
  function find(ctx: Context, text: string): Account {
    const account = keeper.account(ctx, parseAddress(text, 'address'));
    if (account === undefined) throw sdkErrors.keyNotFound(`account ${text} not found`);
    return account;
  }
  return {
    account: (ctx, { address }) => ({ account: accountToAny(find(ctx, address)) }),
    accountInfo: (ctx, { address }) => ({ info: toBaseAccount(find(ctx, address)) }),
    accounts: (ctx, { pagination }) => {
      const page = paginate(keeper.accounts(ctx), pagination, (account) => account.address, accountToAny);
      return { accounts: page.items, pagination: page.pagination };
    },
    params: (ctx) => ({ params: keeper.params(ctx) }),
    moduleAccounts: (ctx) => ({
      accounts: [...keeper.accounts(ctx)].filter((account) => account.module !== undefined).map(accountToAny),
    }),
    moduleAccountByName: (ctx, { name }) => {
      const account = keeper.account(ctx, moduleAddress(name));
      if (account?.module === undefined) throw sdkErrors.keyNotFound(`module account ${name} not found`);
      return { account: accountToAny(account) };
    },
    bech32Prefix: () => ({ bech32Prefix: accountPrefix }),
  };
}
