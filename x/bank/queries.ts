import type { QueryDefinition } from '../../gen/cosmos/bank/v1beta1/query.js';
import { parseAddress } from '../../runtime/baseapp/address.js';
import { sdkErrors } from '../../runtime/baseapp/errors.js';
import type { Context } from '../../runtime/baseapp/context.js';
import type { Handlers } from '../../runtime/baseapp/module.js';
import { paginate } from '../../runtime/baseapp/pagination.js';
import type { PageRequest } from '../../gen/cosmos/base/query/v1beta1/pagination.js';
import type { BankKeeper } from './keeper.js';

const ascii = (value: string): Uint8Array => Buffer.from(value, 'ascii');

export function queries(keeper: BankKeeper): Handlers<typeof QueryDefinition> {
  function balances(ctx: Context, address: string, pagination: PageRequest | undefined) {
    const page = paginate(
      keeper.balancesOf(ctx, parseAddress(address, 'address')),
      pagination,
      ([[, denom]]) => ascii(denom),
      ([[, denom], amount]) => ({ denom, amount: amount.toString() }),
    );
    return { balances: page.items, pagination: page.pagination };
  }
  return {
    balance: (ctx, { address, denom }) => ({
      balance: { denom, amount: keeper.balance(ctx, parseAddress(address, 'address'), asciiDenom(denom)).toString() },
    }),
    allBalances: (ctx, { address, pagination }) => balances(ctx, address, pagination),
    spendableBalances: (ctx, { address, pagination }) => balances(ctx, address, pagination),
    totalSupply: (ctx, { pagination }) => {
      const page = paginate(
        keeper.allSupply(ctx),
        pagination,
        ([denom]) => ascii(denom),
        ([denom, amount]) => ({ denom, amount: amount.toString() }),
      );
      return { supply: page.items, pagination: page.pagination };
    },
    supplyOf: (ctx, { denom }) => ({ amount: { denom, amount: keeper.supply(ctx, asciiDenom(denom)).toString() } }),
    params: (ctx) => ({ params: keeper.params(ctx) }),
    denomMetadata: (ctx, { denom }) => {
      const metadata = keeper.metadata(ctx, asciiDenom(denom));
      if (metadata === undefined) throw sdkErrors.keyNotFound(`metadata of denomination ${denom} not found`);
      return { metadata };
    },
    denomsMetadata: (ctx, { pagination }) => {
      const page = paginate(
        keeper.allMetadata(ctx),
        pagination,
        ({ base }) => ascii(base),
        (metadata) => metadata,
      );
      return { metadatas: page.items, pagination: page.pagination };
    },
  };
}

/** Denominations are ASCII; anything else names none. */
function asciiDenom(denom: string): string {
  if (!/^[\x21-\x7e]{1,128}$/.test(denom))
    throw sdkErrors.invalidRequest(`denom ${JSON.stringify(denom.slice(0, 140))}: not a denomination`);
  return denom;
}
