import { Exit, Params, Payout, Tranche } from '../../gen/plimsoll/insurance/v1/insurance.js';
import { FatalError } from '../../runtime/baseapp/errors.js';
import { ShareBook, type ShareBookLayout } from '../../runtime/pool/book.js';
import { decimal, viewCodec } from '../../runtime/store/codecs.js';
import { Collection, Item, protoCodec, type Stores } from '../../runtime/store/collection.js';
import { readU32, u32, u8 } from '../../runtime/store/key.js';
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
const params = new Item(storeName, 1, protoCodec<Params>(Params));
const tranches = new Collection<TrancheId, TrancheView>(
  storeName,
  2,
  idKey,
  viewCodec(Tranche, trancheToProto, trancheFromProto),
);
/** Everything that the module account holds; kept so that it need not be counted in every block. */
const total = new Item<bigint>(storeName, 3, decimal);
const epochDay = new Item<bigint>(storeName, 10, decimal);
/** Paid by each tranche in this block: one block is one event. */
const paidInBlock = new Collection<TrancheId, bigint>(transientStoreName, 1, idKey, decimal);

/** Prefixes 4 to 9: who has shares of which tranche, and who leaves. */
const shareBook: ShareBookLayout<TrancheId, ExitView, PayoutView> = {
  storeName,
  pools: idKey,
  poolLength: idLength,
  prefixes: { shares: 4, byOwner: 5, exits: 6, cooling: 7, mature: 8, payouts: 9 },
  exit: viewCodec(Exit, exitToProto, exitFromProto),
  payout: viewCodec(Payout, payoutToProto, payoutFromProto),
  poolOf: ({ tranche }) => tranche,
};

/** The only code that touches insurance's store. It moves values and knows no rule. */
export class InsuranceStore extends ShareBook<TrancheId, ExitView, PayoutView> {
  constructor() {
    super(shareBook);
  }

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

  override setPayout(to: Stores<KVStore>, payout: PayoutView): void {
    this.#addTotal(to, payout.assetsLeft - (this.payout(to, payout.tranche)?.assetsLeft ?? 0n));
    super.setPayout(to, payout);
  }

  /** UTC day of the last epoch. */
  epochDay(from: Stores): bigint {
    return epochDay.get(from) ?? 0n;
  }

  setEpochDay(to: Stores<KVStore>, day: bigint): void {
    epochDay.set(to, day);
  }
}
