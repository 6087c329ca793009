import type { Context } from '../../../runtime/baseapp/context.js';
import type { Stores } from '../../../runtime/store/collection.js';
import { collateralDenom, moduleName, type Deps } from '../deps.js';
import { isStale } from '../keeper.js';
import { ListedMarkets } from '../listed-markets.js';
import { equity, maintenanceMargin, unsettledFunding } from '../margin/index.js';
import { changeCash, freeCollateral } from '../msgs/common.js';
import type { MarketId } from '../types.js';
import { notional, positionValue } from '../units/index.js';
import { isGated } from '../withdrawals/conditions.js';
import { vaultKey, vaultOwner } from './account.js';
import { vaultHoldings } from './store.js';
import { inventoryLimit, type TakeoverLimits } from './takeover.js';

/** What of perps and the bank the accounts of vaults need. */
type Parts = Pick<Deps, 'keeper'> & {
  readonly bank: Deps['bank'] & {
    sendBetweenModules(ctx: Context, from: string, to: string, denom: string, amount: bigint): void;
  };
};

/** The trading accounts of backstop vaults, as the module that owns them deals with them. */
export class VaultAccounts {
  readonly owner = vaultOwner;
  readonly #markets: ListedMarkets;

  constructor(readonly parts: Parts) {
    this.#markets = new ListedMarkets(parts.keeper);
  }

  /** Equity at mark. O(positions). */
  worth(from: Stores, number: number): bigint {
    const { keeper } = this.parts;
    return equity(keeper.account(from, vaultKey(number)), keeper.markets(from));
  }

  /** What is free is what may leave in this block: none of its gains, and nothing while withdrawals of the account would wait. O(positions). */
  standing(ctx: Context, number: number) {
    const { keeper } = this.parts;
    const { timeMs } = ctx.block;
    const account = keeper.account(ctx, vaultKey(number));
    const markets = keeper.markets(ctx);
    const params = keeper.params(ctx);
    return {
      worth: equity(account, markets),
      maintenanceMargin: maintenanceMargin(account, markets),
      free: isGated(ctx, this.parts, account.key) ? 0n : freeCollateral(ctx, this.parts, account),
      priced: account.positions.every(({ marketId }) => !isStale(keeper.marketState(ctx, marketId), params, timeMs)),
      positions: account.positions.map((position) => {
        const { marketId, quantity } = position;
        const market = markets(marketId);
        const holding = vaultHoldings.get(ctx, number, marketId);
        return {
          marketId,
          quantity,
          notional: notional(market, quantity),
          value: positionValue(market, quantity) + unsettledFunding(market, position),
          heldSinceMs: holding?.sinceMs ?? timeMs,
          hedge: holding?.hedge ?? false,
        };
      }),
    };
  }

  /** Quote quanta, rounded down. */
  inventoryLimit(
    from: Stores,
    marketId: MarketId,
    worth: bigint,
    limits: Pick<TakeoverLimits, 'interestPpm' | 'worthPpm'>,
  ): bigint {
    return inventoryLimit(this.parts.keeper.marketView(from, marketId), worth, limits);
  }

  credit(ctx: Context, number: number, from: Uint8Array, amount: bigint): void {
    this.parts.bank.sendToModule(ctx, from, moduleName, collateralDenom, amount);
    changeCash(ctx, this.parts, vaultKey(number), amount);
  }

  debit(ctx: Context, number: number, toModule: string, amount: bigint): void {
    changeCash(ctx, this.parts, vaultKey(number), -amount);
    this.parts.bank.sendBetweenModules(ctx, moduleName, toModule, collateralDenom, amount);
  }

  /** O(markets). */
  isCalm(from: Stores, number: number): boolean {
    return this.#markets.isCalm(from, { kind: 'class', number });
  }
}
