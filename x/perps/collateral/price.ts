import { CollateralKind, Peg, type CollateralAsset } from '../../../gen/plimsoll/perps/v1/collateral.js';
import { max, min } from '../../../runtime/math/integers.js';
import { price } from '../types.js';
import { rateAt, type Ramp } from './ramp.js';
import type { AssetState } from './store.js';

/** Under this share of 1 USD, ppm, deposits of a stable-coin wait. risk-model section 6. */
const weakPpm = 980_000n;
/** Under this one its margin rate goes up. */
const lostPpm = 950_000n;
/** Where the margin rate of a lost peg goes, ppm, and how fast. */
const lostRate = 250_000n;
const lostRampMs = 7_200_000n;

/** What the oracle says of an asset's pair. */
export interface Quoted {
  readonly price: bigint;
  readonly timeMs: bigint;
  /** Not zero while the price is held back from where the votes see it. */
  readonly clampedBlocks: number;
  /** Average over 30 minutes; zero before there is one. */
  readonly twap: bigint;
}

/**
 * The state of an asset in a new block: the price that counts, what it may be
 * used for, and where its ramps stand. risk-model section 6. O(1).
 * @param quoted undefined: the pair never had a price
 * @param staleMs age from which a price is too old
 * @param rampBack the way of the margin rate back to where governance wants it
 */
export function nextState(
  asset: CollateralAsset,
  before: AssetState,
  quoted: Quoted | undefined,
  nowMs: bigint,
  staleMs: bigint,
  rampBack: (from: bigint) => Ramp,
): AssetState {
  const discountNow = rateAt(before.discount, nowMs);
  const riskRateNow = rateAt(before.riskRate, nowMs);
  if (quoted === undefined) return { ...before, stale: true, carriesNewRisk: false, discountNow, riskRateNow };
  const counted = countedPrice(asset, quoted);
  const stale = nowMs - quoted.timeMs > staleMs;
  const { peg, riskRate } = pegged(asset, { ...before, riskRateNow }, counted, nowMs, rampBack);
  return {
    ...before,
    price: price(counted),
    oraclePrice: price(quoted.price),
    oracleTimeMs: quoted.timeMs,
    stale,
    carriesNewRisk: !stale && quoted.clampedBlocks === 0,
    discountNow,
    riskRateNow: rateAt(riskRate, nowMs),
    riskRate,
    peg,
  };
}

/** One USD in the exponent of the asset's prices. */
export const oneUsd = ({ priceExponent }: Pick<CollateralAsset, 'priceExponent'>): bigint =>
  10n ** BigInt(-priceExponent);

/** p_c: the lower of index and average, of a stable-coin at most 1 USD. */
function countedPrice(asset: CollateralAsset, { price: index, twap }: Quoted): bigint {
  const low = twap === 0n ? index : min(index, twap);
  return asset.kind === CollateralKind.COLLATERAL_KIND_STABLE ? min(low, oneUsd(asset)) : low;
}

/** The breakers of a stable-coin. A lost peg is lost until the price, and so its average, is back at 0.98. */
function pegged(
  asset: CollateralAsset,
  { peg, riskRate, riskRateNow }: Pick<AssetState, 'peg' | 'riskRate' | 'riskRateNow'>,
  counted: bigint,
  nowMs: bigint,
  rampBack: (from: bigint) => Ramp,
): Pick<AssetState, 'peg' | 'riskRate'> {
  if (asset.kind !== CollateralKind.COLLATERAL_KIND_STABLE) return { peg: Peg.PEG_HELD, riskRate };
  const parity = (counted * 1_000_000n) / oneUsd(asset);
  if (parity < lostPpm && peg !== Peg.PEG_LOST) {
    const to = max(lostRate, riskRate.to);
    return { peg: Peg.PEG_LOST, riskRate: { startMs: nowMs, from: riskRateNow, endMs: nowMs + lostRampMs, to } };
  }
  if (parity < weakPpm) return { peg: peg === Peg.PEG_LOST ? Peg.PEG_LOST : Peg.PEG_WEAK, riskRate };
  return { peg: Peg.PEG_HELD, riskRate: peg === Peg.PEG_LOST ? rampBack(riskRateNow) : riskRate };
}
