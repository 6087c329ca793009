import {
  Trigger,
  type ActiveTrigger,
  type BreakerMeasures,
  type BreakerParams,
  type CallAuction,
  type MarketBreakers,
} from '../../../gen/plimsoll/perps/v1/breakers.js';
import { abs, billion, max, million } from '../../../runtime/math/integers.js';
import type { Ppb, SolvencyClass } from '../types.js';
import { endsNow, extended, prolonged, startAuction } from './call-auction.js';
import { liquidatedIn, withLiquidated } from './cascade.js';
import { lateAddOn, modeOfAge } from './lateness.js';
import { Latches, type Change } from './latches.js';
import { modeFromProto, modeToProto, strictest, type Mode } from './modes.js';
import { velocity, velocityFloor, velocityLimit, withSample } from './velocity.js';

/** What a tranche paid in a window, and what it had before; quote quanta. */
export interface Loss {
  readonly paid: bigint;
  readonly before: bigint;
}

/** What a block knows of a market when its breakers look at it. */
export interface Facts {
  readonly nowMs: bigint;
  readonly height: bigint;
  readonly class: SolvencyClass;
  /** What governance set. */
  readonly status: Mode;
  readonly oraclePrice: bigint;
  readonly oracleTimeMs: bigint;
  /** This block brought a price. */
  readonly accepted: boolean;
  /** Forecast standard deviation of one minute; asked for only when it matters. */
  readonly sigma: () => Ppb;
  readonly beta: Ppb;
  /** B of section 7.2; undefined while the market has no price of its own. */
  readonly bookPrice: bigint | undefined;
  /** Weighted MAD of this block's reports. */
  readonly dispersionPpm: bigint;
  /** Quote quanta, as the three below. */
  readonly openInterest: bigint;
  readonly openInterestCap: bigint;
  /** Thinner side of the book within beta; undefined when this block did not look. */
  readonly depth: bigint | undefined;
  readonly depthUnit: bigint;
  /** Losses of the market's own tranche in the last hour and day, of its class's and of the global one in the last day. */
  readonly losses: {
    readonly hour: Loss;
    readonly day: Loss;
    readonly class: Loss | undefined;
    readonly global: Loss;
  };
  readonly pinnedWindows: number;
  readonly kappaPpm: number;
  readonly kappaMaxPpm: number;
  /** Since the block before, when that is an outage; zero otherwise. */
  readonly outageMs: bigint;
  /** 30-minute average of the oracle price; zero before the first. */
  readonly average: bigint;
  /** From the hash of the block before. */
  readonly draw: bigint;
  readonly staleMs: bigint;
}

export interface Kept {
  readonly state: MarketBreakers;
  readonly measures: BreakerMeasures;
}

export interface Stepped extends Kept {
  readonly changes: readonly Change[];
  /** A call auction began or grew with this block. */
  readonly auction: 'started' | 'prolonged' | undefined;
}

/** Initial margin under an auction and a class whose tranche lost a fifth, and under what is milder, ppm. */
export const strictMargin = 1_500_000;
export const raisedMargin = 1_250_000;

/** Triggers whose end is an auction's. */
const auctions: readonly Trigger[] = [
  Trigger.TRIGGER_VELOCITY,
  Trigger.TRIGGER_CASCADE,
  Trigger.TRIGGER_OUTAGE,
  Trigger.TRIGGER_REOPEN,
];

const ppmOf = ({ paid, before }: Loss): bigint => (before <= 0n ? 0n : (paid * million) / before);

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

/** One block's look at one market's triggers. */
class Look {
  measures: BreakerMeasures;
  /** B3a ended: fresh prices came in a row. */
  pricesAreBack = false;
  /** B1 holds now. */
  rushing = false;
  addOn = 0n;

  constructor(
    readonly latches: Latches,
    readonly facts: Facts,
    readonly params: BreakerParams,
    measures: BreakerMeasures,
    readonly before: Mode,
  ) {
    this.measures = measures;
  }

  /** Keeps the record of what governance set; the status itself is what counts. */
  governance(): void {
    const { latches, facts } = this;
    const known = latches.get(Trigger.TRIGGER_GOVERNANCE);
    if (facts.status === 'normal') latches.end(Trigger.TRIGGER_GOVERNANCE);
    else if (known === undefined || modeFromProto(known.mode) !== facts.status)
      latches.raise(Trigger.TRIGGER_GOVERNANCE, { mode: facts.status });
  }

