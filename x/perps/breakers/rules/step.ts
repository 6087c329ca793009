import { Trigger, type ActiveTrigger, type BreakerParams } from '../../../../gen/plimsoll/perps/v1/breakers.js';
import { max } from '../../../../runtime/math/integers.js';
import { endsNow, prolonged, startAuction } from './call-auction.js';
import { Latches } from './latches.js';
import { modeFromProto, modeToProto, strictest, type Mode } from './modes.js';
import { strictMargin, auctions, type Facts, type Kept, type Stepped } from './facts.js';
import { Look } from './triggers.js';

/**
 * Looks at a market's triggers at the begin of a block: B1 to B5, B7, B10
 * and B11, what runs out, and the call auction. risk-model sections 14.1 to
 * 14.3. Pure; O(1).
 * @param params undefined: only a stale price and governance count
 */
export function stepMarket({ state, measures }: Kept, facts: Facts, params: BreakerParams | undefined): Stepped {
  const before = modeFromProto(state.mode);
  if (before === 'settlement') return { state, measures, changes: [], auction: undefined };
  const latches = new Latches(state.active, facts.nowMs);
  const ageMs = facts.nowMs - facts.oracleTimeMs;
  if (params === undefined) {
    const stale = ageMs > facts.staleMs;
    if (stale && !latches.has(Trigger.TRIGGER_STALE))
      latches.raise(Trigger.TRIGGER_STALE, { mode: 'reduce-only', figure: ageMs, limit: facts.staleMs });
    else if (!stale) latches.end(Trigger.TRIGGER_STALE);
    const active = latches.active;
    const mode = modeToProto(strictest([facts.status, ...active.map((each) => modeFromProto(each.mode))]));
    const same = active.length === state.active.length && mode === state.mode;
    return { state: same ? state : { ...state, mode, active }, measures, changes: latches.changes, auction: undefined };
  }

  const look = new Look(latches, facts, params, measures, before);
  const expired = latches.expire().map(({ trigger }) => trigger);
  look.governance();
  look.stale(ageMs);
  look.outage();
  look.velocity(state.auction);
  look.basis();
  look.dispersion();
  look.openInterest();
  look.funds();
  look.depth(expired.includes(Trigger.TRIGGER_DEPTH));
  look.coverage();
  const wanted = (): Mode =>
    strictest([facts.status, ...latches.active.map((each: ActiveTrigger) => modeFromProto(each.mode))]);
  const reopens =
    (before === 'halted' && wanted() !== 'halted') || expired.includes(Trigger.TRIGGER_HAIRCUT) || look.pricesAreBack;
  let { graceUntilMs } = state;
  if (reopens && !auctions.some((trigger) => latches.has(trigger))) {
    latches.raise(Trigger.TRIGGER_REOPEN, { mode: 'auction', marginFactorPpm: strictMargin });
  }
  if ((before === 'halted' && wanted() !== 'halted') || facts.outageMs > 0n)
    graceUntilMs = max(graceUntilMs, facts.nowMs + params.graceMs);
  if (graceUntilMs <= facts.nowMs) graceUntilMs = 0n;

  const mode = wanted();
  let { auction } = state;
  let told: Stepped['auction'];
  if (mode !== 'auction') auction = undefined;
  else if (auction === undefined) {
    auction = startAuction(facts.nowMs, facts.height, plannedLength(latches, params), params);
    told = 'started';
  } else {
    const longer = facts.nowMs >= auction.endMs && look.rushing ? prolonged(auction, facts.nowMs, params) : undefined;
    if (longer !== undefined) {
      auction = longer;
      told = 'prolonged';
    } else if (endsNow(auction, facts.nowMs, facts.draw, params)) {
      auction = { ...auction, clearingHeight: facts.height, rushing: look.rushing };
    }
  }
  return {
    state: {
      ...state,
      mode: modeToProto(mode),
      active: latches.active,
      auction,
      graceUntilMs,
      smallSlicesUntilMs: state.smallSlicesUntilMs <= facts.nowMs ? 0n : state.smallSlicesUntilMs,
      openingAddOnPpb: look.addOn,
      settlementPrice:
        mode === 'normal'
          ? 0n
          : before === 'normal' || state.settlementPrice === 0n
            ? facts.average
            : state.settlementPrice,
    },
    measures: look.measures,
    changes: latches.changes,
    auction: told,
  };
}

function plannedLength(latches: Latches, params: BreakerParams): bigint {
  const lengths: Partial<Record<Trigger, bigint>> = {
    [Trigger.TRIGGER_VELOCITY]: params.velocityAuctionMs,
    [Trigger.TRIGGER_CASCADE]: params.cascadeAuctionMs,
    [Trigger.TRIGGER_OUTAGE]: params.outageAuctionMs,
    [Trigger.TRIGGER_REOPEN]: params.reopenAuctionMs,
  };
  return auctions.reduce((most, trigger) => (latches.has(trigger) ? max(most, lengths[trigger]!) : most), 0n);
}
