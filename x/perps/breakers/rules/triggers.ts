import {
  Trigger,
  type BreakerMeasures,
  type BreakerParams,
  type CallAuction,
} from '../../../../gen/plimsoll/perps/v1/breakers.js';
import { abs, billion, max, million } from '../../../../runtime/math/integers.js';
import { lateAddOn, modeOfAge } from './lateness.js';
import type { Latches } from './latches.js';
import { modeFromProto, strictest, type Mode } from './modes.js';
import { velocity, velocityFloor, velocityLimit, withSample } from './velocity.js';
import { strictMargin, raisedMargin, ppmOf, type Loss, type Facts } from './facts.js';

/** One block's look at one market's triggers. */
export class Look {
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
