import { cdiv, max, million } from '../../../../runtime/math/integers.js';
import type { SolvencyClass } from '../../types.js';
import { classStress } from './class-stress.js';
import { coverTwo, joined, sumsOf, type ScenarioTally } from './tally.js';
import { worstMean } from './tail.js';

/** What stress tests say of a tranche, quote quanta. */
export interface TargetParts {
  /** Mean of the worst hundredth of all scenarios. */
  readonly expectedShortfall: bigint;
  /** What the two largest accounts cannot pay together. */
  readonly coverTwo: bigint;
  /** Least target of a market, by its open interest; zero for classes. */
  readonly least: bigint;
  /** Targets of the tranches before this one in the chain, which cover a part of its scenarios. */
  readonly covered: bigint;
  readonly target: bigint;
}

/** Target_i = max(ES_i, cover-2, a share of open interest), rounded up. risk-model section 12.3. */
export function marketTarget(
  tally: ReadonlyMap<number, ScenarioTally>,
  scenarios: number,
  name: SolvencyClass,
  openInterest: bigint,
): TargetParts {
  const expectedShortfall = worstMean(sumsOf(tally).values(), scenarios);
  const two = coverTwo(tally);
  const least = cdiv(openInterest * classStress[name].targetShare, million);
  return { expectedShortfall, coverTwo: two, least, covered: 0n, target: max(max(expectedShortfall, two), least) };
}

/**
 * Target of a tranche that several markets share: max(joint ES - targets of
 * the tranches before it, cover-2 of all of them). risk-model section 12.3.
 * @param own what single accounts cannot pay in all its markets together
 * @param markets of those it answers for
 */
export function sharedTarget(
  own: ReadonlyMap<number, ScenarioTally>,
  markets: Iterable<ReadonlyMap<number, ScenarioTally>>,
  scenarios: number,
  covered: bigint,
): TargetParts {
  const expectedShortfall = worstMean(joined(markets).values(), scenarios);
  const two = coverTwo(own);
  return {
    expectedShortfall,
    coverTwo: two,
    least: 0n,
    covered,
    target: max(max(0n, expectedShortfall - covered), two),
  };
}
