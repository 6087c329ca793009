import type { VenueFigures } from '../simulation/compare/figures.js';

const percent = (part: number): string => `${(100 * part).toFixed(1)} %`;
const points = (value: number): string => value.toFixed(2);

/** What the page says of a venue, in its order. */
export const venueRows: readonly (readonly [name: string, of: (figures: VenueFigures) => string])[] = [
  ['bad debt, bp', ({ badDebt }) => points(badDebt)],
  ['of it paid by nobody, bp', ({ unpaid }) => points(unpaid)],
  ['haircut, bp', ({ haircut }) => points(haircut)],
  ['overshoot', ({ overshoot }) => (overshoot === undefined ? 'nothing taken' : overshoot.toFixed(4))],
  ['bad debt and loss of takers, bp', ({ loss }) => points(loss)],
  ['capital gained', ({ gain }) => percent(gain)],
  ['largest loss of capital', ({ drawdown }) => percent(drawdown)],
  ['deleveraged, part of open interest', ({ deleveraged }) => percent(deleveraged)],
  [
    'of that, on accounts less leveraged than their side',
    ({ deleveragedCalm }) => (deleveragedCalm === undefined ? 'nothing closed' : percent(deleveragedCalm)),
  ],
  ['accounts liquidated', ({ liquidated }) => percent(liquidated)],
  ['of all accounts, liquidated unnecessarily', ({ unnecessary }) => percent(unnecessary)],
  ['equity left to the liquidated', ({ equityLeft }) => percent(equityLeft)],
  ['seconds under margin, mean', ({ unsafeMean }) => unsafeMean.toFixed(0)],
  ['seconds under margin, 99th percentile', ({ unsafeP99 }) => unsafeP99.toFixed(0)],
];
