import type {
  EventDeficit,
  EventDeleveraged,
  EventFill,
  EventHaircut,
  EventLiquidation,
  EventLiquidationPenalty,
  EventLiquidationStarted,
  EventBankruptcy,
} from '../../gen/plimsoll/perps/v1/events.js';
import type { EventBackstopTakeover } from '../../gen/plimsoll/perps/v1/backstop.js';
import type { EventKeeperFill } from '../../gen/plimsoll/perps/v1/keeper_bids.js';
import { LiquidationTrigger, type AccountStanding } from '../../gen/plimsoll/perps/v1/standing.js';
import { SolvencyClass } from '../../gen/plimsoll/perps/v1/types.js';
import type { Trace, TraceMarket, TraceStep } from '../../gen/plimsoll/perps/v1/trace.js';

/**
 * Computes every number of a trace anew, out of the trace alone, by formulas
 * written here and not by the chain's code: what a node says happened need not
 * be believed. Integers throughout; amounts in quote quanta (10^-6 USDC).
 * What a trace cannot show is named as assumed: the book that an auction met,
 * and the margin of positions that offset each other.
 */

/** One number, as the node states it and as it is by the formula. */
export interface Check {
  readonly what: string;
  /** With the numbers filled in. */
  readonly formula: string;
  readonly stated: string;
  readonly computed: string;
  readonly holds: boolean;
}

export interface ExplainedStep {
  readonly stage: string;
  /** In one sentence, as the node has it. */
  readonly text: string;
  readonly checks: readonly Check[];
  /** What this trace does not show and the step builds on. */
  readonly assumed: readonly string[];
}

export interface Explanation {
  readonly steps: readonly ExplainedStep[];
  /** Every number is what its formula says. */
  readonly holds: boolean;
}

const million = 1_000_000n;
const billion = 1_000_000_000n;
const abs = (x: bigint): bigint => (x < 0n ? -x : x);
const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const down = (a: bigint, b: bigint): bigint => {
  const q = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? q - 1n : q;
};
const up = (a: bigint, b: bigint): bigint => -down(-a, b);
const clamp = (x: bigint, low: bigint, high: bigint): bigint => max(low, min(high, x));
const sumOf = (values: readonly string[]): bigint => values.reduce((sum, each) => sum + BigInt(each), 0n);

/** Collects the checks of a step. */
class Sheet {
  readonly checks: Check[] = [];
  readonly assumed: string[] = [];

  equal(what: string, formula: string, stated: bigint | number | string, computed: bigint): void {
    const value = BigInt(stated);
    this.checks.push({ what, formula, stated: `${value}`, computed: `${computed}`, holds: value === computed });
  }

  /** For what must hold without being one number. */
  that(what: string, formula: string, holds: boolean): void {
    this.checks.push({ what, formula, stated: 'true', computed: `${holds}`, holds });
  }

  assume(text: string): void {
    this.assumed.push(text);
  }
}

/** What rates and depth a position's margin is made of. */
interface Rates {
  readonly maintenanceRatePpb: bigint;
  readonly depthUnit: string;
}

const divisorOf = ({ baseExponent, priceExponent }: TraceMarket): bigint =>
  10n ** BigInt(-(baseExponent + priceExponent + 6));

/** Add-on of a large position: marginal rates of 1, 3 and 8 % above 0.5, 2 and 8 D. risk-model section 4.2. */
function concentration(notional: bigint, depth: bigint): bigint {
  const above = (halves: bigint): bigint => max(0n, 2n * notional - halves * depth);
  // Differences of the marginal rates at each bracket, ppm.
  return up(10_000n * above(1n) + 20_000n * above(4n) + 50_000n * above(16n), 2n * million);
}

const marginOf = (notional: bigint, { maintenanceRatePpb, depthUnit }: Rates): bigint =>
  up(notional * maintenanceRatePpb, billion) + concentration(notional, BigInt(depthUnit));