  /** B3a. */
  stale(ageMs: bigint): void {
    const { latches, facts, params } = this;
    const mode = modeOfAge(ageMs, facts.staleMs, params);
    const active = latches.get(Trigger.TRIGGER_STALE);
    if (
      mode !== 'normal' &&
      (active === undefined || strictest([mode, modeFromProto(active.mode)]) !== modeFromProto(active.mode))
    ) {
      const limit = mode === 'halted' ? params.haltMs : facts.staleMs;
      latches.raise(Trigger.TRIGGER_STALE, { mode, figure: ageMs, limit });
    }
    if (!latches.has(Trigger.TRIGGER_STALE)) {
      if (this.measures.freshBlocks !== 0) this.measures = { ...this.measures, freshBlocks: 0 };
    } else {
      const freshBlocks = facts.accepted ? this.measures.freshBlocks + 1 : 0;
      if (freshBlocks !== this.measures.freshBlocks) this.measures = { ...this.measures, freshBlocks };
      if (freshBlocks >= params.freshPrices) {
        latches.end(Trigger.TRIGGER_STALE);
        this.measures = { ...this.measures, freshBlocks: 0 };
        this.pricesAreBack = true;
      }
    }
    this.addOn = ageMs >= params.lateMs ? lateAddOn(facts.sigma(), ageMs) : 0n;
  }

  /** B10. */
  outage(): void {
    const { latches, facts, params } = this;
    if (facts.outageMs > 0n)
      latches.raise(Trigger.TRIGGER_OUTAGE, {
        mode: 'auction',
        figure: facts.outageMs,
        limit: params.outageMs,
        marginFactorPpm: strictMargin,
      });
  }

  /** B1. An auction that found no price is not followed by another at once. */
  velocity(auction: CallAuction | undefined): void {
    const { latches, facts, params } = this;
    if (!facts.accepted) return;
    const samples = withSample(this.measures.samples, facts.nowMs, facts.oraclePrice);
    if (samples !== this.measures.samples) this.measures = { ...this.measures, samples: [...samples] };
    const moved = velocity(samples, facts.nowMs, facts.oraclePrice);
    const floor = velocityFloor(facts.class, params);
    if (moved < floor) return;
    const limit = velocityLimit(facts.sigma(), floor, params);
    if (moved < limit) return;
    this.rushing = true;
    if (auction !== undefined || this.before === 'halted') return;
    if (latches.has(Trigger.TRIGGER_VELOCITY) || latches.has(Trigger.TRIGGER_UNCLEARED)) return;
    latches.raise(Trigger.TRIGGER_VELOCITY, {
      mode: 'auction',
      figure: moved,
      limit,
      marginFactorPpm: strictMargin,
    });
  }

  /** B2. */
  basis(): void {
    const { latches, facts, params } = this;
    const { bookPrice, oraclePrice, beta, nowMs } = facts;
    const away = bookPrice === undefined ? 0n : (abs(bookPrice - oraclePrice) * billion) / max(1n, oraclePrice);
    const holds = bookPrice !== undefined && away >= beta;
    const basisSinceMs = !holds ? 0n : this.measures.basisSinceMs === 0n ? nowMs : this.measures.basisSinceMs;
    if (basisSinceMs !== this.measures.basisSinceMs) this.measures = { ...this.measures, basisSinceMs };
    latches.follow(Trigger.TRIGGER_BASIS, holds, params.basisClearMs);
    if (holds && nowMs - basisSinceMs >= params.basisMs && !latches.has(Trigger.TRIGGER_BASIS))
      latches.raise(Trigger.TRIGGER_BASIS, { mode: 'reduce-only', figure: away, limit: beta });
  }

  /** B3b. */
  dispersion(): void {
    const { latches, facts, params } = this;
    if (!facts.accepted) return;
    const limit = facts.beta / 2n;
    const apart = facts.dispersionPpm * 1_000n;
    const dispersedBlocks = apart > limit ? this.measures.dispersedBlocks + 1 : 0;
    if (dispersedBlocks !== this.measures.dispersedBlocks) this.measures = { ...this.measures, dispersedBlocks };
    latches.follow(Trigger.TRIGGER_DISPERSION, apart >= facts.beta / 4n, params.dispersionClearMs);
    if (dispersedBlocks >= params.dispersionBlocks && !latches.has(Trigger.TRIGGER_DISPERSION))
      latches.raise(Trigger.TRIGGER_DISPERSION, { mode: 'reduce-only', figure: apart, limit });
  }

