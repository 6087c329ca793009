import type { Context } from '../../../runtime/baseapp/context.js';
import type { Deps } from '../deps.js';
import { equity, lookup } from '../margin/index.js';
import type { AccountView, Quote } from '../types.js';
import { withdrawalStore } from './store.js';

/**
 * Equity of an account as it stands now, at the prices of the previous block.
 * What leaves an account within a block never takes it below zero: so no gain
 * of the block leaves before the block's losses are paid, and the one-block
 * gain theorem holds with withdrawals. Prices that a query assumes are the
 * previous ones too. risk-model section 13. O(positions + assets held).
 */
export function equityBefore(ctx: Context, { keeper }: Pick<Deps, 'keeper'>, account: AccountView): Quote {
  if (withdrawalStore.pricesAssumed(ctx)) return equity(account, keeper.markets(ctx));
  const now = keeper.markets(ctx);
  const before = keeper.markets(ctx.committed);
  const markets = lookup(
    (id) => (keeper.market(ctx.committed, id) === undefined ? now(id) : before(id)),
    (id) => (keeper.collateral.asset(ctx.committed, id) === undefined ? now.asset(id) : before.asset(id)),
  );
  return equity(account, markets);
}
