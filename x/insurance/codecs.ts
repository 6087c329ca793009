import type { Exit, Payout, Tranche } from '../../gen/plimsoll/insurance/v1/insurance.js';
import { TrancheKind as ProtoKind, type TrancheId as ProtoId } from '../../gen/plimsoll/insurance/v1/insurance.js';
import { fromBech32, toBech32 } from '../../runtime/crypto/address.js';
import type { ExitTerms, PayoutTerms } from '../../runtime/pool/book.js';
import { classOfNumber, type TrancheId, type TrancheKind, type TrancheView } from './types.js';

const kinds: readonly (readonly [TrancheKind, ProtoKind])[] = [
  ['market', ProtoKind.TRANCHE_KIND_MARKET],
  ['class', ProtoKind.TRANCHE_KIND_CLASS],
  ['global', ProtoKind.TRANCHE_KIND_GLOBAL],
];

export const idToProto = ({ kind, number }: TrancheId): ProtoId => ({
  kind: kinds.find(([name]) => name === kind)![1],
  number,
});

/** Undefined for what names no tranche that could exist. */
export function idFromProto(proto: ProtoId | undefined): TrancheId | undefined {
  const kind = kinds.find(([, value]) => value === proto?.kind)?.[0];
  if (kind === undefined) return undefined;
  const { number } = proto!;
  if (kind === 'class' && classOfNumber[number] === undefined) return undefined;
  if (kind === 'global' && number !== 0) return undefined;
  return { kind, number };
}

/** "market 3", "class B" or "global": for people. */
export const idText = ({ kind, number }: TrancheId): string =>
  kind === 'global' ? kind : `${kind} ${kind === 'class' ? classOfNumber[number] : number}`;

export function trancheToProto(view: TrancheView): Tranche {
  return {
    id: idToProto(view.id),
    junior: view.junior.toString(),
    senior: view.senior.toString(),
    shares: view.shares.toString(),
    recent: view.recent.map(({ hour, amount }) => ({ hour, amount: amount.toString() })),
    totalIn: view.totalIn.toString(),
    totalOut: view.totalOut.toString(),
    target: view.target.toString(),
    targetTimeMs: view.targetTimeMs,
    matureShares: view.matureShares.toString(),
    prices: view.prices.map(({ day, price }) => ({ day, price: price.toString() })),
  };
}

export function trancheFromProto(proto: Tranche): TrancheView {
  return {
    id: idFromProto(proto.id)!,
    junior: BigInt(proto.junior),
    senior: BigInt(proto.senior),
    shares: BigInt(proto.shares),
    recent: proto.recent.map(({ hour, amount }) => ({ hour, amount: BigInt(amount) })),
    totalIn: BigInt(proto.totalIn),
    totalOut: BigInt(proto.totalOut),
    target: BigInt(proto.target),
    targetTimeMs: proto.targetTimeMs,
    matureShares: BigInt(proto.matureShares),
    prices: proto.prices.map(({ day, price }) => ({ day, price: BigInt(price) })),
  };
}

/** A request to leave, as the store keeps it. */
export interface ExitView extends ExitTerms {
  readonly tranche: TrancheId;
}

export const exitToProto = ({ tranche, owner, shares, readyMs, mature }: ExitView): Exit => ({
  tranche: idToProto(tranche),
  owner: toBech32(owner),
  shares: shares.toString(),
  readyMs,
  mature,
});

export const exitFromProto = ({ tranche, owner, shares, readyMs, mature }: Exit): ExitView => ({
  tranche: idFromProto(tranche)!,
  owner: fromBech32(owner),
  shares: BigInt(shares),
  readyMs,
  mature,
});

export interface PayoutView extends PayoutTerms {
  readonly tranche: TrancheId;
}

export const payoutToProto = ({ tranche, matureLeft, sharesLeft, assetsLeft, cursor }: PayoutView): Payout => ({
  tranche: idToProto(tranche),
  matureLeft: matureLeft.toString(),
  sharesLeft: sharesLeft.toString(),
  assetsLeft: assetsLeft.toString(),
  cursor,
});

export const payoutFromProto = ({ tranche, matureLeft, sharesLeft, assetsLeft, cursor }: Payout): PayoutView => ({
  tranche: idFromProto(tranche)!,
  matureLeft: BigInt(matureLeft),
  sharesLeft: BigInt(sharesLeft),
  assetsLeft: BigInt(assetsLeft),
  cursor,
});
