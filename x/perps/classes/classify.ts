import type { ClassThresholds, RatesParams } from '../../../gen/plimsoll/perps/v1/rates_params.js';
import type { SolvencyClass } from '../types.js';

/** What is known of the market outside, over 30 days, and of its time here. */
export interface ClassStatistics {
  /** USD within 1 % that nine tenths of all hours exceed. */
  readonly depthUsd: bigint;
  /** Zero when not known. */
  readonly sources: number;
  readonly dispersionPpm: number;
  /** As governance states it; zero when it does not. */
  readonly marketCapUsd: bigint;
  readonly daysListed: bigint;
}

/** Best first. */
const order: readonly SolvencyClass[] = ['A', 'B', 'C', 'D'];

/** Positive when the first class is better. */
export const betterBy = (first: SolvencyClass, second: SolvencyClass): number =>
  order.indexOf(second) - order.indexOf(first);

/**
 * The best class whose thresholds the statistics meet; D asks for nothing.
 * risk-model section 2.
 * @param proven true: what is not known is not met, as promotion wants it; false: it is not held against the market
 */
export function classOf(statistics: ClassStatistics, params: RatesParams, proven: boolean): SolvencyClass {
  const thresholds: readonly (readonly [SolvencyClass, ClassThresholds])[] = [
    ['A', params.classA!],
    ['B', params.classB!],
    ['C', params.classC!],
  ];
  for (const [name, asked] of thresholds) if (meets(statistics, asked, proven)) return name;
  return 'D';
}

function meets(found: ClassStatistics, asked: ClassThresholds, proven: boolean): boolean {
  const sourcesKnown = found.sources > 0 || proven;
  const capKnown = found.marketCapUsd > 0n || proven;
  return (
    found.depthUsd >= asked.depthUsd &&
    found.dispersionPpm <= asked.dispersionPpm &&
    (!sourcesKnown || found.sources >= asked.sources) &&
    (!capKnown || found.marketCapUsd >= asked.marketCapUsd) &&
    (!proven || found.daysListed >= BigInt(asked.daysListed))
  );
}
