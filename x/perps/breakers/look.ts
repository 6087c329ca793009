import { Trigger, type MarketBreakers } from '../../../gen/plimsoll/perps/v1/breakers.js';
import type { Market, Params } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { reviewClass } from '../classes/daily.js';
import { classNumberOf, type MarketStateView } from '../codecs.js';
import type { Deps } from '../deps.js';
import { forMarket } from '../market-failure.js';
import { markBand } from '../mark/index.js';
import { markState } from '../mark/store.js';
import { ratesStore } from '../rates/store.js';
import type { MarketId, MarketView, Side } from '../types.js';
import { quoteAmountDown } from '../units/index.js';
import { sigmaOf } from '../volatility/index.js';
import { billion, min } from '../../../runtime/math/integers.js';
import { drawOf } from './draw.js';
import { releaseCancels } from './end-auction.js';
import { isFrozen } from './freeze.js';
import { isSettlementDue, proposeSettlement } from './settlement-due.js';
import { MarketStanding, statusMode } from './standing.js';
import type { Facts, Loss, Stepped } from './rules/facts.js';
import { stepLosses } from './rules/outcomes.js';
import { stepMarket } from './rules/step.js';
import { breakerStore, calm } from './store.js';
import { tellChanges } from './tell.js';

/** With the running hour at most a day: what raised a trigger is out of it when its day is over. */
const hoursOfDay = 23n;
const noLoss: Loss = { paid: 0n, before: 0n };
/** The book is looked at as often as prices are sampled. */
const sampleMs = 5_000n;

/** What markets of one block share. */
export class BlockLook {
  readonly #losses = new Map<string, Loss | undefined>();
  readonly outageMs: bigint;

  /** Notes the time of this block. */
  constructor(
    readonly ctx: Context,
    readonly deps: Deps,
    readonly params: Params,
  ) {
    const { timeMs } = ctx.block;
    const last = params.breakers === undefined ? 0n : breakerStore.lastBlockMs(ctx);
    if (params.breakers !== undefined) breakerStore.setLastBlockMs(ctx, timeMs);
    const gap = last === 0n ? 0n : timeMs - last;
    this.gapMs = gap;
    this.outageMs = params.breakers !== undefined && gap >= params.breakers.outageMs ? gap : 0n;
  }

  readonly gapMs: bigint;

