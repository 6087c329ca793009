import { ppb, quote, type Ppb, type Quote, type SolvencyClass } from '../types.js';

/** What a class alone decides. risk-model section 2. */
export interface ClassRules {
  /** m_floor. */
  readonly floor: Ppb;
  /** H: how long closing a position may take. */
  readonly horizonMinutes: bigint;
  /** Open-interest cap of a market that is listed in the class, and the most that a market keeps when it falls into it. */
  readonly openInterestCap: Quote;
}

const rules = (floorPpm: bigint, horizonMinutes: bigint, capUsd: bigint): ClassRules => ({
  floor: ppb(floorPpm * 1_000n),
  horizonMinutes,
  openInterestCap: quote(capUsd * 1_000_000n),
});

export const classRules: Readonly<Record<SolvencyClass, ClassRules>> = {
  A: rules(12_500n, 10n, 2_000_000_000n),
  B: rules(25_000n, 20n, 200_000_000n),
  C: rules(50_000n, 30n, 20_000_000n),
  D: rules(100_000n, 60n, 10_000_000n),
};
