import type { Context } from '../../runtime/baseapp/context.js';
import type { Stores } from '../../runtime/store/collection.js';
import { million, min } from '../../runtime/math/integers.js';
import { hourOf, sumOf, withAmount } from '../../runtime/pool/hours.js';
import { available } from './caps.js';
import { idText, idToProto } from './codecs.js';
import { errors } from './errors.js';
import type { BankKeeper, MarketsKeeper } from './expected_keepers.js';
import { capsOf, feeShareOf } from './params.js';
import { earn, lose } from './slices.js';
import { InsuranceStore } from './store.js';
import { fillFactor, followTarget } from './target.js';
import {
  balanceOf,
  chainOf,
  emptyTranche,
  marketTranche,
  type SolvencyClass,
  type TrancheId,
  type TrancheView,
} from './types.js';

/** Module account that holds exactly what all tranches have, and what is on its way out of them. */
export const moduleName = 'insurance';
export const collateralDenom = 'uusdc';

/** The money behind the markets, as other modules deal with it. */
export class InsuranceKeeper {
  readonly store = new InsuranceStore();

  constructor(
    readonly bank: BankKeeper,
    readonly markets: MarketsKeeper,
  ) {}

  /** Total of all tranches and of payouts under way: what the module account holds. */
  totalBalance(from: Stores): bigint {
    return this.store.total(from);
  }

  /** The same, counted anew. O(tranches). */
  recount(from: Stores): bigint {
    let sum = 0n;
    for (const tranche of this.store.tranches(from)) sum += balanceOf(tranche);
    for (const { assetsLeft } of this.store.payouts(from)) sum += assetsLeft;
    return sum;
  }

  moduleBalance(from: Stores): bigint {
    return this.bank.moduleBalance(from, moduleName, collateralDenom);
  }

  /** What the market's own tranche has. */
  balance(from: Stores, marketId: number): bigint {
    const tranche = this.store.tranche(from, marketTranche(marketId));
    return tranche === undefined ? 0n : balanceOf(tranche);
  }

  tranche(from: Stores, id: TrancheId): TrancheView | undefined {
    return this.store.tranche(from, id);
  }

  /** An empty tranche for a new market; nothing if it has one. */
  openTranche(ctx: Context, marketId: number): void {
    this.open(ctx, marketTranche(marketId));
  }

  open(ctx: Context, id: TrancheId): void {
    if (this.store.tranche(ctx, id) === undefined) this.store.setTranche(ctx, emptyTranche(id));
  }

  /** What the market's own tranche could pay for one deficit now. */
  available(ctx: Context, marketId: number): bigint {
    return this.availableIn(ctx, marketTranche(marketId), this.#classOf(ctx, marketId));
  }

  /**
   * What a tranche paid in the last hours, the running one included, and what
   * it had before that and what came in since; of the tranche of a market, a
   * class or the exchange. Undefined when there is none.
   */
  loss(from: Stores, id: TrancheId, timeMs: bigint, hours: bigint): { paid: bigint; before: bigint } | undefined {
    const tranche = this.store.tranche(from, id);
    if (tranche === undefined) return undefined;
    const paid = sumOf(tranche.recent.filter(({ hour }) => hour + hours >= hourOf(timeMs)));
    return { paid, before: balanceOf(tranche) + paid };
  }

  /** What one deficit of the market could draw now, tranche by tranche. */
  cover(
    ctx: Context,
    marketId: number,
  ): { readonly id: TrancheId; readonly name: string; readonly available: bigint }[] {
    const name = this.#classOf(ctx, marketId);
    return chainOf(marketId, name).map((id) => ({ id, name: idText(id), available: this.availableIn(ctx, id, name) }));
  }

  /** Is the market's own tranche above half its target, with something left in its window? risk-model section 10.3. */
  insuresCloses(ctx: Context, marketId: number): boolean {
    const tranche = this.store.tranche(ctx, marketTranche(marketId));
    return tranche !== undefined && 2n * balanceOf(tranche) > tranche.target && this.available(ctx, marketId) > 0n;
  }

  /**
   * Pays up to `deficit` of a market to a module's account: its own tranche
   * first, then its class's, then the global one, each within its caps.
   * risk-model section 12.1.
   * @returns what came out
   */
  pay(ctx: Context, marketId: number, deficit: bigint, toModule: string): bigint {
    const name = this.#classOf(ctx, marketId);
    let left = deficit;
    for (const id of chainOf(marketId, name)) {
      if (left <= 0n) break;
      const amount = min(left, this.availableIn(ctx, id, name));
      if (amount > 0n) this.#draw(ctx, marketId, id, left, amount, toModule);
      left -= amount;
    }
    return deficit > 0n ? deficit - left : 0n;
  }

  #draw(ctx: Context, marketId: number, id: TrancheId, deficit: bigint, amount: bigint, toModule: string): void {
    const tranche = this.store.tranche(ctx, id)!;
    const slices = lose(tranche, amount);
    this.store.setTranche(ctx, {
      ...tranche,
      ...slices,
      recent: withAmount(tranche.recent, ctx.block.timeMs, amount),
      totalOut: tranche.totalOut + amount,
    });
    this.store.addPaidInBlock(ctx, id, amount);
    this.bank.sendBetweenModules(ctx, moduleName, toModule, collateralDenom, amount);
    ctx.emit('plimsoll.insurance.v1.EventPayment', {
      marketId,
      tranche: idToProto(id),
      deficit: deficit.toString(),
      amount: amount.toString(),
      senior: (tranche.senior - slices.senior).toString(),
      balance: balanceOf(slices).toString(),
    });
  }

