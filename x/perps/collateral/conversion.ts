import type { CollateralParams } from '../../../gen/plimsoll/perps/v1/collateral.js';
import { cdiv, fdiv, million, min } from '../../../runtime/math/integers.js';
import { allocateByMargin } from '../liquidation/allocate.js';
import type { AssetState } from './store.js';

/** USDC that an account may owe before its collateral is for sale: an amount, or a share of the collateral's value if that is less. risk-model section 6. */
export function debtAllowed(value: bigint, params: CollateralParams): bigint {
  return min(BigInt(params.debtAllowance), fdiv(value * BigInt(params.debtAllowancePpm), million));
}

/** Lowest price of a conversion: value_c of one asset, rounded up. No sale takes equity from an account. */
export const floorPrice = ({ price, discountNow }: AssetState): bigint =>
  cdiv(price * (million - discountNow), million);

/**
 * Price of a conversion: from the index down to value_c in a straight line,
 * both as they are now; then it stays there. The same for everybody who
 * bids in the block. Rounded up.
 * @param ageMs time since the sale began
 */
export function conversionPrice(state: AssetState, ageMs: bigint, { conversionMs }: CollateralParams): bigint {
  const floor = floorPrice(state);
  if (ageMs >= conversionMs) return floor;
  return state.oraclePrice - fdiv((state.oraclePrice - floor) * ageMs, conversionMs);
}

/** What a buyer pays for an amount, rounded up. */
export const payment = (amount: bigint, price: bigint, quoteDivisor: bigint): bigint =>
  cdiv(amount * price, quoteDivisor);

/** The least amount that brings in a debt at a price. */
export const amountFor = (debt: bigint, price: bigint, quoteDivisor: bigint): bigint =>
  cdiv(debt * quoteDivisor, price);

/**
 * Splits what is for sale over the bids that reach the price, in proportion
 * to what they still want: exactly, and to nobody more than that.
 * @returns a part for each bid, in their order
 */
export function splitSale(
  forSale: bigint,
  price: bigint,
  bids: readonly { readonly price: bigint; readonly wanted: bigint }[],
): bigint[] {
  const weights = bids.map((bid) => (bid.price >= price ? bid.wanted : 0n));
  const wanted = weights.reduce((sum, each) => sum + each, 0n);
  return wanted === 0n ? weights : allocateByMargin(min(forSale, wanted), weights);
}
