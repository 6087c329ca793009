import type { QueryDefinition, VaultState } from '../../gen/plimsoll/backstop/v1/query.js';
import { parseAddress } from '../../runtime/baseapp/address.js';
import type { Context } from '../../runtime/baseapp/context.js';
import type { Handlers } from '../../runtime/baseapp/module.js';
import { paginate } from '../../runtime/baseapp/pagination.js';
import { dayMs } from '../../runtime/baseapp/time.js';
import { toBech32 } from '../../runtime/crypto/address.js';
import { fdiv, max, million } from '../../runtime/math/integers.js';
import { redeem, sharePrice, yieldOf } from '../../runtime/pool/shares.js';
import { keyBytes } from '../../runtime/store/key.js';
import { exitToProto, vaultToProto } from './codecs.js';
import { requireNumber } from './deposits.js';
import type { BackstopKeeper } from './keeper.js';
import { lossLimit, lossOf } from './losses.js';
import { assetsOf } from './pricing.js';
import { numberKey } from './store.js';
import { vaultNumbers } from './types.js';

export function queries(keeper: BackstopKeeper): Handlers<typeof QueryDefinition> {
  const { store } = keeper;
  return {
    params: (ctx) => ({ params: store.params(ctx) }),
    vault: (ctx, { number }) => ({ vault: stateOf(ctx, keeper, requireNumber(number)) }),
    vaults: (ctx, { pagination }) => {
      const key = (number: number): Uint8Array => keyBytes(numberKey.encode(number));
      const page = paginate(vaultNumbers, pagination, key, (number) => stateOf(ctx, keeper, number));
      return { vaults: page.items, pagination: page.pagination };
    },
    shares: (ctx, { owner }) => {
      const address = parseAddress(owner, 'owner');
      return {
        holdings: [...store.poolsOf(ctx, address)].map((number) => {
          const shares = store.shares(ctx, number, address);
          const { worth, maintenanceMargin } = keeper.accounts.standing(ctx, number);
          const exit = store.exit(ctx, number, address);
          const assets = assetsOf(worth, maintenanceMargin);
          return {
            number,
            shares: shares.toString(),
            value: redeem(shares, store.vault(ctx, number).shares, assets).toString(),
            exit: exit === undefined ? undefined : exitToProto(exit),
          };
        }),
      };
    },
    exits: (ctx, { number, pagination }) => {
      const page = paginate(store.exits(ctx, requireNumber(number)), pagination, ({ owner }) => owner, exitToProto);
      return { exits: page.items, pagination: page.pagination };
    },
  };
}

/** O(markets of the vault). */
function stateOf(ctx: Context, keeper: BackstopKeeper, number: number): VaultState {
  const { store, accounts } = keeper;
  const { timeMs } = ctx.block;
  const params = store.params(ctx);
  const vault = store.vault(ctx, number);
  const { worth, maintenanceMargin, positions } = accounts.standing(ctx, number);
  const price = sharePrice(vault.shares, assetsOf(worth, maintenanceMargin));
  const loss = lossOf(vault, worth, timeMs);
  const marketLimit = lossLimit(worth, loss, BigInt(params.marketLossPpm)).toString();
  const limits = { interestPpm: BigInt(params.inventoryInterestPpm), worthPpm: BigInt(params.inventoryWorthPpm) };
  const known = new Set([...store.markets(ctx, number)].map(({ marketId }) => marketId));
  for (const { marketId } of positions) known.add(marketId);
  const closedReason =
    vault.shares === 0n
      ? 'nobody has shares of it'
      : vault.closedUntilDay === 0n
        ? ''
        : `lost too much in 24 hours; the epoch of day ${vault.closedUntilDay} since 1970 opens it`;
  return {
    vault: vaultToProto(vault),
    account: toBech32(accounts.owner),
    worth: worth.toString(),
    maintenanceMargin: maintenanceMargin.toString(),
    marginLimit: fdiv(max(0n, worth) * BigInt(params.marginPpm), million).toString(),
    sharePrice: price.toString(),
    ...yieldOf(vault.prices, price, timeMs / dayMs),
    loss: loss.toString(),
    lossLimit: lossLimit(worth, loss, BigInt(params.classLossPpm)).toString(),
    open: closedReason === '',
    closedReason,
    inventory: [...known]
      .sort((a, b) => a - b)
      .map((marketId) => {
        const market = store.market(ctx, number, marketId);
        const position = positions.find((each) => each.marketId === marketId);
        return {
          marketId,
          quantity: position?.quantity ?? 0n,
          notional: (position?.notional ?? 0n).toString(),
          limit: accounts.inventoryLimit(ctx, marketId, worth, limits).toString(),
          loss: lossOf(market, position?.value ?? 0n, timeMs).toString(),
          lossLimit: marketLimit,
          open: market.closedUntilDay === 0n,
          heldSinceMs: position?.heldSinceMs ?? 0n,
          hedge: position?.hedge ?? false,
        };
      }),
  };
}
