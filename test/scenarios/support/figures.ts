import assert from 'node:assert/strict';
import type { Figures } from '../scenario.js';
import type { Cast } from './cast.js';
import type { Outcome } from './outcome.js';

/** Quote quanta as USDC with cents, towards zero. */
export function usdcOf(quanta: bigint): number {
  return Number(quanta / 10_000n) / 100;
}

/** What every attack states: what it earned, and what it cost those who insure. */
export function costs(outcome: Outcome, fundLoss: bigint) {
  return {
    'fund loss, USDC': usdcOf(fundLoss),
    'haircut, USDC': usdcOf(outcome.taken),
    'bad debt': Number(outcome.badDebt),
  };
}

/** Money in all tranches, quote quanta. */
export const funds = ({ stage }: Cast): bigint => stage.insurance();

/** @throws AssertionError naming the figure */
export function atMost<F extends Figures>(figures: F, name: keyof F & string, most: number): void {
  assert.ok(Number(figures[name]) <= most, `${name}: ${figures[name]}; expected at most ${most}`);
}

/** @throws AssertionError naming the figure */
export function atLeast<F extends Figures>(figures: F, name: keyof F & string, least: number): void {
  assert.ok(Number(figures[name]) >= least, `${name}: ${figures[name]}; expected at least ${least}`);
}
