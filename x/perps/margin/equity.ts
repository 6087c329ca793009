import { cdiv, fdiv, max } from '../../../runtime/math/integers.js';
import { quote, type AccountView, type MarketView, type Markets, type PositionView, type Quote } from '../types.js';
import { positionValue, quoteAmountDown } from '../units/amounts.js';
import { collateralValue, coverOf } from './collateral.js';

/** Funding indexes count price units times 10^-12. */
export const fundingScale = 1_000_000_000_000n;

/** Funding not yet settled, signed, rounded down. risk-model section 8. */
export function unsettledFunding(market: MarketView, position: PositionView): Quote {
  const moved = market.fundingIndex - position.fundingIndex;
  if (moved === 0n) return quote(0n);
  return quote(fdiv(-position.quantity * moved, fundingScale * market.quoteDivisor));
}

/** What the position gained since entry at mark price, without funding; may be negative. */
export function openProfit(market: MarketView, position: PositionView): Quote {
  return quote(positionValue(market, position.quantity) - position.entryValue);
}

/**
 * Equity E at mark price: cash, position values, unsettled funding and
 * collateral, each rounded down. O(positions + assets held).
 */
export function equity(account: AccountView, markets: Markets): Quote {
  return quote(usdcEquity(account, markets) + collateralValue(account.collateral, markets));
}

/** Equity without collateral: what the account has, or owes, in USDC. O(positions). */
export function usdcEquity(account: AccountView, markets: Markets): Quote {
  let sum: bigint = account.cash;
  for (const position of account.positions) {
    const market = markets(position.marketId);
    sum += positionValue(market, position.quantity) + unsettledFunding(market, position);
  }
  return quote(sum);
}

/**
 * USDC equity that may carry new risk or be withdrawn: longs count at the lower
 * and shorts at the higher of mark price and its 30-minute average; profit
 * counts half in class C and not at all in class D. Never above equity, each
 * value rounded down. What collateral adds depends on the requirement: see
 * `spareEquity`. risk-model sections 2 and 7.3. O(positions).
 */
export function usableEquity(account: AccountView, markets: Markets): Quote {
  let sum: bigint = account.cash;
  for (const position of account.positions) {
    const market = markets(position.marketId);
    sum += conservativeValue(market, position) + unsettledFunding(market, position);
  }
  return quote(sum);
}

function conservativeValue(market: MarketView, { quantity, entryValue }: PositionView): bigint {
  const value = quoteAmountDown(quantity, quantity > 0n ? market.lowPrice : market.highPrice, market.quoteDivisor);
  const profit = max(0n, value - entryValue);
  if (market.class === 'C') return value - cdiv(profit, 2n);
  return market.class === 'D' ? value - profit : value;
}

/** What usable equity and collateral leave over a required initial margin; negative when they do not carry it. */
export const spareEquity = (account: AccountView, markets: Markets, usable: Quote, required: Quote): Quote =>
  quote(usable + coverOf(account.collateral, markets, required) - required);