/**
 * Explains a trace and checks it.
 * @param trace as the chain's query Why answers
 */
export function explain(trace: Trace): Explanation {
  const markets = new Map(trace.markets.map((market) => [market.marketId, market]));
  const started = trace.steps.find((step) => step.started !== undefined)?.started;
  const steps = trace.steps.map((step): ExplainedStep => {
    const sheet = new Sheet();
    checkStep(sheet, step, { trace, markets, started });
    return { stage: step.stage, text: step.text, checks: sheet.checks, assumed: sheet.assumed };
  });
  return { steps, holds: steps.every(({ checks }) => checks.every(({ holds }) => holds)) };
}

interface Scene {
  readonly trace: Trace;
  readonly markets: ReadonlyMap<number, TraceMarket>;
  readonly started: EventLiquidationStarted | undefined;
}

function checkStep(sheet: Sheet, step: TraceStep, scene: Scene): void {
  if (step.started !== undefined) checkStarted(sheet, step.started, scene);
  else if (step.close !== undefined) checkClose(sheet, step.close, scene);
  else if (step.fill !== undefined) checkFill(sheet, step.fill, scene);
  else if (step.penalty !== undefined) checkPenalty(sheet, step.penalty);
  else if (step.keeperFill !== undefined) checkKeeper(sheet, step.keeperFill, scene);
  else if (step.takeover !== undefined) checkTakeover(sheet, step.takeover, scene);
  else if (step.bankruptcy !== undefined) checkBankruptcy(sheet, step.bankruptcy, scene);
  else if (step.deficit !== undefined) checkDeficit(sheet, step.deficit);
  else if (step.deleveraged !== undefined) checkDeleveraged(sheet, step.deleveraged, scene);
  else if (step.haircut !== undefined) checkHaircut(sheet, step.haircut);
  else if (step.recovery !== undefined) {
    const { marketId, amount } = step.recovery;
    const cuts = scene.trace.steps.flatMap(({ haircut }) => (haircut?.marketId === marketId ? [haircut.amount] : []));
    // Each tier's payment is a claim of its own.
    sheet.that('claim', `${amount} is one of the haircuts ${cuts.join(', ')}`, cuts.includes(amount));
  }
}

function requireMarket({ markets }: Scene, id: number): TraceMarket {
  const market = markets.get(id);
  if (market === undefined) throw new Error(`the trace does not describe market ${id}`);
  return market;
}

