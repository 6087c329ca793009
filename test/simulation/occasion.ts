import type { Draws } from '../../cmd/plimsolld/replay/random.js';
import { initialMargin, openInterestScaledRate, usableEquity } from '../../x/perps/margin/index.js';
import type { StoredAccount } from '../../x/perps/types.js';
import { between, oneIn, pick } from './draws.js';
import type { Message } from './message.js';
import { keyOf, marketIds, type Actor, type World } from './world.js';

/** Something that somebody may send. Most of it should be accepted, and some of it should not. */
export interface Op {
  readonly name: string;
  readonly weight: number;
  /** Undefined: there is no occasion for it now. */
  make(actor: Actor, draws: Draws, world: World): readonly Message[] | undefined;
}

export const usdc = 1_000_000n;
export const perps = 'plimsoll.perps.v1.';
export const coin = (amount: bigint, denom = 'uusdc') => ({ denom, amount });

/** A subaccount number: nearly always the first. */
export const numberFor = (draws: Draws): number => (oneIn(draws, 12) ? 1 : 0);
export const accountOf = (actor: Actor, number: number, { app, ctx }: World): StoredAccount =>
  app.keepers.perps.account(ctx, keyOf(actor, number));

/** Ids that do not meet again, unless they are made to. */
export const clientIdFor = (draws: Draws, { height }: World): bigint =>
  oneIn(draws, 40) ? BigInt(between(draws, 0, 3)) : height * 64n + BigInt(draws.below(64));

/** A market with a price, and what an order in it may look like. */
export function drawOrder(actor: Actor, draws: Draws, world: World, marketId = pick(draws, marketIds)) {
  const { app, ctx } = world;
  const number = numberFor(draws);
  const market = app.keepers.perps.marketView(ctx, marketId);
  if (market.markPrice === 0n) return undefined;
  const account = accountOf(actor, number, world);
  const held = account.positions.find((each) => each.marketId === marketId)?.quantity ?? 0n;
  const markets = app.keepers.perps.markets(ctx);
  const free = usableEquity(account, markets) - initialMargin(account, [], markets);
  const rate = openInterestScaledRate(market) / 1_000n + 3_000n;
  // Up to all that margin allows, sometimes more.
  const share = BigInt(pick(draws, [1, 3, 10, 30, 60, 95, 110]));
  const room = free > 0n ? (free * 1_000_000n * share) / (rate * 100n) : 10n * usdc;
  const raw = (room * market.quoteDivisor) / market.markPrice;
  const quantity = raw - (raw % market.stepSize);
  const buy = oneIn(draws, 2);
  /** On a tick, so many ppm above the mark; below it with a negative number. */
  const priceAt = (ppm: number): bigint => {
    const price = (market.markPrice * BigInt(1_000_000 + ppm)) / 1_000_000n;
    const onTick = price - (price % market.tickSize);
    return onTick > 0n ? onTick : market.tickSize;
  };
  return { number, market, account, held, quantity: quantity > 0n ? quantity : market.stepSize, buy, priceAt };
}

export const sideOf = (buy: boolean): string => (buy ? 'SIDE_BUY' : 'SIDE_SELL');
