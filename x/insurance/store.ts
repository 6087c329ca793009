import { Exit, Params, Payout, Tranche } from '../../gen/plimsoll/insurance/v1/insurance.js';
import { FatalError } from '../../runtime/baseapp/errors.js';
import { decimal, marker, viewCodec } from '../../runtime/store/codecs.js';
import { Collection, Item, protoCodec, type Stores } from '../../runtime/store/collection.js';
import { bytes as bytesKey, keyBytes, readU32, readU64, u32, u64, u8 } from '../../runtime/store/key.js';
import type { KVStore } from '../../runtime/store/types.js';
import {
  exitFromProto,
  exitToProto,
  payoutFromProto,
  payoutToProto,
  trancheFromProto,
  trancheToProto,
  type ExitView,
  type PayoutView,
} from './codecs.js';
import { balanceOf, type TrancheId, type TrancheKind, type TrancheView } from './types.js';

export const storeName = 'insurance';
/** Emptied before each block. */
export const transientStoreName = 'transient_insurance';

const kinds: readonly TrancheKind[] = ['market', 'class', 'global'];
const idLength = 5;
export const idKey = {
  encode: ({ kind, number }: TrancheId): string => u8(kinds.indexOf(kind) + 1) + u32(number),
  decode: (key: string): TrancheId => ({ kind: kinds[key.charCodeAt(0) - 1]!, number: readU32(key, 1) }),
};
type Held = readonly [tranche: TrancheId, owner: Uint8Array];
const held = {
  encode: ([tranche, owner]: Held): string => idKey.encode(tranche) + bytesKey(owner),
  decode: (key: string): Held => [idKey.decode(key), keyBytes(key.slice(idLength))],
};
type Timed = readonly [readyMs: bigint, held: Held];

const params = new Item(storeName, 1, protoCodec<Params>(Params));
const tranches = new Collection<TrancheId, TrancheView>(
  storeName,
  2,
  idKey,
  viewCodec(Tranche, trancheToProto, trancheFromProto),
);
/** Everything that the module account holds; kept so that it need not be counted in every block. */
const total = new Item<bigint>(storeName, 3, decimal);
/** (tranche, owner) → shares. */
const shares = new Collection<Held, bigint>(storeName, 4, held, decimal);
/** (owner, tranche): the same, to ask by owner. */
const sharesByOwner = new Collection<Held, true>(
  storeName,
  5,
  {
    encode: ([tranche, owner]) => bytesKey(owner) + idKey.encode(tranche),
    decode: (key) => [idKey.decode(key.slice(20)), keyBytes(key.slice(0, 20))],
  },
  marker,
);
const exits = new Collection<Held, ExitView>(storeName, 6, held, viewCodec(Exit, exitToProto, exitFromProto));
/** Requests that cool down, the earliest first. */
const cooling = new Collection<Timed, true>(
  storeName,
  7,
  {
    encode: ([ms, key]) => u64(ms) + held.encode(key),
    decode: (key) => [readU64(key, 0), held.decode(key.slice(8))],
  },
  marker,
);
/** Mature requests of a tranche, in order of owner. */
const mature = new Collection<Held, true>(storeName, 8, held, marker);
const payouts = new Collection<TrancheId, PayoutView>(
  storeName,
  9,
  idKey,
  viewCodec(Payout, payoutToProto, payoutFromProto),
);
const epochDay = new Item<bigint>(storeName, 10, decimal);
/** Paid by each tranche in this block: one block is one event. */
const paidInBlock = new Collection<TrancheId, bigint>(transientStoreName, 1, idKey, decimal);

/** The only code that touches insurance's store. It moves values and knows no rule. */
export class InsuranceStore {
  params(from: Stores): Params {
    const found = params.get(from);
    if (found === undefined) throw new FatalError('insurance has no parameters: genesis did not run');
    return found;
  }

  setParams(to: Stores<KVStore>, value: Params): void {
    params.set(to, value);
  }

  tranche(from: Stores, id: TrancheId): TrancheView | undefined {
    return tranches.get(from, id);
  }

  /** Markets, then classes, then the global one. */
  tranches(from: Stores): Iterable<TrancheView> {
    return tranches.values(from);
  }

  setTranche(to: Stores<KVStore>, tranche: TrancheView): void {
    const before = tranches.get(to, tranche.id);
    this.#addTotal(to, balanceOf(tranche) - (before === undefined ? 0n : balanceOf(before)));
    tranches.set(to, tranche.id, tranche);
  }