  /** Reads a shared tranche once for all markets. */
  loss(kind: 'class' | 'global', number: number): Loss | undefined {
    const name = `${kind} ${number}`;
    if (!this.#losses.has(name))
      this.#losses.set(name, this.deps.insurance.loss(this.ctx, { kind, number }, this.ctx.block.timeMs, hoursOfDay));
    return this.#losses.get(name);
  }
}

/**
 * Looks at a market's breakers once its oracle price is in, at the begin of
 * a block. O(1), and O(price levels within beta) once in five seconds.
 * @param accepted this block brought a price
 * @returns what the market permits in this block
 */
export function lookAtMarket(
  block: BlockLook,
  market: Market,
  state: MarketStateView,
  view: MarketView,
  accepted: boolean,
): MarketStanding {
  const { ctx, deps, params } = block;
  const before = breakerStore.market(ctx, market.id) ?? calm(market.id);
  const measures = breakerStore.measures(ctx, market.id);
  const facts = factsOf(block, market, state, view, accepted, before, measures.samples.at(-1)?.timeMs ?? 0n);
  const stepped = stepMarket({ state: before, measures }, facts, params.breakers);
  keep(ctx, market.id, before, stepped);
  if (before.auction !== undefined && (stepped.state.auction === undefined || stepped.auction === 'prolonged'))
    releaseCancels(ctx, deps.keeper, market.id);
  if (stepped.auction !== undefined)
    ctx.emit('plimsoll.perps.v1.EventCallAuction', {
      marketId: market.id,
      auction: stepped.state.auction,
      price: 0n,
      low: 0n,
      high: 0n,
      outcome: stepped.auction,
    });
  askForSettlement(block, market, facts, stepped.state);
  // Margins are as high as their forecast can make them, and are exceeded: is the market still what its class says?
  if (stepped.changes.some(({ trigger, active }) => trigger === Trigger.TRIGGER_COVERAGE && active))
    reviewClass(ctx, deps, market, params.rates!);
  return new MarketStanding(facts.status, stepped.state);
}

function keep(ctx: Context, id: MarketId, before: MarketBreakers, stepped: Stepped): void {
  if (stepped.state !== before) breakerStore.setMarket(ctx, stepped.state);
  const { measures } = stepped;
  if (measures !== breakerStore.measures(ctx, id)) breakerStore.setMeasures(ctx, measures);
  tellChanges(ctx, id, before.mode, stepped.state.mode, stepped.changes);
}

function factsOf(
  block: BlockLook,
  market: Market,
  state: MarketStateView,
  view: MarketView,
  accepted: boolean,
  before: MarketBreakers,
  sampledMs: bigint,
): Facts {
  const { ctx, deps, params } = block;
  const { timeMs, height } = ctx.block;
  const status = statusMode(market);
  const own = { kind: 'market', number: market.id } as const;
  const classOf = classNumberOf(market.class);
  const volatility = ratesStore.volatility(ctx, market.id);
  const { coverage } = volatility;
  const deep = params.breakers !== undefined && accepted && timeMs - sampledMs >= sampleMs;
  const matches = new MarketStanding(status, before).permits('match') === 'yes';
  return {
    nowMs: timeMs,
    height,
    class: view.class,
    status,
    oraclePrice: state.oraclePrice,
    oracleTimeMs: state.oracleTimeMs,
    accepted,
    sigma: () => sigmaOf(volatility, 1n),
    beta: markBand(view),
    bookPrice: matches ? markState(ctx, market.id)?.bookPrice : undefined,
    dispersionPpm: BigInt(deps.oracle.price(ctx, market.oraclePairId)?.dispersionPpm ?? 0),
    openInterest: view.openInterest,
    openInterestCap: view.openInterestCap,
    depth: deep && matches ? depthWithin(block, market.id, view) : undefined,
    depthUnit: view.depthUnit,
    losses: {
      hour: deps.insurance.loss(ctx, own, timeMs, 1n) ?? noLoss,
      day: deps.insurance.loss(ctx, own, timeMs, hoursOfDay) ?? noLoss,
      class: classOf === undefined ? undefined : block.loss('class', classOf),
      global: block.loss('global', 0) ?? noLoss,
    },
    pinnedWindows: coverage?.pinnedWindows ?? 0,
    kappaPpm: coverage?.kappaPpm ?? 0,
    kappaMaxPpm: params.rates!.kappaMaxPpm,
    outageMs: block.outageMs,
    average: deps.oracle.statistics(ctx, market.oraclePairId)?.twap || state.oraclePrice,
    draw: drawOf(ctx.block.previousAppHash, market.id),
    staleMs: params.staleMs,
  };
}

/** Notional on the thinner side of the book within beta of the oracle price, quote quanta, rounded down. */
function depthWithin({ ctx, deps, params }: BlockLook, id: MarketId, view: MarketView): bigint {
  const reach = (view.oraclePrice * markBand(view)) / billion;
  const deepEnough = view.depthUnit;
  const sideDepth = (side: Side): bigint => {
    let sum = 0n;
    let levels = 0;
    for (const { price, quantity } of deps.keeper.bookDepth(ctx, id, side)) {
      const outside = side === 'buy' ? price < view.oraclePrice - reach : price > view.oraclePrice + reach;
      if (outside || sum >= deepEnough || levels++ >= params.mark!.maxImpactLevels) break;
      sum += quoteAmountDown(quantity, price, view.quoteDivisor);
    }
    return sum;
  };
  return min(sideDepth('buy'), sideDepth('sell'));
}

/** Once in an outage, when a price has been missing for so long that governance should decide about the market. */
function askForSettlement(
  { ctx, deps, params, gapMs }: BlockLook,
  market: Market,
  facts: Facts,
  state: MarketBreakers,
): void {
  if (!state.active.some(({ trigger }) => trigger === Trigger.TRIGGER_STALE)) return;
  const priceAgeMs = facts.nowMs - facts.oracleTimeMs;
  // In the block before it was not due yet.
  if (!isSettlementDue(priceAgeMs, params) || isSettlementDue(priceAgeMs - gapMs, params)) return;
  proposeSettlement(ctx, deps, market, priceAgeMs, state.settlementPrice);
}

/** What a block's waterfall did to each market. */
export type Noted = (id: MarketId) => { readonly liquidated: bigint; readonly haircut: bigint };

/** After a block's waterfall: the triggers that losses raise. O(markets). */
export function lookAtLosses(ctx: Context, { keeper }: Deps, noted: Noted): void {
  const params = keeper.params(ctx).breakers;
  if (params === undefined) return;
  for (const market of [...keeper.allMarkets(ctx)]) {
    const { liquidated: closed, haircut } = noted(market.id);
    if (isFrozen(ctx, market.id)) continue;
    // What a call auction closes in good order is no reason for another one.
    const liquidated = breakerStore.market(ctx.committed, market.id)?.auction === undefined ? closed : 0n;
    if (liquidated === 0n && haircut === 0n) continue;
    const losses = { nowMs: ctx.block.timeMs, status: statusMode(market), liquidated, haircut };
    forMarket(market.id, 'breakers', () => {
      const before = breakerStore.market(ctx, market.id) ?? calm(market.id);
      const measures = breakerStore.measures(ctx, market.id);
      const { openInterest } = keeper.marketView(ctx, market.id);
      keep(ctx, market.id, before, stepLosses({ state: before, measures }, { ...losses, openInterest }, params));
    });
  }
}
