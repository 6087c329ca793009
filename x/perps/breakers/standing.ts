import { Trigger, type ActiveTrigger, type MarketBreakers } from '../../../gen/plimsoll/perps/v1/breakers.js';
import { MarketStatus, type Market } from '../../../gen/plimsoll/perps/v1/types.js';
import { million } from '../../../runtime/math/integers.js';
import type { Stores } from '../../../runtime/store/collection.js';
import { errors } from '../errors.js';
import { ppb, ppm, type MarketView } from '../types.js';
import { isClosing } from './rules/call-auction.js';
import { causeOf, permits, strictest, type Action, type Cause, type Mode, type Verdict } from './rules/modes.js';
import { breakerStore } from './store.js';

const statuses: Partial<Record<MarketStatus, Mode>> = {
  [MarketStatus.MARKET_STATUS_REDUCE_ONLY]: 'reduce-only',
  [MarketStatus.MARKET_STATUS_HALTED]: 'halted',
};

/** The mode that governance set. */
export const statusMode = ({ status }: Pick<Market, 'status'>): Mode => statuses[status] ?? 'normal';

/** What holds in a market at one instant, and what it permits. */
export class MarketStanding {
  readonly causes: readonly Cause[];

  constructor(
    status: Mode,
    /** Undefined while no breaker holds. */
    readonly state: MarketBreakers | undefined,
  ) {
    const causes = (state?.active ?? []).map(causeOf).filter(({ trigger }) => trigger !== Trigger.TRIGGER_GOVERNANCE);
    this.causes = status === 'normal' ? causes : [...causes, { trigger: Trigger.TRIGGER_GOVERNANCE, mode: status }];
  }

  get mode(): Mode {
    return strictest(this.causes.map(({ mode }) => mode));
  }

  permits(action: Action): Verdict {
    // The auction that re-opens a halted market works off what it queued; a frozen one does not even queue.
    if (this.frozen && (action === 'reduce' || action === 'net')) return 'no';
    return permits(this.causes, action);
  }

  /** Nothing is done for the market, because its own work failed. */
  get frozen(): boolean {
    return this.state?.fault !== undefined;
  }

  isActive(trigger: Trigger): boolean {
    return this.causes.some((cause) => cause.trigger === trigger);
  }

  /** Do the orders of this block trade at its end? In a call auction only with the block that clears it. */
  matches(height: bigint): boolean {
    return this.#now('match', height);
  }

  /**
   * May this block close positions of accounts that are not bankrupt (stage
   * L1)? Not in the grace after a halt or an outage, and in a call auction
   * only with the block that clears it.
   */
  liquidates(height: bigint, timeMs: bigint): boolean {
    return this.#now('liquidate', height) && timeMs >= (this.state?.graceUntilMs ?? 0n);
  }

  /** May positions of an account be taken over (stages L2 and L3)? */
  takesOver(bankrupt: boolean, timeMs: bigint): boolean {
    const verdict = this.permits('takeover');
    if (verdict === 'bankrupt') return bankrupt;
    return verdict === 'yes' && (bankrupt || timeMs >= (this.state?.graceUntilMs ?? 0n));
  }

  /** The block that clears a call auction of this market. */
  clears(height: bigint): boolean {
    return this.permits('match') === 'auction' && this.state?.auction?.clearingHeight === height;
  }

  /** Orders collect for a call auction, or queue for one. */
  get collects(): boolean {
    const verdict = this.permits('reduce');
    return verdict === 'auction' || verdict === 'queued';
  }

  /** An order that entered at `height`, in a call auction that is about to end: what would take it out waits until it has. */
  holdsBack(height: bigint, nowMs: bigint): boolean {
    const auction = this.state?.auction;
    return auction !== undefined && isClosing(auction, nowMs) && height >= auction.startHeight;
  }

  #now(action: Action, height: bigint): boolean {
    const verdict = this.permits(action);
    return verdict === 'yes' || (verdict === 'auction' && this.clears(height));
  }
}

/** O(active triggers). */
export const standingOf = (from: Stores, market: Market): MarketStanding =>
  new MarketStanding(statusMode(market), breakerStore.market(from, market.id));

const largestFactor = (active: readonly ActiveTrigger[]): number =>
  active.reduce((most, { marginFactorPpm }) => Math.max(most, marginFactorPpm), 0);

/** The part of a market's view that breakers move: nothing while none holds. */
export function breakersView(
  state: MarketBreakers | undefined,
): Pick<MarketView, 'initialFactor' | 'initialAddOn' | 'smallSlices'> {
  if (state === undefined) return {};
  const factor = BigInt(largestFactor(state.active));
  return {
    ...(factor > million ? { initialFactor: ppm(factor) } : {}),
    ...(state.openingAddOnPpb > 0n ? { initialAddOn: ppb(state.openingAddOnPpb) } : {}),
    ...(state.smallSlicesUntilMs > 0n ? { smallSlices: true } : {}),
  };
}

/** What to tell who wants to open a position where that is not permitted. */
export const closedToOpening = (ticker: string, mode: Mode): string =>
  `${ticker}${mode === 'halted' ? ' is halted and' : ''} accepts reduce-only orders only`;

/** @throws perps/170 */
export function requireThawed({ state }: MarketStanding, { ticker }: Market): void {
  if (state?.fault === undefined) return;
  const { height, step } = state.fault;
  throw errors.marketFrozen(
    `${ticker} since height ${height}, when it failed (${step}); deposits and cancels are accepted, orders once governance resumes it`,
  );
}
