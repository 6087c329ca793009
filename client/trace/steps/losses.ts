import type { EventBankruptcy, EventDeficit, EventHaircut } from '../../../gen/plimsoll/perps/v1/events.js';
import { min, sumOf, up } from '../integers.js';
import type { Scene } from '../scene.js';
import type { Sheet } from '../sheet.js';
import { checkStanding } from './standing.js';

export function checkBankruptcy(sheet: Sheet, { standing, deficit, shares }: EventBankruptcy, scene: Scene): void {
  checkStanding(sheet, standing!, scene);
  sheet.equal('deficit', `-(${standing!.equity})`, deficit, -BigInt(standing!.equity));
  const parts = shares.map((each) => each.deficit);
  sheet.equal('deficit by market', parts.join(' + '), deficit, sumOf(parts));
  const total = sumOf(shares.map(({ margin }) => margin));
  if (total === 0n) return;
  for (const { marketId, margin, deficit: part } of shares) {
    const exact = (BigInt(deficit) * BigInt(margin)) / total;
    const left = BigInt(part) - exact;
    sheet.that(
      `share of market ${marketId}`,
      `${part} is ${deficit} * ${margin} / ${total}, to a unit`,
      left >= 0n && left <= 1n,
    );
  }
}

export function checkDeficit(sheet: Sheet, event: EventDeficit): void {
  const { deficit, paidByInsurance, paidByHaircut, paidByExchange, badDebt, tranches } = event;
  const parts = [paidByInsurance, paidByHaircut, paidByExchange, badDebt];
  sheet.equal('deficit', parts.join(' + '), deficit, sumOf(parts));
  let left = BigInt(deficit);
  for (const { tranche, available, paid } of tranches) {
    const due = min(left, BigInt(available));
    sheet.equal(`paid by ${tranche}`, `min(${left}, ${available})`, paid, due);
    left -= due;
  }
  sheet.equal('left to others (INV-A7)', 'deficit less what tranches could pay', sumOf(parts.slice(1)), left);
}

export function checkHaircut(
  sheet: Sheet,
  { amount, base, tierTotal, tierDue, equity, paidBefore }: EventHaircut,
): void {
  const [own, total, due] = [BigInt(base), BigInt(tierTotal), BigInt(tierDue)];
  sheet.equal(
    'haircut',
    `min(${own}, up(${due} * ${own} / ${total}))`,
    amount,
    total === 0n ? 0n : min(own, up(due * own, total)),
  );
  sheet.that('no more asked than there is', `${due} <= ${total}`, due <= total);
  sheet.that(
    'never more than equity (INV-A3)',
    `${paidBefore} + ${amount} <= ${equity}`,
    BigInt(paidBefore) + BigInt(amount) <= BigInt(equity),
  );
}
