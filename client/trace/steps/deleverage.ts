import type { EventDeleveraged } from '../../../gen/plimsoll/perps/v1/events.js';
import type { TraceMarket } from '../../../gen/plimsoll/perps/v1/trace.js';
import { abs, down, million, min, up } from '../integers.js';
import { divisorOf, marginOf } from '../margin.js';
import { requireMarket, type Scene } from '../scene.js';
import type { Sheet } from '../sheet.js';

export function checkDeleveraged(sheet: Sheet, event: EventDeleveraged, scene: Scene): void {
  const { bankrupt, quantity, positionQuantity, askedQuantity, hedgeQuantity, levelPpm, ratioPpm } = event;
  const size = abs(positionQuantity);
  sheet.that('part of the position', `0 < ${quantity} <= ${size}`, quantity > 0n && quantity <= size);
  if (bankrupt) {
    sheet.equal('all of the position', 'a bankrupt account ends without one', quantity, size);
    return;
  }
  const [equity, margin, level] = [BigInt(event.equity), BigInt(event.maintenanceMargin), BigInt(levelPpm)];
  const market = requireMarket(scene, event.marketId);
  if (equity > 0n) {
    const ratio = up(margin * million, equity);
    sheet.equal('risk R = MM/E, ppm', `up(${margin} * 10^6 / ${equity})`, ratioPpm, ratio);
    if (hedgeQuantity < quantity) sheet.that('above the level', `${ratio} > ${level}`, ratio > level);
  }
  if (event.offsets) sheet.assume('the margin of positions that offset each other');
  else {
    const notional = up(size * event.price, divisorOf(market));
    const other = BigInt(event.otherMargin);
    sheet.equal(
      'maintenance margin',
      `MM(${notional}) + ${other} of other positions`,
      margin,
      marginOf(notional, event) + other,
    );
    if (equity > 0n)
      sheet.equal(
        'asked by the level',
        `least x with MM(${size} - x) + ${other} <= down(${level} * ${equity} / 10^6)`,
        askedQuantity,
        leastCut(event, market, size, down(level * equity, million) - other),
      );
  }
  sheet.that(
    'no more than asked, but for hedges',
    `${quantity} <= ${askedQuantity} + ${hedgeQuantity}`,
    quantity <= askedQuantity + hedgeQuantity,
  );
  sheet.assume('the accounts of the same side, which the level comes from');
}

/** Fewest whole steps after which the position's margin is within a budget. */
function leastCut(event: EventDeleveraged, market: TraceMarket, size: bigint, budget: bigint): bigint {
  if (budget < 0n) return size;
  const divisor = divisorOf(market);
  const fits = (count: bigint): boolean =>
    marginOf(up((size - min(size, count * market.stepSize)) * event.price, divisor), event) <= budget;
  let [low, high] = [0n, up(size, market.stepSize)];
  while (low < high) {
    const middle = (low + high) / 2n;
    if (fits(middle)) high = middle;
    else low = middle + 1n;
  }
  return min(size, high * market.stepSize);
}
