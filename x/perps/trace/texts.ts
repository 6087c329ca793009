import { MarketMode, Trigger } from '../../../gen/plimsoll/perps/v1/breakers.js';
import { LiquidationTrigger } from '../../../gen/plimsoll/perps/v1/standing.js';
import { Side, type SubaccountId } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Trace, TraceMarket, TraceStep } from '../../../gen/plimsoll/perps/v1/trace.js';
import { abs } from '../units/index.js';

type MarketsById = ReadonlyMap<number, TraceMarket>;

/** An integer with its decimal point moved: 1,234.5 for 12345 and one place. */
function decimal(value: bigint, places: number): string {
  const digits = abs(value)
    .toString()
    .padStart(places + 1, '0');
  const whole = digits.slice(0, digits.length - places).replace(/\B(?=(\d{3})+$)/g, ',');
  const fraction = digits.slice(digits.length - places).replace(/0+$/, '');
  return `${value < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

const usdc = (amount: string): string => `${decimal(BigInt(amount === '' ? 0 : amount), 6)} USDC`;
/** A ratio in ppm as a factor. */
const factor = (ppm: bigint | number | string): string => decimal(BigInt(ppm), 6);
const percent = (ppm: bigint | number): string => `${decimal(BigInt(ppm), 4)} %`;
const accountText = (id: SubaccountId | undefined): string => (id === undefined ? '' : `${id.owner}/${id.number}`);

function units(markets: MarketsById, id: number) {
  const market = markets.get(id);
  const ticker = market?.ticker ?? `market ${id}`;
  return {
    ticker,
    size: (quantity: bigint) => `${decimal(quantity, -(market?.baseExponent ?? 0))} ${ticker}`,
    price: (price: bigint) => decimal(price, -(market?.priceExponent ?? 0)),
  };
}

/** A step in one sentence, with its numbers in USDC and whole units. */
export function textOf(trace: Trace, step: TraceStep, markets: MarketsById): string {
  if (step.started !== undefined) {
    const { standing, trigger, terms, closable } = step.started;
    const stood = `Equity ${usdc(standing!.equity)} against a maintenance margin of ${usdc(standing!.maintenanceMargin)} is a health of ${factor(standing!.healthPpm)}`;
    const why: Readonly<Record<LiquidationTrigger, string>> = {
      [LiquidationTrigger.LIQUIDATION_TRIGGER_UNSPECIFIED]: '',
      [LiquidationTrigger.LIQUIDATION_TRIGGER_BANKRUPT]: 'equity is negative, so liquidation begins at once',
      [LiquidationTrigger.LIQUIDATION_TRIGGER_BELOW_GRACE]: `below ${factor(terms!.graceHealthPpm)}, so liquidation begins at once`,
      [LiquidationTrigger.LIQUIDATION_TRIGGER_SECOND_BLOCK]:
        'below 1 for the second block in a row, so liquidation begins',
    };
    return `${stood}: ${why[trigger]}; open orders are cancelled${closable ? '' : ', and nothing closes while a price is stale'}.`;
  }
  if (step.cancelled !== undefined) {
    const { size } = units(markets, step.cancelled.marketId);
    return `Order ${step.cancelled.clientId} with ${size(step.cancelled.remaining)} left was cancelled.`;
  }
  if (step.close !== undefined) {
    const { size, price } = units(markets, step.close.marketId);
    const { quantity, wantedQuantity, limitPrice, bankruptcyPrice, penaltyRatePpm, side } = step.close;
    const verb = side === Side.SIDE_SELL ? 'Sells' : 'Buys';
    const bounds =
      quantity === wantedQuantity
        ? ''
        : ` (${size(wantedQuantity)} restore the target health; least sizes and slices make it ${size(quantity)})`;
    const scope = step.close.beyondSolver
      ? 'the position of the largest margin closes whole'
      : 'what restores the target health';
    return `${verb} ${size(quantity)} in the auction${bounds}: ${scope}, at ${price(limitPrice)} or better, with the bankruptcy price at ${price(bankruptcyPrice)} and a penalty of ${percent(penaltyRatePpm)}.`;
  }
  if (step.auction !== undefined) {
    const { size, price } = units(markets, step.auction.marketId);
    return `The auction cleared ${size(step.auction.volume)} at ${price(step.auction.clearingPrice)}.`;
  }
  if (step.fill !== undefined) {
    const { size, price } = units(markets, step.fill.marketId);
    return `${size(step.fill.quantity)} of ${size(step.fill.openQuantity)} filled at ${price(step.fill.price)}, for ${usdc(step.fill.quoteAmount)}.`;
  }
  if (step.penalty !== undefined) {
    const { penalty, closedNotional, penaltyRatePpm, toRecovery, toInsurance, toBackstop, toFees } = step.penalty;
    return `Penalty of ${percent(penaltyRatePpm)} on ${usdc(closedNotional)}: ${usdc(penalty)}, of which ${usdc(toRecovery)} repay haircuts, ${usdc(toInsurance)} go to insurance, ${usdc(toBackstop)} to the backstop vault and ${usdc(toFees)} to fees.`;
  }
  if (step.keeperFill !== undefined) {
    const { subaccount, keeper, marketId, quantity, price: at, discountPpm } = step.keeperFill;
    const { size, price } = units(markets, marketId);
    return `Keeper ${accountText(keeper)} took ${size(quantity)} over from ${accountText(subaccount)} at ${price(at)}, ${percent(discountPpm)} off the mark.`;
  }
  if (step.takeover !== undefined) {
    const { subaccount, marketId, quantity, price: at, payment } = step.takeover;
    const { size, price } = units(markets, marketId);
    return `The backstop vault took ${size(quantity)} over from ${accountText(subaccount)} at mark ${price(at)} for a payment of ${usdc(payment)}.`;
  }
  if (step.bankruptcy !== undefined) {
    const shares = step.bankruptcy.shares.map(
      ({ marketId, deficit }) => `${usdc(deficit)} in ${units(markets, marketId).ticker}`,
    );
    return `Equity was ${usdc(step.bankruptcy.standing?.equity ?? '0')}: bankrupt, with a deficit of ${usdc(step.bankruptcy.deficit)}, ${shares.join(' and ')}.`;
  }
  if (step.deficit !== undefined) {
    const { deficit, paidByInsurance, paidByHaircut, paidByExchange, tranches, marketId } = step.deficit;
    const parts = tranches.map(({ tranche, paid, available }) => `${tranche} ${usdc(paid)} of ${usdc(available)}`);
    return `Deficits in ${units(markets, marketId).ticker} were ${usdc(deficit)}: insurance paid ${usdc(paidByInsurance)} (${parts.join(', ')}), gainers ${usdc(paidByHaircut)}, the exchange ${usdc(paidByExchange)}.`;
  }
  if (step.deleveraged !== undefined) {
    const {
      bankrupt,
      marketId,
      quantity,
      price: at,
      sideQuantity,
      levelPpm,
      ratioPpm,
      positionQuantity,
    } = step.deleveraged;
    const { size, price } = units(markets, marketId);
    if (bankrupt) return `The bankrupt position of ${size(quantity)} closed at mark ${price(at)}.`;
    const reason =
      ratioPpm === '0'
        ? 'without equity it is cut first'
        : `its risk MM/E of ${factor(ratioPpm)} was above ${factor(levelPpm)}, the level to which everybody of this side was cut down`;
    return `Deleveraged: ${size(quantity)} of ${size(abs(positionQuantity))} closed at mark ${price(at)}, because ${size(sideQuantity)} of the other side were bankrupt on balance and ${reason}.`;
  }
  if (step.haircut !== undefined) {
    const { amount, tier, base, tierTotal, tierDue, marketId } = step.haircut;
    const bases = ['', 'open profit', 'gain of this block in the market', 'gain of this block'];
    return `Haircut of ${usdc(amount)} on the ${bases[tier] ?? 'gain'} in ${units(markets, marketId).ticker}: ${usdc(tierDue)} were asked of ${usdc(tierTotal)} of all gainers, and ${usdc(base)} of that are this account's.`;
  }
  if (step.recovery !== undefined)
    return `The haircut of ${usdc(step.recovery.amount)} became a recovery claim, repaid from penalties of ${units(markets, step.recovery.marketId).ticker}.`;
  if (step.breaker !== undefined) {
    const { marketId, trigger, active, before, after, figure, limit } = step.breaker;
    const modes = `${MarketMode[before]} to ${MarketMode[after]}`;
    return `Breaker ${Trigger[trigger]} ${active ? 'began' : 'ended'} in ${units(markets, marketId).ticker}, ${modes}: ${figure} against ${limit}, in block ${trace.block}.`;
  }
  return `Block ${trace.block}.`;
}
