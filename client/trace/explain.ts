import type { Trace, TraceStep } from '../../gen/plimsoll/perps/v1/trace.js';
import type { Scene } from './scene.js';
import { Sheet, type Check } from './sheet.js';
import { checkClose } from './steps/close.js';
import { checkDeleveraged } from './steps/deleverage.js';
import { checkBankruptcy, checkDeficit, checkHaircut } from './steps/losses.js';
import { checkStarted } from './steps/standing.js';
import { checkFill, checkKeeper, checkPenalty, checkTakeover } from './steps/takers.js';

/**
 * Computes every number of a trace anew, out of the trace alone, by formulas
 * written here and not by the chain's code: what a node says happened need not
 * be believed. Integers throughout; amounts in quote quanta (10^-6 USDC).
 * What a trace cannot show is named as assumed: the book that an auction met,
 * and the margin of positions that offset each other.
 */

export interface ExplainedStep {
  readonly stage: string;
  /** In one sentence, as the node has it. */
  readonly text: string;
  readonly checks: readonly Check[];
  /** What this trace does not show and the step builds on. */
  readonly assumed: readonly string[];
}

export interface Explanation {
  readonly steps: readonly ExplainedStep[];
  /** Every number is what its formula says. */
  readonly holds: boolean;
}

/**
 * Explains a trace and checks it.
 * @param trace as the chain's query Why answers
 */
export function explain(trace: Trace): Explanation {
  const markets = new Map(trace.markets.map((market) => [market.marketId, market]));
  const started = trace.steps.find((step) => step.started !== undefined)?.started;
  const steps = trace.steps.map((step): ExplainedStep => {
    const sheet = new Sheet();
    checkStep(sheet, step, { trace, markets, started });
    return { stage: step.stage, text: step.text, checks: sheet.checks, assumed: sheet.assumed };
  });
  return { steps, holds: steps.every(({ checks }) => checks.every(({ holds }) => holds)) };
}

function checkStep(sheet: Sheet, step: TraceStep, scene: Scene): void {
  if (step.started !== undefined) checkStarted(sheet, step.started, scene);
  else if (step.close !== undefined) checkClose(sheet, step.close, scene);
  else if (step.fill !== undefined) checkFill(sheet, step.fill, scene);
  else if (step.penalty !== undefined) checkPenalty(sheet, step.penalty);
  else if (step.keeperFill !== undefined) checkKeeper(sheet, step.keeperFill, scene);
  else if (step.takeover !== undefined) checkTakeover(sheet, step.takeover, scene);
  else if (step.bankruptcy !== undefined) checkBankruptcy(sheet, step.bankruptcy, scene);
  else if (step.deficit !== undefined) checkDeficit(sheet, step.deficit);
  else if (step.deleveraged !== undefined) checkDeleveraged(sheet, step.deleveraged, scene);
  else if (step.haircut !== undefined) checkHaircut(sheet, step.haircut);
  else if (step.recovery !== undefined) {
    const { marketId, amount } = step.recovery;
    const cuts = scene.trace.steps.flatMap(({ haircut }) => (haircut?.marketId === marketId ? [haircut.amount] : []));
    // Each tier's payment is a claim of its own.
    sheet.that('claim', `${amount} is one of the haircuts ${cuts.join(', ')}`, cuts.includes(amount));
  }
}
