import { Params, Tranche } from '../../gen/plimsoll/insurance/v1/insurance.js';
import type { Context } from '../../runtime/baseapp/context.js';
import { FatalError } from '../../runtime/baseapp/errors.js';
import { Collection, Item, protoCodec, type Stores } from '../../runtime/store/collection.js';
import { readU32, u32 } from '../../runtime/store/key.js';
import type { KVStore, ValueCodec } from '../../runtime/store/types.js';
import { available, rollWindow, type Caps, type TrancheState } from './caps.js';
import { errors } from './errors.js';
import type { BankKeeper } from './expected_keepers.js';

export const storeName = 'insurance';
export const transientStoreName = 'transient_insurance';
/** Module account that holds exactly the sum of all tranches. */
export const moduleName = 'insurance';
export const collateralDenom = 'uusdc';

/** A tranche with its amounts as integers. */
export interface TrancheView extends TrancheState {
  readonly marketId: number;
  readonly totalIn: bigint;
  readonly totalOut: bigint;
}

export function trancheToProto(view: TrancheView): Tranche {
  return {
    marketId: view.marketId,
    balance: view.balance.toString(),
    windowStartMs: view.windowStartMs,
    windowOpening: view.windowOpening.toString(),
    windowPaid: view.windowPaid.toString(),
    totalIn: view.totalIn.toString(),
    totalOut: view.totalOut.toString(),
  };
}

export function trancheFromProto(proto: Tranche): TrancheView {
  return {
    marketId: proto.marketId,
    balance: BigInt(proto.balance),
    windowStartMs: proto.windowStartMs,
    windowOpening: BigInt(proto.windowOpening || '0'),
    windowPaid: BigInt(proto.windowPaid || '0'),
    totalIn: BigInt(proto.totalIn || '0'),
    totalOut: BigInt(proto.totalOut || '0'),
  };
}

const byMarket = { encode: u32, decode: (key: string) => readU32(key, 0) };
const trancheCodec: ValueCodec<TrancheView> = {
  encode: (view) => Tranche.encode(trancheToProto(view)).finish(),
  decode: (bytes) => trancheFromProto(Tranche.decode(bytes)),
};
const decimalCodec: ValueCodec<bigint> = {
  encode: (value) => Buffer.from(value.toString(), 'ascii'),
  decode: (bytes) => BigInt(Buffer.from(bytes).toString('ascii')),
};

const params = new Item(storeName, 1, protoCodec<Params>(Params));
const tranches = new Collection<number, TrancheView>(storeName, 2, byMarket, trancheCodec);
/** Kept so that the sum need not be counted in every block. */
const total = new Item<bigint>(storeName, 3, decimalCodec);
/** Paid by each market in this block: one block is one event. */
const paidInBlock = new Collection<number, bigint>(transientStoreName, 1, byMarket, decimalCodec);

/** One tranche of money behind each market. */
export class InsuranceKeeper {
  readonly #bank: BankKeeper;

  constructor(bank: BankKeeper) {
    this.#bank = bank;
  }

  params(from: Stores): Params {
    const found = params.get(from);
    if (found === undefined) throw new FatalError('insurance has no parameters: genesis did not run');
    return found;
  }

  setParams(to: Stores<KVStore>, value: Params): void {
    params.set(to, value);
  }

  tranche(from: Stores, marketId: number): TrancheView | undefined {
    return tranches.get(from, marketId);
  }

  tranches(from: Stores): Iterable<TrancheView> {
    return tranches.values(from);
  }

  setTranche(to: Stores<KVStore>, tranche: TrancheView): void {
    const before = tranches.get(to, tranche.marketId)?.balance ?? 0n;
    total.set(to, this.totalBalance(to) + tranche.balance - before);
    tranches.set(to, tranche.marketId, tranche);
  }

  balance(from: Stores, marketId: number): bigint {
    return this.tranche(from, marketId)?.balance ?? 0n;
  }

  totalBalance(from: Stores): bigint {
    return total.get(from) ?? 0n;
  }

  moduleBalance(from: Stores): bigint {
    return this.#bank.moduleBalance(from, moduleName, collateralDenom);
  }

  /** An empty tranche for a new market; nothing if it has one. */
  openTranche(ctx: Context, marketId: number): void {
    if (this.tranche(ctx, marketId) !== undefined) return;
    const zero = { balance: 0n, windowStartMs: 0n, windowOpening: 0n, windowPaid: 0n, totalIn: 0n, totalOut: 0n };
    this.setTranche(ctx, { marketId, ...zero });
  }

  /** What one deficit of the market could draw now. */
  available(ctx: Context, marketId: number): bigint {
    const tranche = this.tranche(ctx, marketId);
    if (tranche === undefined) return 0n;
    return available(rollWindow(tranche, ctx.block.timeMs), this.#caps(ctx), paidInBlock.get(ctx, marketId) ?? 0n);
  }

  /** Takes money from a module's account. */
  contribute(ctx: Context, marketId: number, fromModule: string, amount: bigint): void {
    this.#bank.sendBetweenModules(ctx, fromModule, moduleName, collateralDenom, amount);
    this.#book(ctx, marketId, amount);
  }

  /** Takes a gift from an account. @throws AppError insurance/3, sdk/5 */
  contributeFrom(ctx: Context, marketId: number, from: Uint8Array, amount: bigint): void {
    if (this.tranche(ctx, marketId) === undefined) throw errors.trancheNotFound(`market_id: ${marketId}`);
    this.#bank.sendToModule(ctx, from, moduleName, collateralDenom, amount);
    this.#book(ctx, marketId, amount);
  }

  /** Pays up to `deficit` to a module's account; returns what the caps and the balance let out. */
  pay(ctx: Context, marketId: number, deficit: bigint, toModule: string): bigint {
    const found = this.tranche(ctx, marketId);
    if (found === undefined) return 0n;
    const tranche = rollWindow(found, ctx.block.timeMs);
    const paid = paidInBlock.get(ctx, marketId) ?? 0n;
    const limit = available(tranche, this.#caps(ctx), paid);
    const amount = deficit < limit ? deficit : limit;
    if (amount <= 0n) return 0n;
    const balance = tranche.balance - amount;
    this.setTranche(ctx, {
      ...tranche,
      balance,
      windowPaid: tranche.windowPaid + amount,
      totalOut: tranche.totalOut + amount,
    });
    paidInBlock.set(ctx, marketId, paid + amount);
    this.#bank.sendBetweenModules(ctx, moduleName, toModule, collateralDenom, amount);
    ctx.emit('plimsoll.insurance.v1.EventPayment', {
      marketId,
      deficit: deficit.toString(),
      amount: amount.toString(),
      balance: balance.toString(),
    });
    return amount;
  }

  #book(ctx: Context, marketId: number, amount: bigint): void {
    this.openTranche(ctx, marketId);
    const tranche = rollWindow(this.tranche(ctx, marketId)!, ctx.block.timeMs);
    const balance = tranche.balance + amount;
    this.setTranche(ctx, {
      ...tranche,
      balance,
      windowOpening: tranche.windowOpening + amount,
      totalIn: tranche.totalIn + amount,
    });
    ctx.emit('plimsoll.insurance.v1.EventContribution', {
      marketId,
      amount: amount.toString(),
      balance: balance.toString(),
    });
  }

  #caps(ctx: Context): Caps {
    const { eventCapPpm, windowCapPpm } = this.params(ctx);
    return { eventPpm: BigInt(eventCapPpm), windowPpm: BigInt(windowCapPpm) };
  }
}
