import type { EventLiquidation } from '../../../gen/plimsoll/perps/v1/events.js';
import type { AccountStanding, LiquidationTerms, JudgedPosition } from '../../../gen/plimsoll/perps/v1/standing.js';
import { SolvencyClass } from '../../../gen/plimsoll/perps/v1/types.js';
import type { TraceMarket } from '../../../gen/plimsoll/perps/v1/trace.js';
import { abs, down, max, million, min, up } from '../integers.js';
import { divisorOf, marginOf } from '../margin.js';
import { isPlain, requireMarket, type Scene } from '../scene.js';
import type { Sheet } from '../sheet.js';

/** What a close is judged by: how the account stood, and the terms of the block. */
interface Closing {
  readonly close: EventLiquidation;
  readonly market: TraceMarket;
  readonly standing: AccountStanding;
  readonly position: JudgedPosition;
  readonly terms: LiquidationTerms;
  /** One position, and nothing but its size decides its margin. */
  readonly plain: boolean;
  /** Absolute quantity held. */
  readonly size: bigint;
  /** Notional of a quantity at mark, rounded up, quote quanta. */
  readonly notionalOf: (quantity: bigint) => bigint;
  /** Health is above the bound under which everything is closed at once. */
  readonly sliced: boolean;
}

/** Size and prices of a close through the book. risk-model sections 10.2 to 10.4. */
export function checkClose(sheet: Sheet, close: EventLiquidation, scene: Scene): void {
  const market = requireMarket(scene, close.marketId);
  const { standing, terms } = scene.started ?? {};
  const position = standing?.positions.find(({ marketId }) => marketId === close.marketId);
  if (standing === undefined || terms === undefined || position === undefined) {
    sheet.that('the trace says how the account stood', 'a step L0 with this position', false);
    return;
  }
  const divisor = divisorOf(market);
  const closing: Closing = {
    close,
    market,
    standing,
    position,
    terms,
    plain: isPlain(standing, scene),
    size: abs(position.quantity),
    notionalOf: (quantity) => up(quantity * position.markPrice, divisor),
    sliced: BigInt(standing.healthPpm) >= BigInt(terms.sliceHealthPpm),
  };
  checkShares(sheet, closing);
  const penalty = checkRate(sheet, closing);
  const distance = checkDistance(sheet, closing);
  const cost = penalty + max(0n, distance) / 2n;
  sheet.equal('cost of closing, ppm', `${penalty} + max(0, ${distance}) / 2`, close.costRatePpm, cost);
  checkPrices(sheet, closing, distance);
  checkQuantity(sheet, closing, checkWanted(sheet, closing, cost));
}

/** The position's part of the account's equity and margin. */
function checkShares(sheet: Sheet, { close, market, standing, position, size, notionalOf }: Closing): void {
  const [equity, margin] = [BigInt(standing.equity), BigInt(standing.maintenanceMargin)];
  sheet.equal(
    'notional',
    `up(${size} * ${position.markPrice} / ${divisorOf(market)})`,
    close.positionNotional,
    notionalOf(size),
  );
  sheet.equal('margin share', 'the position’s', close.marginShare, BigInt(position.margin));
  if (standing.positions.length === 1) sheet.equal('equity share', 'all equity', close.equityShare, equity);
  else if (margin > 0n) {
    // Shares sum to the quantum: each may be one unit from its proportion.
    const exact = (equity * BigInt(position.margin)) / margin;
    sheet.that(
      'equity share',
      `${close.equityShare} is ${equity} * ${position.margin} / ${margin}, to a unit`,
      abs(BigInt(close.equityShare) - exact) <= 1n,
    );
  }
}

/** @returns penalty rate in ppm, which grows with the square of the health that is missing. Section 10.4 */
function checkRate(sheet: Sheet, { close, standing, position, terms }: Closing): bigint {
  const missing = million - BigInt(standing.healthPpm);
  const most = min(BigInt(terms.penaltyMaxPpm), position.maintenanceRatePpb / 1_000n / 2n);
  const least = min(BigInt(terms.penaltyMinPpm), most);
  const penalty = least + up((most - least) * missing * missing, million * million);
  sheet.equal(
    'penalty rate, ppm',
    `${least} + up((${most} - ${least}) * ${missing}^2 / 10^12)`,
    close.penaltyRatePpm,
    penalty,
  );
  return penalty;
}

