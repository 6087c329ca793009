import { cdiv, fdiv, max, million, min } from '../../../runtime/math/integers.js';
import { ppm, quote, type AssetView, type Holding, type Markets, type Ppm, type Quote } from '../types.js';
import type { Exposure } from './portfolio.js';

/** Collateral other than USDC never covers more of an account's initial margin than this. risk-model section 6. */
export const maxCoverShare = ppm(500_000n);

/** value_c: what an amount is worth after the cost of a forced sale, rounded down. risk-model section 6, INV-K1. O(1). */
export const assetValue = (asset: AssetView, amount: bigint): Quote =>
  quote(fdiv(amount * asset.price * (million - asset.discount), million * asset.quoteDivisor));

/** a_c = value_c * h_c: the loss of value that a long spot position must be able to bear, rounded up. O(1). */
export const assetRisk = (asset: AssetView, amount: bigint): Quote =>
  quote(cdiv(assetValue(asset, amount) * asset.riskRate, million));

/** What collateral that may carry new risk brings into initial margin, `times` over. */
export const openingExposures = (collateral: readonly Holding[], markets: Markets, times = 1n): Exposure[] =>
  collateral
    .filter(({ assetId }) => markets.asset(assetId).carriesNewRisk)
    .map((holding) => holdingExposure(holding, markets, 2n * times));

/** Margin of an exposure by itself: its linear part, or its worst stress vector. */
export function aloneMargin({ signed, losses }: Exposure): Quote {
  let worst = signed;
  for (const loss of losses ?? []) worst = max(worst, cdiv(loss, million));
  return quote(worst);
}

/** Value of all collateral besides USDC. O(assets held). */
export function collateralValue(collateral: readonly Holding[], markets: Markets): Quote {
  let sum = 0n;
  for (const { assetId, amount } of collateral) sum += assetValue(markets.asset(assetId), amount);
  return quote(sum);
}

/**
 * A holding as the portfolio sees it: a long spot position, so that a long
 * future of the same asset adds to its risk and a short one takes from it.
 * @param times 1 for maintenance, 2 for initial margin
 */
export function holdingExposure({ assetId, amount }: Holding, markets: Markets, times = 1n): Exposure {
  const asset = markets.asset(assetId);
  const exposure = { signed: times * assetRisk(asset, amount), loading: asset.loading };
  if (asset.shocks.length === 0) return exposure;
  const value = assetValue(asset, amount);
  return { ...exposure, losses: asset.shocks.map((shock) => -times * value * shock) };
}

/**
 * What collateral adds to the USDC that carries a required initial margin:
 * its value less its own initial margin (twice a_c or its stress loss, as of any position), of
 * each asset at most its share of the requirement and of all together at most
 * half. Nothing on a price that is stale or held back. Rounded down.
 * risk-model section 6. O(assets held).
 */
export function coverOf(collateral: readonly Holding[], markets: Markets, required: Quote): Quote {
  let sum = 0n;
  for (const holding of collateral) {
    const asset = markets.asset(holding.assetId);
    if (!asset.carriesNewRisk) continue;
    const spare = assetValue(asset, holding.amount) - aloneMargin(holdingExposure(holding, markets, 2n));
    sum += max(0n, min(spare, share(required, asset.coverShare)));
  }
  return quote(min(sum, share(required, maxCoverShare)));
}

const share = (required: Quote, rate: Ppm): bigint => fdiv(required * rate, million);
