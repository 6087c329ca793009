import { Trigger, type BreakerMeasures, type MarketBreakers } from '../../../../gen/plimsoll/perps/v1/breakers.js';
import { million } from '../../../../runtime/math/integers.js';
import type { Ppb, SolvencyClass } from '../../types.js';
import type { Change } from './latches.js';
import type { Mode } from './modes.js';

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
export const auctions: readonly Trigger[] = [
  Trigger.TRIGGER_VELOCITY,
  Trigger.TRIGGER_CASCADE,
  Trigger.TRIGGER_OUTAGE,
  Trigger.TRIGGER_REOPEN,
];

export const ppmOf = ({ paid, before }: Loss): bigint => (before <= 0n ? 0n : (paid * million) / before);
