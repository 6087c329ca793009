import { billion, fdiv, max, million, min } from '../../../../runtime/math/integers.js';
import { quote, type Ppb, type Quote, type SolvencyClass } from '../../types.js';
import { classStress } from './class-stress.js';

/** theta: share of open interest that is taken to stand at the most leverage, ppm. risk-model section 15.4. */
const mostLeveragedPpm = 150_000n;
/** Open interest of a class C or D market is at most this share of what circulates of the asset, ppm. */
const circulatingPpm = 20_000n;
const quotePerUsd = 1_000_000n;

/** What stands behind a market. */
export interface Backing {
  readonly class: SolvencyClass;
  /** What its own tranche and its class's have, and what its own should have. */
  readonly own: bigint;
  readonly shared: bigint;
  readonly target: bigint;
  readonly maintenanceRate: Ppb;
  readonly openInterest: Quote;
  /** What it may carry whatever the tranches have. */
  readonly uninsured: bigint;
}

/** T_i and the part of T_c that one market counts on, rounded down. */
export const behind = ({ class: name, own, shared }: Pick<Backing, 'class' | 'own' | 'shared'>): bigint =>
  own + fdiv(shared * classStress[name].classTrancheShare, million);

/**
 * Open interest of which half of the insurance could pay the gap of the
 * class beyond maintenance margin: (T_i + share T_c) / 2 / (theta (g -
 * m_maint)), rounded down. While less than half of the market's target is
 * there, open interest does not grow. Never below what the market may carry
 * uninsured. risk-model sections 12.3 and 15.4.
 */
export function insuredCap(backing: Backing): Quote {
  const there = behind(backing);
  const beyond = max(1n, classStress[backing.class].gap * 1_000n - backing.maintenanceRate);
  const cap = fdiv(there * million * billion, 2n * mostLeveragedPpm * beyond);
  const short = 2n * there < backing.target;
  return quote(max(backing.uninsured, short ? min(cap, backing.openInterest) : cap));
}

/** 2 % of what circulates of the asset for class C and D; undefined where nothing is known or the class needs none. */
export function circulationCap(name: SolvencyClass, marketCapUsd: bigint): Quote | undefined {
  if (marketCapUsd === 0n || name === 'A' || name === 'B') return undefined;
  return quote(fdiv(marketCapUsd * quotePerUsd * circulatingPpm, million));
}
