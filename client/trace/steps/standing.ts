import type { EventLiquidationStarted } from '../../../gen/plimsoll/perps/v1/events.js';
import { LiquidationTrigger, type AccountStanding } from '../../../gen/plimsoll/perps/v1/standing.js';
import { abs, clamp, down, million, sumOf, up } from '../integers.js';
import { divisorOf, marginOf } from '../margin.js';
import { isPlain, requireMarket, type Scene } from '../scene.js';
import type { Sheet } from '../sheet.js';

/** Equity, margin and health out of positions and cash. */
export function checkStanding(sheet: Sheet, standing: AccountStanding, scene: Scene): void {
  const { cash, collateralValue, positions, equity, maintenanceMargin, healthPpm } = standing;
  for (const { marketId, quantity, markPrice, value } of positions) {
    const market = requireMarket(scene, marketId);
    const divisor = divisorOf(market);
    sheet.equal(
      `value in ${market.ticker}`,
      `down(${quantity} * ${markPrice} / ${divisor})`,
      value,
      down(quantity * markPrice, divisor),
    );
  }
  const parts = [
    cash,
    ...positions.flatMap(({ value, unsettledFunding }) => [value, unsettledFunding]),
    collateralValue,
  ];
  sheet.equal('equity', parts.join(' + '), equity, sumOf(parts));
  const margins = positions.map(({ margin }) => margin);
  if (positions.length > 0 && collateralValue === '0')
    sheet.equal('maintenance margin', margins.join(' + '), maintenanceMargin, sumOf(margins));
  const [only, other] = positions;
  if (only !== undefined && other === undefined && isPlain(standing, scene)) {
    const divisor = divisorOf(requireMarket(scene, only.marketId));
    const notional = up(abs(only.quantity) * only.markPrice, divisor);
    sheet.equal(
      'margin of the position',
      `up(${notional} * ${only.maintenanceRatePpb} / 10^9) + concentration(${notional}, D = ${only.depthUnit})`,
      only.margin,
      marginOf(notional, only),
    );
  } else if (positions.length > 0) {
    sheet.assume('how much the positions offset each other, and which part of the margin is each one’s');
  }
  const margin = BigInt(maintenanceMargin);
  sheet.equal(
    'health, ppm',
    `${equity} * 10^6 / ${maintenanceMargin}, between 0 and 10^6`,
    healthPpm,
    margin === 0n ? million : clamp(down(BigInt(equity) * million, margin), 0n, million),
  );
}

export function checkStarted(sheet: Sheet, { standing, trigger, terms }: EventLiquidationStarted, scene: Scene): void {
  checkStanding(sheet, standing!, scene);
  const equity = BigInt(standing!.equity);
  const margin = BigInt(standing!.maintenanceMargin);
  const grace = BigInt(terms!.graceHealthPpm);
  const below = equity * million < grace * margin;
  if (trigger === LiquidationTrigger.LIQUIDATION_TRIGGER_BANKRUPT) sheet.that('bankrupt', `${equity} < 0`, equity < 0n);
  else if (trigger === LiquidationTrigger.LIQUIDATION_TRIGGER_BELOW_GRACE)
    sheet.that('below the grace health', `${equity} * 10^6 < ${grace} * ${margin}`, equity >= 0n && below);
  else {
    sheet.that('under maintenance margin', `${equity} < ${margin}`, equity < margin && !below);
    sheet.assume('that it was so in the block before, too');
  }
}
