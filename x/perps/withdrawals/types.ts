import type { AssetId, MarketView, PositionView, SolvencyClass, SubaccountKey } from '../types.js';

/** Class of the riskiest market in which an account has a position; none when it has no position. */
export type FundClass = 'none' | SolvencyClass;

/** From the least risky. */
export const fundClasses: readonly FundClass[] = ['none', 'A', 'B', 'C', 'D'];

/** Amounts by class, quote quanta; those that are not there are zero. */
export type ByClass = ReadonlyMap<FundClass, bigint>;

/** The later class of two. */
export const riskier = (a: FundClass, b: FundClass): FundClass =>
  fundClasses.indexOf(a) >= fundClasses.indexOf(b) ? a : b;

/** O(positions). */
export function fundClassOf(positions: readonly PositionView[], markets: (id: number) => MarketView): FundClass {
  let found: FundClass = 'none';
  for (const { marketId } of positions) found = riskier(found, markets(marketId).class);
  return found;
}

/** Money that is on its way out: zero is USDC. */
export type MoneyId = AssetId;
export const usdcId: MoneyId = 0;

/** What a subaccount waits for of one asset. */
export interface QueueEntry {
  readonly key: SubaccountKey;
  readonly assetId: MoneyId;
  /** Smallest units of the asset, positive. */
  readonly amount: bigint;
  /** Worth when it was asked for, quote quanta: what it counts for in the buckets. */
  readonly value: bigint;
  readonly class: FundClass;
  /** Block time of the newest request in it. */
  readonly sinceMs: bigint;
}

/** What a subaccount asked for in this block. */
export interface Request {
  readonly key: SubaccountKey;
  readonly assetId: MoneyId;
  readonly amount: bigint;
  readonly value: bigint;
  /** Part of the value that the owner's daily allowance covers. */
  readonly allowance: bigint;
}

/** An epoch that is being paid. */
export interface Epoch {
  readonly startMs: bigint;
  /** Part of each class's wanted value that is paid. */
  readonly shares: ReadonlyMap<FundClass, { readonly granted: bigint; readonly wanted: bigint }>;
  /** The last entry that was looked at. */
  readonly after: { readonly key: SubaccountKey; readonly assetId: MoneyId } | undefined;
}
