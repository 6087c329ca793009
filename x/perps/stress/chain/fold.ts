import type {
  StressReport,
  StressSweep,
  TrancheStress,
  WorstScenario,
} from '../../../../gen/plimsoll/perps/v1/stress.js';
import type { Context } from '../../../../runtime/baseapp/context.js';
import type { Deps } from '../../deps.js';
import type { MarketId, SolvencyClass } from '../../types.js';
import { classFromProto } from '../../codecs.js';
import { historyLength } from '../rules/history.js';
import { joined, type Tally } from '../rules/tally.js';
import { tailOf, type Tail } from '../rules/tail.js';
import { marketTarget, sharedTarget, type TargetParts } from '../rules/targets.js';
import type { Frozen } from './basis.js';
import { tallyFromProto } from './round.js';
import { stressStore, type TrancheRef } from './store.js';
import { classTrancheOf, globalTranche, isShared, marketTranche, trancheClasses, trancheId } from './tranches.js';

/** Scenarios that a report names. */
const worstNamed = 3;

interface Found {
  readonly id: MarketId;
  readonly class: SolvencyClass;
  readonly tally: Tally;
  readonly parts: TargetParts;
}

/**
 * Ends a round: what it counted becomes the targets that tranches move to,
 * and a report. O(markets * scenarios), once an hour. risk-model sections
 * 12.3 and 19.2.
 */
export function fold(ctx: Context, deps: Deps, sweep: StressSweep, frozen: Frozen): void {
  const scenarios = frozen.stressCount + historyLength;
  const found: Found[] = [];
  for (const market of [...deps.keeper.allMarkets(ctx)]) {
    const name = classFromProto(market.class);
    const tally = tallyFromProto(stressStore.trancheTally(ctx, marketTranche(market.id)));
    const { openInterest } = deps.keeper.marketView(ctx, market.id);
    found.push({ id: market.id, class: name, tally, parts: marketTarget(tally, scenarios, name, openInterest) });
  }
  const tranches: TrancheStress[] = [];
  const aim = (id: TrancheRef, parts: TargetParts, sums: ReadonlyMap<number, bigint>): bigint => {
    deps.insurance.setTarget(ctx, trancheId(id), parts.target);
    tranches.push(toReport(id, parts, sums, frozen));
    return parts.target;
  };
  for (const { id, parts, tally } of found) aim(marketTranche(id), parts, joined([tally]));
  let classTargets = 0n;
  for (const name of trancheClasses) {
    const members = found.filter((each) => each.class === name);
    const target = aimShared(ctx, classTrancheOf(name)!, members, 0n, scenarios, aim);
    if (isShared(name)) classTargets += target;
  }
  const shared = found.filter((each) => isShared(each.class));
  aimShared(ctx, globalTranche, shared, classTargets, scenarios, aim);
  const all = joined(found.map(({ tally }) => tally));
  const tail = historicalTail(all, frozen);
  const report: StressReport = {
    hour: sweep.hour,
    startedMs: sweep.startedMs,
    endedMs: ctx.block.timeMs,
    accounts: sweep.accounts,
    scenarios: frozen.stressCount,
    history: frozen.shocks.length - frozen.stressCount,
    valueAtRisk: tail.valueAtRisk.toString(),
    expectedShortfall: tail.expectedShortfall.toString(),
    worst: worstOf(all, frozen),
    tranches,
    markets: [...stressStore.marketTallies(ctx)],
  };
  stressStore.setReport(ctx, report);
  clear(ctx);
  ctx.emit('plimsoll.perps.v1.EventStressReport', {
    hour: report.hour,
    accounts: report.accounts,
    valueAtRisk: report.valueAtRisk,
    expectedShortfall: report.expectedShortfall,
  });
}

function aimShared(
  ctx: Context,
  id: TrancheRef,
  members: readonly Found[],
  covered: bigint,
  scenarios: number,
  aim: (id: TrancheRef, parts: TargetParts, sums: ReadonlyMap<number, bigint>) => bigint,
): bigint {
  const before = members.reduce((sum, { parts }) => sum + parts.target, covered);
  const tallies = members.map(({ tally }) => tally);
  const own = tallyFromProto(stressStore.trancheTally(ctx, id));
  return aim(id, sharedTarget(own, tallies, scenarios, before), joined(tallies));
}

/** Forgets what a round counted. */
export function clear(ctx: Context): void {
  stressStore.dropBasis(ctx);
  for (const tally of [...stressStore.trancheTallies(ctx)]) stressStore.dropTrancheTally(ctx, tally);
  for (const { marketId } of [...stressStore.marketTallies(ctx)]) stressStore.dropMarketTally(ctx, marketId);
}

function worstOf(sums: ReadonlyMap<number, bigint>, { names, stressCount }: Frozen): WorstScenario[] {
  return [...sums]
    .sort(([a, x], [b, y]) => (x !== y ? (x > y ? -1 : 1) : a - b))
    .slice(0, worstNamed)
    .map(([k, sum]) => ({ name: names[k] ?? `history ${k - stressCount + 1}`, shortfall: sum.toString() }));
}

/** VaR and ES over the chain's own history; what is missing of 500 moves costs nobody anything. */
function historicalTail(sums: ReadonlyMap<number, bigint>, { stressCount }: Frozen): Tail {
  return tailOf(
    [...sums].filter(([k]) => k >= stressCount).map(([, sum]) => sum),
    historyLength,
  );
}

function toReport(
  { kind, number }: TrancheRef,
  parts: TargetParts,
  sums: ReadonlyMap<number, bigint>,
  frozen: Frozen,
): TrancheStress {
  const tail = historicalTail(sums, frozen);
  return {
    kind,
    number,
    expectedShortfall: parts.expectedShortfall.toString(),
    coverTwo: parts.coverTwo.toString(),
    least: parts.least.toString(),
    covered: parts.covered.toString(),
    wanted: parts.target.toString(),
    worst: worstOf(sums, frozen),
    historicalValueAtRisk: tail.valueAtRisk.toString(),
    historicalExpectedShortfall: tail.expectedShortfall.toString(),
  };
}
