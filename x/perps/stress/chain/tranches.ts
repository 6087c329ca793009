import type { SolvencyClass } from '../../types.js';
import type { TrancheRef } from './store.js';

/** Kinds and numbers as x/insurance has them. */
const kind = { market: 1, class: 2, global: 3 } as const;
const classNumbers: Readonly<Record<SolvencyClass, number | undefined>> = { A: 1, B: 2, C: 3, D: undefined };

export const marketTranche = (number: number): TrancheRef => ({ kind: kind.market, number });
export const globalTranche: TrancheRef = { kind: kind.global, number: 0 };

/** Classes with a tranche of their own. */
export const trancheClasses = ['A', 'B', 'C'] as const;

/** Class D stands alone. */
export function classTrancheOf(name: SolvencyClass): TrancheRef | undefined {
  const number = classNumbers[name];
  return number === undefined ? undefined : { kind: kind.class, number };
}

/** Does the global tranche answer for the class? risk-model section 12.1. */
export const isShared = (name: SolvencyClass): boolean => name === 'A' || name === 'B';

const names = ['', 'market', 'class', 'global'] as const;

/** The tranche as x/insurance is asked for it. */
export const trancheId = ({ kind: of, number }: TrancheRef) => ({
  kind: names[of] as 'market' | 'class' | 'global',
  number,
});
