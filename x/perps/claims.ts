import type { Stores } from '../../runtime/store/collection.js';
import { collateralDenom, moduleName, type Deps } from './deps.js';
import { unsettledFunding, usdcEquity } from './margin/index.js';
import { collectableBy, collectableByAll } from './recovery/queries.js';
import { recoveryStore } from './recovery/store.js';
import { accountNumberOf, ownerOf } from './subaccount-key.js';
import type { PositionView } from './types.js';
import { max } from './units/index.js';
import { withdrawalStore } from './withdrawals/store.js';
import { usdcId } from './withdrawals/types.js';

/** What the exchange owes to its accounts, for proofs of liabilities. risk-model section 18. */
export class PerpsClaims {
  constructor(readonly deps: Deps) {}

  /** USDC, then every other asset that may be collateral, in order of asset. */
  denoms(from: Stores): readonly string[] {
    return [collateralDenom, ...[...this.deps.keeper.collateral.assets(from)].map(({ denom }) => denom)];
  }

  /**
   * USDC equity of every account at the marks of the state, and its other
   * collateral, in key order; what waits to be withdrawn is still owed. O(accounts + positions), lazily.
   */
  *claims(from: Stores): Iterable<{
    readonly owner: Uint8Array;
    readonly number: number;
    readonly amounts: readonly bigint[];
    readonly owed: bigint;
    readonly unsettled: bigint;
    readonly positions: number;
    readonly held: readonly PositionView[];
  }> {
    const { keeper } = this.deps;
    const markets = keeper.markets(from);
    const anyClaim = recoveryStore.anyClaim(from);
    const assets = [...keeper.collateral.assets(from)].map(({ id }) => id);
    const anyQueued = withdrawalStore.anyQueued(from);
    for (const account of keeper.allAccounts(from)) {
      const waiting = (id: number): bigint =>
        anyQueued ? (withdrawalStore.queued(from, account.key, id)?.amount ?? 0n) : 0n;
      const value = usdcEquity(account, markets);
      const collectable = anyClaim ? collectableBy(from, account.key) : 0n;
      let unsettled = 0n;
      for (const position of account.positions) unsettled += unsettledFunding(markets(position.marketId), position);
      yield {
        owner: ownerOf(account.key),
        number: accountNumberOf(account.key),
        amounts: [
          max(0n, value) + collectable + waiting(usdcId),
          ...assets.map((id) => (account.collateral.find(({ assetId }) => assetId === id)?.amount ?? 0n) + waiting(id)),
        ],
        owed: max(0n, -value),
        unsettled,
        positions: account.positions.length,
        held: account.positions,
      };
    }
  }

  books(from: Stores): {
    readonly bankBalance: bigint;
    readonly fees: bigint;
    readonly dust: bigint;
    readonly clearing: bigint;
  } {
    const { keeper, bank } = this.deps;
    const { fees, dust, recovery } = keeper.ledger(from);
    let clearing = 0n;
    for (const state of keeper.allMarketStates(from)) clearing += state.clearingBalance;
    // Of repaid haircuts only what rounding left is nobody's: the rest is in the claims of those who can collect it.
    const rounding = recovery - collectableByAll(from);
    return {
      bankBalance: bank.moduleBalance(from, moduleName, collateralDenom),
      fees,
      dust: dust + rounding,
      clearing,
    };
  }
}
