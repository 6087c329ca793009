import type { StressSweep } from '../../../../gen/plimsoll/perps/v1/stress.js';
import type { Context } from '../../../../runtime/baseapp/context.js';
import type { Deps } from '../../deps.js';
import type { PositionView, SubaccountKey } from '../../types.js';
import { basisOf, frozenOf, type Frozen } from './basis.js';
import { clear, fold } from './fold.js';
import { keepReturns } from './returns.js';
import { Round } from './round.js';
import { bytesOfKey, keyOfBytes, stressStore } from './store.js';

const hourMs = 3_600_000n;
/** A block stops looking at more accounts after so many computed losses of a position in a scenario: when everybody is near ruin, a round takes longer and not the block. */
const mostComputed = 60_000;

/**
 * The stress test of all accounts (risk-model section 19): a round begins
 * with each hour, looks at some accounts in each block in key order, at the
 * prices of that block and in scenarios that were frozen when it began, and
 * ends with new targets for the insurance tranches. Scenarios, cursor and
 * counts are state, so every node, whenever it started, gets the same. Costs
 * O(1) between rounds. ADR 0024.
 */
export function stressTest(ctx: Context, deps: Deps): void {
  keepReturns(ctx, deps);
  const hour = ctx.block.timeMs / hourMs;
  let sweep = stressStore.sweep(ctx);
  if (sweep === undefined) {
    // The first hour of a chain is not over.
    stressStore.setSweep(ctx, {
      hour,
      startedMs: ctx.block.timeMs,
      running: false,
      next: new Uint8Array(0),
      accounts: 0n,
    });
    return;
  }
  if (!sweep.running) {
    if (hour <= sweep.hour) return;
    clear(ctx);
    stressStore.setBasis(ctx, basisOf(ctx, deps));
    sweep = { hour, startedMs: ctx.block.timeMs, running: true, next: new Uint8Array(0), accounts: 0n };
  }
  step(ctx, deps, sweep);
}

function step(ctx: Context, deps: Deps, sweep: StressSweep): void {
  const frozen = frozenOf(stressStore.basis(ctx)!);
  const limit = deps.keeper.params(ctx).stress!.sweepAccountsPerBlock;
  const { next, looked } = look(ctx, deps, frozen, keyOfBytes(sweep.next), limit);
  const after = { ...sweep, accounts: sweep.accounts + looked, next: bytesOfKey(next ?? '') };
  if (next === undefined) fold(ctx, deps, after, frozen);
  stressStore.setSweep(ctx, { ...after, running: next !== undefined });
}

/** Looks at so many accounts from a key on. @returns where to go on; undefined at the end */
function look(
  ctx: Context,
  { keeper, ...deps }: Deps,
  frozen: Frozen,
  from: string,
  limit: number,
): { readonly next: SubaccountKey | undefined; readonly looked: bigint } {
  const round = new Round(ctx, { keeper, ...deps }, frozen);
  let looked = 0n;
  let computed = 0;
  let key: SubaccountKey | undefined;
  let positions: PositionView[] = [];
  const finish = (): void => {
    if (key === undefined) return;
    const state = keeper.subaccount(ctx, key)!;
    const { cash, settings } = state;
    computed += round.add({ key, cash, settings, positions, collateral: keeper.collateralOf(ctx, key) });
    looked++;
  };
  for (const [[account], position] of keeper.positionsFrom(ctx, from)) {
    if (account !== key) {
      finish();
      if (looked === BigInt(limit) || computed >= mostComputed) {
        round.flush();
        return { next: account, looked };
      }
      key = account;
      positions = [];
    }
    positions.push(position);
  }
  finish();
  round.flush();
  return { next: undefined, looked };
}