/** @returns how far from mark the close may fill, ppm. Section 10.3 */
function checkDistance(sheet: Sheet, { close, standing, position, size, notionalOf, sliced }: Closing): bigint {
  const m = position.maintenanceRatePpb / 1_000n;
  const missing = million - BigInt(standing.healthPpm);
  const own = down(BigInt(close.equityShare) * million, max(1n, notionalOf(size)));
  const insured = close.insured ? own + m / 2n : own;
  const distance = sliced
    ? min(1_000n + down(max(0n, m - 1_000n) * missing, million), own)
    : min(down(3n * m * missing, 2n * million), insured);
  sheet.equal(
    'limit distance, ppm',
    sliced
      ? `min(1000 + down(max(0, ${m} - 1000) * ${missing} / 10^6), ${own})`
      : `min(down(1.5 * ${m} * ${missing} / 10^6), ${insured})`,
    close.limitDistancePpm,
    distance,
  );
  return distance;
}

/** Limit price on a tick, and the price at which the position's equity is gone. */
function checkPrices(sheet: Sheet, { close, market, position, size }: Closing, distance: bigint): void {
  const { markPrice: mark, quantity: held } = position;
  const { tickSize: tick } = market;
  const divisor = divisorOf(market);
  const sign = held > 0n ? '-' : '+';
  const offset = down(mark * distance, million);
  const limit = max(tick, held > 0n ? up(mark - offset, tick) * tick : down(mark + offset, tick) * tick);
  sheet.equal('limit price', `${mark} ${sign} ${offset}, on a tick of ${tick}`, close.limitPrice, limit);
  const used = down(BigInt(close.equityShare) * divisor, size);
  const bankruptcy = max(1n, held > 0n ? mark - used : mark + used);
  sheet.equal(
    'bankruptcy price',
    `${mark} ${sign} down(${close.equityShare} * ${divisor} / ${size})`,
    close.bankruptcyPrice,
    bankruptcy,
  );
}

/** @returns the least quantity whose close restores the target health, as far as the trace shows it. Section 10.2 */
function checkWanted(sheet: Sheet, closing: Closing, cost: bigint): bigint {
  const { close, market, standing, position, terms, plain, size, notionalOf } = closing;
  let wanted = close.wantedQuantity;
  if (close.beyondSolver) wanted = size;
  else if (plain) {
    // Health after closing x, H(x) = E - cost(x) - tau * MM(q - x), rises to the end: the least whole steps that reach zero.
    const [equity, tau] = [BigInt(standing.equity), BigInt(terms.targetHealthPpm)];
    const at = (count: bigint): bigint => min(size, count * market.stepSize);
    const healthAfter = (x: bigint): bigint =>
      million * (equity - up(notionalOf(x) * cost, million)) - tau * marginOf(notionalOf(size - x), position);
    let [low, high] = [0n, up(size, market.stepSize)];
    if (healthAfter(at(high)) >= 0n)
      while (low < high) {
        const middle = (low + high) / 2n;
        if (healthAfter(at(middle)) >= 0n) high = middle;
        else low = middle + 1n;
      }
    wanted = at(high);
  } else sheet.assume('what of each position restores the target health together');
  sheet.equal(
    'wanted quantity',
    `least x with ${standing.equity} - up(N(x) * ${cost} / 10^6) >= ${terms.targetHealthPpm} / 10^6 * MM(${size} - x), or all`,
    close.wantedQuantity,
    wanted,
  );
  return wanted;
}

/** What is closed in this block: no less than is worth closing, no more than the market bears at once. */
function checkQuantity(sheet: Sheet, closing: Closing, wanted: bigint): void {
  const { close, market, position, terms, plain, size, notionalOf, sliced } = closing;
  if (close.beyondSolver || !plain) {
    sheet.that('quantity', `${close.quantity} is part of ${size}`, close.quantity > 0n && close.quantity <= size);
    return;
  }
  const large = market.class === SolvencyClass.SOLVENCY_CLASS_A || market.class === SolvencyClass.SOLVENCY_CLASS_B;
  const smallest = BigInt(large ? terms.minLiquidationAb : terms.minLiquidationCd);
  const quantityOf = (worth: bigint): bigint =>
    min(size, up(up(worth * divisorOf(market), position.markPrice), market.stepSize) * market.stepSize);
  let quantity = max(wanted, quantityOf(smallest));
  const slice = max((notionalOf(size) * BigInt(terms.sliceSharePpm)) / million, BigInt(terms.sliceNotional));
  if (sliced) quantity = min(quantity, quantityOf(slice));
  if (notionalOf(size - quantity) < smallest) quantity = size;
  sheet.equal(
    'quantity',
    `max(${wanted}, worth ${smallest})${sliced ? `, at most worth ${slice}` : ''}; all when less than ${smallest} would be left`,
    close.quantity,
    quantity,
  );
}
