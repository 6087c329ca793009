import { Trigger, type ActiveTrigger } from '../../../gen/plimsoll/perps/v1/breakers.js';
import type { MarketBreakersInfo } from '../../../gen/plimsoll/perps/v1/breakers_query.js';
import type { QueryDefinition } from '../../../gen/plimsoll/perps/v1/query.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { sdkErrors } from '../../../runtime/baseapp/errors.js';
import type { Handlers } from '../../../runtime/baseapp/module.js';
import { paginate } from '../../../runtime/baseapp/pagination.js';
import { million } from '../../../runtime/math/integers.js';
import { keyBytes, u32, u64 } from '../../../runtime/store/key.js';
import type { Market } from '../../../gen/plimsoll/perps/v1/types.js';
import { actions, breakersView, modeToProto, standingOf } from '../breakers/index.js';
import { breakerStore, calm } from '../breakers/store.js';
import { withdrawalShare } from '../breakers/withdrawal-share.js';
import type { Deps } from '../deps.js';

type BreakerQueries = Pick<Handlers<typeof QueryDefinition>, 'breakers' | 'breakerHistory'>;

/** What breakers answer to those who ask. */
export function breakerQueries(deps: Deps): BreakerQueries {
  const { keeper } = deps;
  return {
    breakers: (ctx, { marketId, pagination }) => {
      const listed = marketId === 0 ? [...keeper.allMarkets(ctx)] : [keeper.market(ctx, marketId)];
      if (listed[0] === undefined && marketId !== 0)
        throw sdkErrors.keyNotFound(`market_id: ${marketId} is not listed`);
      const page = paginate(
        listed as Market[],
        pagination,
        ({ id }) => keyBytes(u32(id)),
        (market) => breakersInfo(ctx, deps, market),
      );
      return {
        markets: page.items,
        haltedReason: keeper.ledger(ctx).haltedReason,
        withdrawalSharePpm: withdrawalShare(ctx, deps),
        pagination: page.pagination,
      };
    },
    breakerHistory: (ctx, { pagination }) => {
      const page = paginate(
        [...breakerStore.history(ctx)].reverse(),
        pagination,
        ({ sequence }) => keyBytes(u64(sequence)),
        (record) => record,
      );
      return { records: page.items, pagination: page.pagination };
    },
  };
}

function breakersInfo(ctx: Context, { keeper }: Deps, market: Market): MarketBreakersInfo {
  const standing = standingOf(ctx, market);
  const state = standing.state ?? calm(market.id);
  const params = keeper.params(ctx).breakers;
  return {
    breakers: { ...state, mode: modeToProto(standing.mode) },
    actions: actions.map((action) => ({ action, verdict: standing.permits(action) })),
    marginFactorPpm: breakersView(state).initialFactor ?? million,
    exits: state.active.map((active) => exitOf(active, params?.freshPrices ?? 1)),
  };
}

const exitsByCondition: Partial<Record<Trigger, string>> = {
  [Trigger.TRIGGER_VELOCITY]: 'the call auction ends',
  [Trigger.TRIGGER_BASIS]: 'the book is back within the band for long enough',
  [Trigger.TRIGGER_DISPERSION]: 'validators report prices close together for long enough',
  [Trigger.TRIGGER_OPEN_INTEREST]: 'open interest falls under its cap',
  [Trigger.TRIGGER_CASCADE]: 'the call auction ends',
  [Trigger.TRIGGER_OUTAGE]: 'the call auction ends',
  [Trigger.TRIGGER_COVERAGE]: 'the forecast covers what happens again',
  [Trigger.TRIGGER_REOPEN]: 'the call auction ends',
  [Trigger.TRIGGER_FAULT]: 'governance resumes or settles the market',
  [Trigger.TRIGGER_GOVERNANCE]: 'governance sets the status back',
  [Trigger.TRIGGER_SETTLEMENT]: 'never',
};

function exitOf({ trigger, untilMs, level }: ActiveTrigger, freshPrices: number): string {
  if (trigger === Trigger.TRIGGER_STALE) return `${freshPrices} accepted prices in a row, then a call auction`;
  if (level !== '') return `at ${untilMs} ms, or when the tranche has ${level} again`;
  return untilMs === 0n ? (exitsByCondition[trigger] ?? '') : `at ${untilMs} ms`;
}