  /** B4: no mode of its own, only orders that increase open interest are refused. */
  openInterest(): void {
    const { latches, facts, params } = this;
    const { openInterest, openInterestCap } = facts;
    latches.follow(
      Trigger.TRIGGER_OPEN_INTEREST,
      openInterest * million >= openInterestCap * BigInt(params.openInterestExitPpm),
      0n,
    );
    if (openInterest > 0n && openInterest >= openInterestCap && !latches.has(Trigger.TRIGGER_OPEN_INTEREST))
      latches.raise(Trigger.TRIGGER_OPEN_INTEREST, { mode: 'normal', figure: openInterest, limit: openInterestCap });
  }

  /** B5. */
  funds(): void {
    const { facts, params } = this;
    const { hour, day, class: ofClass, global } = facts.losses;
    const hourly = ppmOf(hour) >= BigInt(params.fundHourPpm);
    this.fund(
      Trigger.TRIGGER_FUND,
      hourly ? hour : day,
      hourly ? params.fundHourPpm : params.fundDayPpm,
      day,
      'reduce-only',
      0,
    );
    const isolates = facts.class === 'C' || facts.class === 'D';
    if (ofClass !== undefined)
      this.fund(
        Trigger.TRIGGER_FUND_CLASS,
        ofClass,
        params.fundClassPpm,
        ofClass,
        isolates ? 'reduce-only' : 'normal',
        strictMargin,
      );
    this.fund(Trigger.TRIGGER_FUND_GLOBAL, global, params.fundGlobalPpm, global, 'normal', raisedMargin);
  }

  /** Ends after a day, or when the tranche has what it had. */
  private fund(trigger: Trigger, loss: Loss, limitPpm: number, day: Loss, mode: Mode, marginFactorPpm: number): void {
    const { latches, facts, params } = this;
    const active = latches.get(trigger);
    if (active !== undefined) {
      if (day.before - day.paid >= BigInt(active.level)) latches.end(trigger);
      return;
    }
    const figure = ppmOf(loss);
    if (figure >= BigInt(limitPpm))
      latches.raise(trigger, {
        mode,
        untilMs: facts.nowMs + params.fundMs,
        figure,
        limit: BigInt(limitPpm),
        marginFactorPpm,
        level: loss.before,
      });
  }

  /** B7. A book counts as thinned out only after it was deep; after its longest time a market is opened again, thin or not. */
  depth(expired: boolean): void {
    const { latches, facts, params } = this;
    if (expired) this.measures = { ...this.measures, depthArmed: false, depthSinceMs: 0n };
    const { depth, depthUnit, nowMs } = facts;
    if (depth === undefined) return;
    const share = (depth * million) / max(1n, depthUnit);
    const deep = share > BigInt(params.depthExitPpm);
    const thin = this.measures.depthArmed && share < BigInt(params.depthPpm);
    const depthSinceMs = !thin ? 0n : this.measures.depthSinceMs === 0n ? nowMs : this.measures.depthSinceMs;
    const depthArmed = this.measures.depthArmed || deep;
    if (depthSinceMs !== this.measures.depthSinceMs || depthArmed !== this.measures.depthArmed)
      this.measures = { ...this.measures, depthSinceMs, depthArmed };
    latches.follow(Trigger.TRIGGER_DEPTH, !deep, params.depthClearMs);
    if (thin && nowMs - depthSinceMs >= params.depthMs && !latches.has(Trigger.TRIGGER_DEPTH))
      latches.raise(Trigger.TRIGGER_DEPTH, {
        mode: 'reduce-only',
        untilMs: nowMs + params.depthMaxMs,
        figure: share,
        limit: BigInt(params.depthPpm),
      });
  }

  /** B11. */
  coverage(): void {
    const { latches, facts, params } = this;
    const exit = (BigInt(facts.kappaMaxPpm) * BigInt(params.coverageExitPpm)) / million;
    latches.follow(Trigger.TRIGGER_COVERAGE, BigInt(facts.kappaPpm) >= exit, 0n);
    if (facts.pinnedWindows >= params.coverageWindows && !latches.has(Trigger.TRIGGER_COVERAGE))
      latches.raise(Trigger.TRIGGER_COVERAGE, {
        mode: 'normal',
        figure: BigInt(facts.pinnedWindows),
        limit: BigInt(params.coverageWindows),
        marginFactorPpm: raisedMargin,
      });
  }
}

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
