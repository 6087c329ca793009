import type { Score } from '../../gen/plimsoll/oracle/v1/oracle.js';
import type { Context } from '../../runtime/baseapp/context.js';
import { bytes as keyOfBytes } from '../../runtime/store/key.js';
import type { ValidatorPenalties } from './expected_keepers.js';
import type { OracleKeeper } from './keeper.js';
import { judge, offside } from './scoring.js';

/** One accepted price that reports are compared with. */
export interface Benchmark {
  readonly pairId: number;
  readonly median: bigint;
  readonly dispersionPpm: number;
}

/** What one validator reported in this block, by pair. */
export interface Reported {
  readonly address: Uint8Array;
  readonly prices: ReadonlyMap<number, bigint>;
}

/**
 * Counts this block's reports for and against each validator, and judges all
 * of them when the window ends. Validators that signed nothing reported
 * nothing. O(validators + reports). risk-model section 15.3.
 */
export function keepScores(
  ctx: Context,
  keeper: OracleKeeper,
  benchmarks: readonly Benchmark[],
  reports: readonly Reported[],
  penalties: ValidatorPenalties | undefined,
): void {
  const { scoreWindow } = keeper.params(ctx);
  const before = keeper.scores(ctx);
  const startHeight = before.startHeight === 0n ? ctx.block.height : before.startHeight;
  const scores = new Map<string, Score>(before.scores.map((score) => [keyOfBytes(score.address), score]));
  const reported = new Map<string, Reported>(reports.map((each) => [keyOfBytes(each.address), each]));
  for (const { address } of ctx.block.lastCommit) {
    const id = keyOfBytes(address);
    const score = scores.get(id) ?? { address, expected: 0n, reported: 0n, high: 0n, low: 0n };
    scores.set(id, add(score, benchmarks, reported.get(id)?.prices));
  }
  const sorted = [...scores].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, score]) => score);
  if (ctx.block.height - startHeight + 1n < BigInt(scoreWindow)) {
    keeper.setScores(ctx, { ...before, startHeight, scores: sorted });
    return;
  }
  const unrewarded = sorted.filter((score) => sentence(ctx, score, penalties)).map(({ address }) => address);
  keeper.setScores(ctx, { startHeight: ctx.block.height + 1n, scores: [], unrewarded });
}

function add(score: Score, benchmarks: readonly Benchmark[], prices: ReadonlyMap<number, bigint> | undefined): Score {
  let { reported, high, low } = score;
  for (const { pairId, median, dispersionPpm } of benchmarks) {
    const price = prices?.get(pairId);
    if (price === undefined) continue;
    reported += 1n;
    const side = offside(price, median, dispersionPpm);
    if (side > 0) high += 1n;
    if (side < 0) low += 1n;
  }
  return { address: score.address, expected: score.expected + BigInt(benchmarks.length), reported, high, low };
}

/** Carries out the verdict; says whether the validator goes without reward. */
function sentence(ctx: Context, score: Score, penalties: ValidatorPenalties | undefined): boolean {
  const verdict = judge(score);
  if (!verdict.unrewarded && verdict.slashedPpm === 0) return false;
  if (verdict.slashedPpm > 0) penalties?.slash(ctx, score.address, verdict.slashedPpm, 'biased prices');
  if (verdict.jailed) penalties?.jail(ctx, score.address, 'prices missing or wrong');
  ctx.emit('plimsoll.oracle.v1.EventReporterJudged', { ...score, ...verdict });
  return verdict.unrewarded;
}
