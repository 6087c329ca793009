import { cdiv } from '../../../../runtime/math/integers.js';

/** VaR and ES of risk-model section 19.2 look at the worst hundredth. */
const tailPart = 100;

const worstFirst = (values: Iterable<bigint>): bigint[] => [...values].sort((a, b) => (a > b ? -1 : a < b ? 1 : 0));

/**
 * Mean of the worst ceil(n / 100) of n values that are not negative, rounded
 * up; values that are not given are zero. risk-model section 12.3.
 */
export function worstMean(values: Iterable<bigint>, n: number): bigint {
  const worst = BigInt(tailPart);
  const number = cdiv(BigInt(n), worst);
  let sum = 0n;
  for (const value of worstFirst(values).slice(0, Number(number))) sum += value;
  return cdiv(sum, number);
}

export interface Tail {
  /** Loss that one in a hundred scenarios exceeds: with 500 of them the 6th largest. */
  readonly valueAtRisk: bigint;
  /** Mean of those that exceed it: of the 5 largest, rounded up. */
  readonly expectedShortfall: bigint;
}

/**
 * VaR and ES at 99 % of n losses that are not negative; losses that are not
 * given are zero. ES is the mean of the floor(n / 100) largest, VaR the next
 * one, so ES >= VaR (INV-S4). risk-model section 19.2.
 */
export function tailOf(losses: Iterable<bigint>, n: number): Tail {
  const sorted = worstFirst(losses);
  const number = Number(BigInt(n) / BigInt(tailPart));
  if (number === 0) return { valueAtRisk: sorted[0] ?? 0n, expectedShortfall: sorted[0] ?? 0n };
  let sum = 0n;
  for (const loss of sorted.slice(0, number)) sum += loss;
  return { valueAtRisk: sorted[number] ?? 0n, expectedShortfall: cdiv(sum, BigInt(number)) };
}
