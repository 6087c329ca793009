import type { Exit, HourlyResult, Payout, Vault, VaultMarket } from '../../gen/plimsoll/backstop/v1/backstop.js';
import { fromBech32, toBech32 } from '../../runtime/crypto/address.js';
import type { ExitTerms, PayoutTerms } from '../../runtime/pool/book.js';
import type { HourlyAmount } from '../../runtime/pool/hours.js';
import type { VaultMarketView, VaultView } from './types.js';

const resultsToProto = (results: readonly HourlyAmount[]): HourlyResult[] =>
  results.map(({ hour, amount }) => ({ hour, amount: amount.toString() }));
const resultsFromProto = (results: readonly HourlyResult[]): HourlyAmount[] =>
  results.map(({ hour, amount }) => ({ hour, amount: BigInt(amount) }));

export const vaultToProto = (view: VaultView): Vault => ({
  number: view.number,
  shares: view.shares.toString(),
  protocolShares: view.protocolShares.toString(),
  matureShares: view.matureShares.toString(),
  results: resultsToProto(view.results),
  hour: view.hour,
  base: view.base.toString(),
  closedUntilDay: view.closedUntilDay,
  prices: view.prices.map(({ day, price }) => ({ day, price: price.toString() })),
  totalIn: view.totalIn.toString(),
  totalOut: view.totalOut.toString(),
  penalties: view.penalties.toString(),
  payments: view.payments.toString(),
  taken: view.taken.toString(),
});

export const vaultFromProto = (proto: Vault): VaultView => ({
  number: proto.number,
  shares: BigInt(proto.shares),
  protocolShares: BigInt(proto.protocolShares),
  matureShares: BigInt(proto.matureShares),
  results: resultsFromProto(proto.results),
  hour: proto.hour,
  base: BigInt(proto.base),
  closedUntilDay: proto.closedUntilDay,
  prices: proto.prices.map(({ day, price }) => ({ day, price: BigInt(price) })),
  totalIn: BigInt(proto.totalIn),
  totalOut: BigInt(proto.totalOut),
  penalties: BigInt(proto.penalties),
  payments: BigInt(proto.payments),
  taken: BigInt(proto.taken),
});

export const vaultMarketToProto = (view: VaultMarketView): VaultMarket => ({
  ...view,
  results: resultsToProto(view.results),
  base: view.base.toString(),
});

export const vaultMarketFromProto = (proto: VaultMarket): VaultMarketView => ({
  ...proto,
  results: resultsFromProto(proto.results),
  base: BigInt(proto.base),
});

/** A request to leave, as the store keeps it. */
export interface ExitView extends ExitTerms {
  readonly number: number;
}

export const exitToProto = ({ number, owner, shares, readyMs, mature }: ExitView): Exit => ({
  number,
  owner: toBech32(owner),
  shares: shares.toString(),
  readyMs,
  mature,
});

export const exitFromProto = ({ number, owner, shares, readyMs, mature }: Exit): ExitView => ({
  number,
  owner: fromBech32(owner),
  shares: BigInt(shares),
  readyMs,
  mature,
});

export interface PayoutView extends PayoutTerms {
  readonly number: number;
}

export const payoutToProto = ({ number, matureLeft, sharesLeft, assetsLeft, cursor }: PayoutView): Payout => ({
  number,
  matureLeft: matureLeft.toString(),
  sharesLeft: sharesLeft.toString(),
  assetsLeft: assetsLeft.toString(),
  cursor,
});

export const payoutFromProto = ({ number, matureLeft, sharesLeft, assetsLeft, cursor }: Payout): PayoutView => ({
  number,
  matureLeft: BigInt(matureLeft),
  sharesLeft: BigInt(sharesLeft),
  assetsLeft: BigInt(assetsLeft),
  cursor,
});