/** Equity, margin and health out of positions and cash. */
function checkStanding(sheet: Sheet, standing: AccountStanding, scene: Scene): void {
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

/** One position, USDC only, no stress vectors: nothing but its size decides its margin. */
const isPlain = ({ positions, collateralValue }: AccountStanding, { markets }: Scene): boolean =>
  positions.length === 1 && collateralValue === '0' && markets.get(positions[0]!.marketId)?.stressVectors === 0;

function checkStarted(sheet: Sheet, { standing, trigger, terms }: EventLiquidationStarted, scene: Scene): void {
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

function checkClose(sheet: Sheet, close: EventLiquidation, scene: Scene): void {
  const market = requireMarket(scene, close.marketId);
  const divisor = divisorOf(market);
  const standing = scene.started?.standing;
  const terms = scene.started?.terms;
  const position = standing?.positions.find(({ marketId }) => marketId === close.marketId);
  if (standing === undefined || terms === undefined || position === undefined) {
    sheet.that('the trace says how the account stood', 'a step L0 with this position', false);
    return;
  }
  const { markPrice: mark, quantity: held } = position;
  const size = abs(held);
  const [equity, margin, h] = [BigInt(standing.equity), BigInt(standing.maintenanceMargin), BigInt(standing.healthPpm)];
  const notionalOf = (quantity: bigint): bigint => up(quantity * mark, divisor);
  const notional = notionalOf(size);
  sheet.equal('notional', `up(${size} * ${mark} / ${divisor})`, close.positionNotional, notional);
  sheet.equal('margin share', 'the position’s', close.marginShare, BigInt(position.margin));
  const share = BigInt(close.equityShare);
  if (standing.positions.length === 1) sheet.equal('equity share', 'all equity', share, equity);
  else if (margin > 0n) {
    // Shares sum to the quantum: each may be one unit from its proportion.
    const exact = (equity * BigInt(position.margin)) / margin;
    sheet.that(
      'equity share',
      `${share} is ${equity} * ${position.margin} / ${margin}, to a unit`,
      abs(share - exact) <= 1n,
    );
  }
  const m = position.maintenanceRatePpb / 1_000n;
  const missing = million - h;
  const most = min(BigInt(terms.penaltyMaxPpm), m / 2n);
  const least = min(BigInt(terms.penaltyMinPpm), most);
  const penalty = least + up((most - least) * missing * missing, million * million);
  sheet.equal(
    'penalty rate, ppm',
    `${least} + up((${most} - ${least}) * ${missing}^2 / 10^12)`,
    close.penaltyRatePpm,
    penalty,
  );
  const own = down(share * million, max(1n, notional));
  const sliced = h >= BigInt(terms.sliceHealthPpm);
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
  const cost = penalty + max(0n, distance) / 2n;
  sheet.equal('cost of closing, ppm', `${penalty} + max(0, ${distance}) / 2`, close.costRatePpm, cost);
  const offset = down(mark * distance, million);
  const { tickSize: tick, stepSize: step } = market;
  const limit = max(tick, held > 0n ? up(mark - offset, tick) * tick : down(mark + offset, tick) * tick);
  sheet.equal(
    'limit price',
    `${mark} ${held > 0n ? '-' : '+'} ${offset}, on a tick of ${tick}`,
    close.limitPrice,
    limit,
  );
  const used = down(share * divisor, size);
  const bankruptcy = max(1n, held > 0n ? mark - used : mark + used);
  sheet.equal(
    'bankruptcy price',
    `${mark} ${held > 0n ? '-' : '+'} down(${share} * ${divisor} / ${size})`,
    close.bankruptcyPrice,
    bankruptcy,
  );

  let wanted = close.wantedQuantity;
  if (close.beyondSolver) wanted = size;
  else if (isPlain(standing, scene)) {
    // Health after closing x, H(x) = E - cost(x) - tau * MM(q - x), rises to the end: the least whole steps that reach zero.
    const tau = BigInt(terms.targetHealthPpm);
    const at = (count: bigint): bigint => min(size, count * step);
    const healthAfter = (x: bigint): bigint =>
      million * (equity - up(notionalOf(x) * cost, million)) - tau * marginOf(notionalOf(size - x), position);
    let [low, high] = [0n, up(size, step)];
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
    `least x with ${equity} - up(N(x) * ${cost} / 10^6) >= ${terms.targetHealthPpm} / 10^6 * MM(${size} - x), or all`,
    close.wantedQuantity,
    wanted,
  );
  if (close.beyondSolver || !isPlain(standing, scene)) {
    sheet.that('quantity', `${close.quantity} is part of ${size}`, close.quantity > 0n && close.quantity <= size);
    return;
  }
  const large = market.class === SolvencyClass.SOLVENCY_CLASS_A || market.class === SolvencyClass.SOLVENCY_CLASS_B;
  const smallest = BigInt(large ? terms.minLiquidationAb : terms.minLiquidationCd);
  const quantityOf = (worth: bigint): bigint => min(size, up(up(worth * divisor, mark), step) * step);
  let quantity = max(wanted, quantityOf(smallest));
  const slice = max((notional * BigInt(terms.sliceSharePpm)) / million, BigInt(terms.sliceNotional));
  if (sliced) quantity = min(quantity, quantityOf(slice));
  if (notionalOf(size - quantity) < smallest) quantity = size;
  sheet.equal(
    'quantity',
    `max(${wanted}, worth ${smallest})${sliced ? `, at most worth ${slice}` : ''}; all when less than ${smallest} would be left`,
    close.quantity,
    quantity,
  );
}

function checkFill(
  sheet: Sheet,
  { marketId, price, quantity, quoteAmount, side, limitPrice, openQuantity }: EventFill,
  scene: Scene,
): void {
  const divisor = divisorOf(requireMarket(scene, marketId));
  const buys = side === 1;
  sheet.equal(
    buys ? 'paid' : 'received',
    `${buys ? 'up' : 'down'}(${quantity} * ${price} / ${divisor})`,
    quoteAmount,
    buys ? up(quantity * price, divisor) : down(quantity * price, divisor),
  );
  sheet.that(
    'within its limit',
    `${price} ${buys ? '<=' : '>='} ${limitPrice}`,
    buys ? price <= limitPrice : price >= limitPrice,
  );
  sheet.that('not more than was open', `${quantity} <= ${openQuantity}`, quantity <= openQuantity);
  const auction = scene.trace.steps.find(({ auction: each }) => each?.marketId === marketId)?.auction;
  if (auction !== undefined) sheet.equal('at the auction’s price', 'clearing price', price, auction.clearingPrice);
  sheet.assume('the other orders that the auction met');
}

function checkPenalty(sheet: Sheet, event: EventLiquidationPenalty): void {
  const { closedNotional, penaltyRatePpm, equity, penalty, toRecovery, toInsurance, toBackstop, toFees } = event;
  const due = up(BigInt(closedNotional) * BigInt(penaltyRatePpm), million);
  sheet.equal(
    'penalty',
    `min(up(${closedNotional} * ${penaltyRatePpm} / 10^6), max(0, ${equity}))`,
    penalty,
    min(due, max(0n, BigInt(equity))),
  );
  const parts = [toRecovery, toInsurance, toBackstop, toFees];
  sheet.equal('its parts', parts.join(' + '), penalty, sumOf(parts));
}

function checkKeeper(
  sheet: Sheet,
  { marketId, quantity, price, discountPpm, notional }: EventKeeperFill,
  scene: Scene,
): void {
  const position = scene.started?.standing?.positions.find((each) => each.marketId === marketId);
  if (position === undefined) {
    // The keeper's own trace: it was not judged.
    sheet.assume('the mark of the block');
    return;
  }
  const { markPrice: mark } = position;
  const divisor = divisorOf(requireMarket(scene, marketId));
  sheet.equal('notional', `up(${quantity} * ${mark} / ${divisor})`, notional, up(quantity * mark, divisor));
  sheet.that(
    'no more than its discount from mark',
    `|${price} - ${mark}| * 10^6 <= ${discountPpm} * ${mark}`,
    abs(price - mark) * million <= BigInt(discountPpm) * mark,
  );
}

function checkTakeover(sheet: Sheet, event: EventBackstopTakeover, scene: Scene): void {
  const { marketId, quantity, price, notional, payment, equityShare, marginShare } = event;
  const divisor = divisorOf(requireMarket(scene, marketId));
  sheet.equal('notional', `up(${quantity} * ${price} / ${divisor})`, notional, up(quantity * price, divisor));
  const most = max(0n, min(BigInt(equityShare), BigInt(marginShare) / 2n));
  sheet.that(
    'payment (INV-B3)',
    `0 <= ${payment} <= min(${equityShare}, ${marginShare} / 2)`,
    BigInt(payment) >= 0n && BigInt(payment) <= most,
  );
}

function checkBankruptcy(sheet: Sheet, { standing, deficit, shares }: EventBankruptcy, scene: Scene): void {
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

function checkDeficit(sheet: Sheet, event: EventDeficit): void {
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

function checkDeleveraged(sheet: Sheet, event: EventDeleveraged, scene: Scene): void {
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

function checkHaircut(sheet: Sheet, { amount, base, tierTotal, tierDue, equity, paidBefore }: EventHaircut): void {
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
