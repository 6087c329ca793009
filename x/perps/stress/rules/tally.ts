/** What all accounts together cannot pay in one scenario, and the two largest of them alone. Quote quanta. */
export interface ScenarioTally {
  readonly sum: bigint;
  readonly first: bigint;
  readonly second: bigint;
}

/** By scenario; one that costs nobody anything is not there. Counted in place. */
export type Tally = Map<number, { -readonly [K in keyof ScenarioTally]: ScenarioTally[K] }>;

/** Adds what one account cannot pay; positive. */
export function count(tally: Tally, scenario: number, amount: bigint): void {
  const before = tally.get(scenario);
  if (before === undefined) {
    tally.set(scenario, { sum: amount, first: amount, second: 0n });
    return;
  }
  before.sum += amount;
  if (amount > before.first) {
    before.second = before.first;
    before.first = amount;
  } else if (amount > before.second) before.second = amount;
}

/** S_k of several markets together. Order does not matter: sums. */
export function joined(tallies: Iterable<ReadonlyMap<number, ScenarioTally>>): Map<number, bigint> {
  const sums = new Map<number, bigint>();
  for (const tally of tallies) for (const [k, { sum }] of tally) sums.set(k, (sums.get(k) ?? 0n) + sum);
  return sums;
}

export const sumsOf = (tally: ReadonlyMap<number, ScenarioTally>): Map<number, bigint> => joined([tally]);

/** Cover-2: what the two largest accounts together cannot pay in the worst scenario for both. risk-model section 12.3. */
export function coverTwo(tally: ReadonlyMap<number, ScenarioTally>): bigint {
  let most = 0n;
  for (const { first, second } of tally.values()) if (first + second > most) most = first + second;
  return most;
}
