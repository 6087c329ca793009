import { ppm, type Ppm, type SolvencyClass } from '../../types.js';

/** What a class alone decides about its stress tests. risk-model sections 2, 12.3 and 15.4. */
export interface ClassStress {
  /** g: the gap that positions of the class are sized for. */
  readonly gap: Ppm;
  /** Share of open interest that a market's tranche has as its least target. */
  readonly targetShare: Ppm;
  /** Share of the class tranche that one market counts on; class D stands alone. */
  readonly classTrancheShare: Ppm;
}

const stress = (gap: bigint, targetShare: bigint, classTrancheShare: bigint): ClassStress => ({
  gap: ppm(gap),
  targetShare: ppm(targetShare),
  classTrancheShare: ppm(classTrancheShare),
});

export const classStress: Readonly<Record<SolvencyClass, ClassStress>> = {
  A: stress(120_000n, 5_000n, 250_000n),
  B: stress(200_000n, 10_000n, 250_000n),
  C: stress(400_000n, 15_000n, 250_000n),
  D: stress(700_000n, 20_000n, 0n),
};
