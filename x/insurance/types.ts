import type { HourlyAmount } from '../../runtime/pool/hours.js';
import type { SharePrice } from '../../runtime/pool/shares.js';

/** A solvency class that has a tranche of its own; class D stands alone. */
export type SharedClass = 'A' | 'B' | 'C';
export type SolvencyClass = SharedClass | 'D';

export type TrancheKind = 'market' | 'class' | 'global';

/** What a tranche stands behind. */
export interface TrancheId {
  readonly kind: TrancheKind;
  /** Market id, or number of the class (A is 1); zero for the global one. */
  readonly number: number;
}

export const classNumber: Readonly<Record<SharedClass, number>> = { A: 1, B: 2, C: 3 };
export const classOfNumber: readonly (SharedClass | undefined)[] = [undefined, 'A', 'B', 'C'];
export const globalTranche: TrancheId = { kind: 'global', number: 0 };
export const marketTranche = (number: number): TrancheId => ({ kind: 'market', number });
export const classTranche = (name: SharedClass): TrancheId => ({ kind: 'class', number: classNumber[name] });

/** Tranches that exist whatever is listed. */
export const sharedTranches: readonly TrancheId[] = [
  classTranche('A'),
  classTranche('B'),
  classTranche('C'),
  globalTranche,
];

/** Who pays a market's deficit, in order. risk-model sections 2 and 12.1. */
export function chainOf(marketId: number, solvencyClass: SolvencyClass): readonly TrancheId[] {
  const own = marketTranche(marketId);
  if (solvencyClass === 'D') return [own];
  if (solvencyClass === 'C') return [own, classTranche('C')];
  return [own, classTranche(solvencyClass), globalTranche];
}

/** A tranche with its amounts as integers: quote quanta, and 10^-6 of a share. */
export interface TrancheView {
  readonly id: TrancheId;
  /** The protocol's own money: loses first. */
  readonly junior: bigint;
  /** Money of those with shares. */
  readonly senior: bigint;
  readonly shares: bigint;
  readonly recent: readonly HourlyAmount[];
  readonly totalIn: bigint;
  readonly totalOut: bigint;
  readonly target: bigint;
  readonly targetTimeMs: bigint;
  readonly matureShares: bigint;
  readonly prices: readonly SharePrice[];
}

export const emptyTranche = (id: TrancheId): TrancheView => ({
  id,
  junior: 0n,
  senior: 0n,
  shares: 0n,
  recent: [],
  totalIn: 0n,
  totalOut: 0n,
  target: 0n,
  targetTimeMs: 0n,
  matureShares: 0n,
  prices: [],
});

export const balanceOf = ({ junior, senior }: Pick<TrancheView, 'junior' | 'senior'>): bigint => junior + senior;