  /** Income of a market's own tranche, out of a module's account. */
  contribute(ctx: Context, marketId: number, fromModule: string, amount: bigint): void {
    this.#earnFrom(ctx, marketTranche(marketId), fromModule, amount);
  }

  /**
   * Takes the tranches' part of a market's trading fees out of a module's
   * account: all of it below target, less above, nothing from one and a half
   * targets on. risk-model section 12.2.
   * @returns what was taken, rounded down for each tranche
   */
  contributeFees(ctx: Context, marketId: number, fromModule: string, fees: bigint): bigint {
    const params = this.store.params(ctx);
    let taken = 0n;
    for (const id of chainOf(marketId, this.#classOf(ctx, marketId))) {
      const tranche = this.store.tranche(ctx, id) ?? emptyTranche(id);
      const factor = fillFactor(balanceOf(tranche), tranche.target);
      const amount = (fees * feeShareOf(params, id.kind) * factor) / (million * million);
      if (amount === 0n) continue;
      this.#earnFrom(ctx, id, fromModule, amount);
      taken += amount;
    }
    return taken;
  }

  #earnFrom(ctx: Context, id: TrancheId, fromModule: string, amount: bigint): void {
    this.bank.sendBetweenModules(ctx, fromModule, moduleName, collateralDenom, amount);
    this.open(ctx, id);
    const tranche = this.store.tranche(ctx, id)!;
    this.#book(ctx, tranche, earn(tranche, amount, BigInt(this.store.params(ctx).juniorSharePpm)), amount);
  }

  /** Takes a gift from an account: it is the protocol's, never the depositors'. @throws AppError insurance/3, sdk/5 */
  contributeFrom(ctx: Context, id: TrancheId, from: Uint8Array, amount: bigint): void {
    const tranche = this.requireTranche(ctx, id);
    this.bank.sendToModule(ctx, from, moduleName, collateralDenom, amount);
    this.#book(ctx, tranche, { junior: tranche.junior + amount, senior: tranche.senior }, amount);
  }

  #book(ctx: Context, tranche: TrancheView, slices: Pick<TrancheView, 'junior' | 'senior'>, amount: bigint): void {
    this.store.setTranche(ctx, { ...tranche, ...slices, totalIn: tranche.totalIn + amount });
    ctx.emit('plimsoll.insurance.v1.EventContribution', {
      tranche: idToProto(tranche.id),
      amount: amount.toString(),
      junior: (slices.junior - tranche.junior).toString(),
      balance: balanceOf(slices).toString(),
    });
  }

  /** Moves a tranche's target towards what stress tests ask for. risk-model section 12.3. */
  setTarget(ctx: Context, id: TrancheId, wanted: bigint): void {
    const tranche = this.requireTranche(ctx, id);
    const target = followTarget(tranche.target, wanted, ctx.block.timeMs - tranche.targetTimeMs);
    this.store.setTranche(ctx, { ...tranche, target, targetTimeMs: ctx.block.timeMs });
    if (target === tranche.target) return;
    ctx.emit('plimsoll.insurance.v1.EventTargetChanged', {
      tranche: idToProto(id),
      previous: tranche.target.toString(),
      target: target.toString(),
      wanted: wanted.toString(),
    });
  }

  /** @throws AppError insurance/3 */
  requireTranche(from: Stores, id: TrancheId): TrancheView {
    const tranche = this.store.tranche(from, id);
    if (tranche === undefined) throw errors.trancheNotFound(`tranche: ${idText(id)}`);
    return tranche;
  }

  /** What a tranche could pay now for a market of a class. */
  availableIn(ctx: Context, id: TrancheId, solvencyClass: SolvencyClass): bigint {
    const tranche = this.store.tranche(ctx, id);
    if (tranche === undefined) return 0n;
    const caps = capsOf(this.store.params(ctx), id.kind, solvencyClass);
    return available(balanceOf(tranche), tranche.recent, ctx.block.timeMs, caps, this.store.paidInBlock(ctx, id));
  }

  /** Of what is not listed nothing but its own tranche answers. */
  #classOf(from: Stores, marketId: number): SolvencyClass {
    return this.markets.classOf(from, marketId) ?? 'D';
  }
}