  /** All tranches and payouts under way. */
  total(from: Stores): bigint {
    return total.get(from) ?? 0n;
  }

  #addTotal(to: Stores<KVStore>, change: bigint): void {
    if (change !== 0n) total.set(to, this.total(to) + change);
  }

  paidInBlock(from: Stores, id: TrancheId): bigint {
    return paidInBlock.get(from, id) ?? 0n;
  }

  addPaidInBlock(to: Stores<KVStore>, id: TrancheId, amount: bigint): void {
    paidInBlock.set(to, id, this.paidInBlock(to, id) + amount);
  }

  // ---- shares ------------------------------------------------------------

  shares(from: Stores, tranche: TrancheId, owner: Uint8Array): bigint {
    return shares.get(from, [tranche, owner]) ?? 0n;
  }

  setShares(to: Stores<KVStore>, tranche: TrancheId, owner: Uint8Array, value: bigint): void {
    if (value === 0n) {
      shares.delete(to, [tranche, owner]);
      sharesByOwner.delete(to, [tranche, owner]);
    } else {
      shares.set(to, [tranche, owner], value);
      sharesByOwner.set(to, [tranche, owner], true);
    }
  }

  allShares(from: Stores): Iterable<readonly [Held, bigint]> {
    return shares.entries(from);
  }

  /** Tranches in which somebody has shares. */
  *tranchesOf(from: Stores, owner: Uint8Array): Iterable<TrancheId> {
    for (const [[tranche]] of sharesByOwner.entries(from, bytesKey(owner))) yield tranche;
  }

  // ---- exits -------------------------------------------------------------

  exit(from: Stores, tranche: TrancheId, owner: Uint8Array): ExitView | undefined {
    return exits.get(from, [tranche, owner]);
  }

  /** Of one tranche when given. */
  exits(from: Stores, tranche?: TrancheId): Iterable<ExitView> {
    return exits.values(from, tranche === undefined ? '' : idKey.encode(tranche));
  }

  setExit(to: Stores<KVStore>, exit: ExitView): void {
    this.deleteExit(to, exit.tranche, exit.owner);
    const key: Held = [exit.tranche, exit.owner];
    exits.set(to, key, exit);
    if (exit.mature) mature.set(to, key, true);
    else cooling.set(to, [exit.readyMs, key], true);
  }

  deleteExit(to: Stores<KVStore>, tranche: TrancheId, owner: Uint8Array): void {
    const key: Held = [tranche, owner];
    const found = exits.get(to, key);
    if (found === undefined) return;
    exits.delete(to, key);
    if (found.mature) mature.delete(to, key);
    else cooling.delete(to, [found.readyMs, key]);
  }

  /** The first request whose cooldown is over. */
  firstCooled(from: Stores, nowMs: bigint): ExitView | undefined {
    for (const [[readyMs, [tranche, owner]]] of cooling.entries(from))
      return readyMs <= nowMs ? this.exit(from, tranche, owner) : undefined;
    return undefined;
  }

  /** The mature request of the first owner behind another one; of the first of all behind nobody. */
  nextMature(from: Stores, tranche: TrancheId, after: Uint8Array): ExitView | undefined {
    const under = idKey.encode(tranche);
    const options = after.length === 0 ? {} : { start: under + bytesKey(after) + u8(0) };
    for (const [[, owner]] of mature.entries(from, under, options)) return this.exit(from, tranche, owner);
    return undefined;
  }

  payout(from: Stores, tranche: TrancheId): PayoutView | undefined {
    return payouts.get(from, tranche);
  }

  payouts(from: Stores): Iterable<PayoutView> {
    return payouts.values(from);
  }

  setPayout(to: Stores<KVStore>, payout: PayoutView): void {
    this.#addTotal(to, payout.assetsLeft - (payouts.get(to, payout.tranche)?.assetsLeft ?? 0n));
    if (payout.matureLeft === 0n) payouts.delete(to, payout.tranche);
    else payouts.set(to, payout.tranche, payout);
  }

  /** UTC day of the last epoch. */
  epochDay(from: Stores): bigint {
    return epochDay.get(from) ?? 0n;
  }

  setEpochDay(to: Stores<KVStore>, day: bigint): void {
    epochDay.set(to, day);
  }
}
