import { Trigger, type BreakerParams, type MarketBreakers } from '../../../../gen/plimsoll/perps/v1/breakers.js';
import { million } from '../../../../runtime/math/integers.js';
import { extended } from './call-auction.js';
import { liquidatedIn, withLiquidated } from './cascade.js';
import { Latches, type Change } from './latches.js';
import { modeFromProto, modeToProto, strictest, type Mode } from './modes.js';
import { strictMargin, auctions, type Kept, type Stepped } from './facts.js';

/** What the end of a block did to a market. */
export interface Losses {
  readonly nowMs: bigint;
  readonly status: Mode;
  /** Notional that liquidation and deleveraging closed, quote quanta. */
  readonly liquidated: bigint;
  readonly openInterest: bigint;
  /** Gainers paid for a deficit. */
  readonly haircut: bigint;
}

/**
 * Looks at the triggers that losses raise, B6 and B8, after a block's
 * waterfall. Pure; O(1).
 */
export function stepLosses({ state, measures }: Kept, losses: Losses, params: BreakerParams): Stepped {
  const { nowMs, haircut } = losses;
  const latches = new Latches(state.active, nowMs);
  const calm = modeFromProto(state.mode) !== 'settlement';
  if (haircut > 0n && calm)
    latches.raise(Trigger.TRIGGER_HAIRCUT, {
      mode: 'reduce-only',
      untilMs: nowMs + params.haircutMs,
      figure: haircut,
    });
  let liquidated = withLiquidated(measures.liquidated, nowMs, losses.liquidated);
  let { smallSlicesUntilMs } = state;
  const sum = liquidatedIn(liquidated, nowMs);
  const limit = (losses.openInterest * BigInt(params.cascadePpm)) / million;
  const busy = latches.has(Trigger.TRIGGER_UNCLEARED) || auctions.some((trigger) => latches.has(trigger));
  if (losses.liquidated > 0n && sum >= limit && calm && !busy) {
    latches.raise(Trigger.TRIGGER_CASCADE, {
      mode: 'auction',
      figure: sum,
      limit,
      marginFactorPpm: strictMargin,
    });
    smallSlicesUntilMs = nowMs + params.smallSlicesMs;
    // Counted anew: the same liquidations do not stop the market twice.
    liquidated = [];
  }
  const active = latches.active;
  const mode = strictest([losses.status, ...active.map((each) => modeFromProto(each.mode))]);
  return {
    state:
      latches.changes.length === 0
        ? state
        : { ...state, mode: modeToProto(calm ? mode : 'settlement'), active, smallSlicesUntilMs },
    measures: liquidated === measures.liquidated ? measures : { ...measures, liquidated: [...liquidated] },
    changes: latches.changes,
    auction: undefined,
  };
}

/** How a call auction ended, or did not. */
export type AuctionOutcome = 'cleared' | 'extended' | 'failed';

/**
 * What follows from a call auction's clearing: the market opens, or collects
 * on, or only reduces for a while. risk-model section 14.3.
 * @param inside the price was within the collar, or nothing crossed
 */
export function afterAuction(
  state: MarketBreakers,
  inside: boolean,
  nowMs: bigint,
  status: Mode,
  params: BreakerParams,
): { readonly state: MarketBreakers; readonly outcome: AuctionOutcome; readonly changes: readonly Change[] } {
  const auction = state.auction!;
  const longer = inside ? undefined : extended(auction, nowMs, params);
  if (longer !== undefined) return { state: { ...state, auction: longer }, outcome: 'extended', changes: [] };
  const latches = new Latches(state.active, nowMs);
  for (const trigger of auctions) latches.end(trigger);
  if (!inside || auction.rushing)
    latches.raise(Trigger.TRIGGER_UNCLEARED, { mode: 'reduce-only', untilMs: nowMs + params.unclearedMs });
  const active = latches.active;
  const mode = strictest([status, ...active.map((each) => modeFromProto(each.mode))]);
  return {
    state: {
      ...state,
      mode: modeToProto(mode),
      active,
      auction: undefined,
      settlementPrice: mode === 'normal' ? 0n : state.settlementPrice,
    },
    outcome: inside ? 'cleared' : 'failed',
    changes: latches.changes,
  };
}
