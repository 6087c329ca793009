import type { Context } from '../../runtime/baseapp/context.js';
import { hourOf } from '../../runtime/pool/hours.js';
import type { Stores } from '../../runtime/store/collection.js';
import type { BankKeeper, VaultAccounts } from './expected_keepers.js';
import { BackstopStore } from './store.js';

/** Module account that holds what epochs let out and is on its way to owners; all else lies in perps. */
export const moduleName = 'backstop';
export const collateralDenom = 'uusdc';

/** The vaults that stand behind liquidations, as other modules deal with them. */
export class BackstopKeeper {
  readonly store = new BackstopStore();

  constructor(
    readonly bank: BankKeeper,
    readonly accounts: VaultAccounts,
  ) {}

  /** Does anybody have shares of the vault? What nobody owns earns nothing and takes nothing. */
  isOwned(from: Stores, number: number): boolean {
    return this.store.vault(from, number).shares > 0n;
  }

  /** What a vault may take of a market now; undefined while it takes nothing. risk-model section 11. */
  limits(
    from: Stores,
    number: number,
    marketId: number,
  ):
    | {
        readonly interestPpm: bigint;
        readonly worthPpm: bigint;
        readonly marginPpm: bigint;
        readonly paymentPpm: bigint;
      }
    | undefined {
    const vault = this.store.vault(from, number);
    if (vault.shares === 0n || vault.closedUntilDay !== 0n) return undefined;
    if (this.store.market(from, number, marketId).closedUntilDay !== 0n) return undefined;
    const params = this.store.params(from);
    return {
      interestPpm: BigInt(params.inventoryInterestPpm),
      worthPpm: BigInt(params.inventoryWorthPpm),
      marginPpm: BigInt(params.marginPpm),
      paymentPpm: BigInt(params.paymentPpm),
    };
  }

  /** Health of accounts that vaults take positions of: from `least`, below `most`, ppm. */
  healthRange(from: Stores): { readonly least: bigint; readonly most: bigint } {
    const { leastHealthPpm, mostHealthPpm } = this.store.params(from);
    return { least: BigInt(leastHealthPpm), most: BigInt(mostHealthPpm) };
  }

  /** Books a position that a vault took over. @param payment what the account paid for it */
  tookOver(ctx: Context, number: number, marketId: number, notional: bigint, payment: bigint): void {
    const vault = this.store.vault(ctx, number);
    this.store.setVault(ctx, {
      ...vault,
      taken: vault.taken + notional,
      payments: vault.payments + payment,
    });
    this.moved(ctx, number, marketId, payment);
  }

  /** Books cash that a position of a vault moved: fills and funding. */
  moved(ctx: Context, number: number, marketId: number, cash: bigint): void {
    if (cash === 0n) return;
    const market = this.store.market(ctx, number, marketId);
    this.store.setMarket(ctx, { ...market, base: market.base - cash });
  }

  /** Books a vault's shares of penalties. */
  earned(ctx: Context, number: number, amount: bigint): void {
    const vault = this.store.vault(ctx, number);
    this.store.setVault(ctx, { ...vault, penalties: vault.penalties + amount });
  }

  /** What the module's own account must hold: what epochs let out and has not been paid. */
  payable(from: Stores): bigint {
    let sum = 0n;
    for (const { assetsLeft } of this.store.payouts(from)) sum += assetsLeft;
    return sum;
  }

  /** Puts money into a vault for shares. The hour's result does not count it. */
  fund(ctx: Context, number: number, from: Uint8Array, amount: bigint, shares: bigint, protocol: boolean): void {
    const { store } = this;
    const vault = store.vault(ctx, number);
    const isFirst = vault.shares === 0n && vault.hour === 0n;
    this.accounts.credit(ctx, number, from, amount);
    store.setVault(ctx, {
      ...vault,
      ...(isFirst && { hour: hourOf(ctx.block.timeMs) }),
      base: vault.base + amount,
      shares: vault.shares + shares,
      protocolShares: vault.protocolShares + (protocol ? shares : 0n),
      totalIn: vault.totalIn + amount,
    });
  }
}
