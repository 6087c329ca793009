import { max } from '../runtime/math/integers.js';
import type { AppState } from './genesis.js';

/** What a height of a state that was exported after block `last` is to a chain that begins at height 1. */
type Fate = (height: bigint, last: bigint) => bigint;

/** It happened before the chain: zero, the height that no block has. */
const forgotten: Fate = () => 0n;
/** It lies ahead, and stays as many blocks ahead; zero when it is over. */
const remaining: Fate = (height, last) => max(0n, height - last);

/** A height of the state: module and field by field, with [] after a list. */
export const heights: Readonly<Record<string, Fate>> = {
  'distribution.delegator_starting_infos[].starting_info.height': forgotten,
  // Slashes keep their order by their periods.
  'distribution.validator_slash_events[].height': forgotten,
  'oracle.scores.start_height': forgotten,
  'perps.breakers.history[].height': forgotten,
  // Decided for a block that is over.
  'perps.breakers.markets[].auction.clearing_height': forgotten,
  'perps.breakers.markets[].fault.height': forgotten,
  // An auction goes on from height 1 with what it collected.
  'perps.breakers.markets[].auction.start_height': forgotten,
  'perps.keeper_bids.bids[].placed_height': forgotten,
  'perps.netting.requests[].placed_height': forgotten,
  'perps.orders[].good_til_block': remaining,
  // Orders on the book become the oldest.
  'perps.orders[].placed_height': forgotten,
  'perps.rates.horizons[].height': forgotten,
  // A breach counts from the beginning of the chain.
  'perps.stress.breaches[].height': forgotten,
  'perps.subaccounts[].underwater_height': forgotten,
  'perps.waiting_orders.algo_orders[].placed_height': forgotten,
  'perps.waiting_orders.conditional_orders[].good_til_block': remaining,
  'perps.waiting_orders.conditional_orders[].placed_height': forgotten,
  'perps.withdrawals.gates[].until_height': remaining,
  'slashing.signing_infos[].validator_signing_info.start_height': forgotten,
  // What was leaving the chain does not answer for what is signed on the next one.
  'staking.redelegations[].entries[].creation_height': forgotten,
  'staking.unbonding_delegations[].entries[].creation_height': forgotten,
  'staking.validators[].unbonding_height': forgotten,
};

/** Lists that a chain which begins at height 1 begins without: prices wait for its first votes. */
export const dropped: readonly string[] = ['oracle.prices[]'];

/**
 * Makes an exported state that of a chain which begins at height 1.
 * @param last height of the state
 */
export function forgetHeights(state: AppState, last: bigint): void {
  for (const path of dropped) visit(state, path.slice(0, -'[]'.length), (holder, field) => (holder[field] = []));
  endExpired(state, last);
  const collecting = collectedByAuctions(state);
  for (const [path, fate] of Object.entries(heights))
    visit(state, path, (holder, field) => (holder[field] = fate(BigInt(holder[field] as string), last).toString()));
  for (const [holder, field] of collecting) holder[field] = '1';
}

type Holder = Record<string, unknown>;

/** Finds the holders of a field; a section that is absent has none. */
function visit(node: unknown, path: string, found: (holder: Holder, field: string) => void): void {
  if (node === null || node === undefined) return;
  const [, name, list, rest] = /^([a-z_]+)(\[\])?\.?(.*)$/.exec(path)!;
  const holder = node as Holder;
  if (rest === '') found(holder, name!);
  else
    for (const next of list === undefined ? [holder[name!]] : (holder[name!] as unknown[])) visit(next, rest!, found);
}

/** Orders that the old chain's last block was the last to fill: a block count cannot say that none may, a time can. */
function endExpired(state: AppState, last: bigint): void {
  for (const list of ['perps.orders[]', 'perps.waiting_orders.conditional_orders[]'])
    visit(state, `${list}.good_til_block`, (order) => {
      const until = BigInt(order['good_til_block'] as string);
      if (until !== 0n && until <= last) Object.assign(order, { good_til_block: '0', good_til_time_ms: '1' });
    });
}

/**
 * Call auctions, and the orders that each has collected so far: they go on
 * from height 1, so that who showed an order stands by it, and who rested
 * before the auction may still leave at any time.
 */
function collectedByAuctions(state: AppState): readonly (readonly [Holder, string])[] {
  const since = new Map<unknown, bigint>();
  const found: (readonly [Holder, string])[] = [];
  visit(state, 'perps.breakers.markets[].auction', (market) => {
    const auction = market['auction'] as Holder | null | undefined;
    if (auction === null || auction === undefined) return;
    since.set(market['market_id'], BigInt(auction['start_height'] as string));
    found.push([auction, 'start_height']);
  });
  visit(state, 'perps.orders[].placed_height', (order) => {
    const start = since.get(order['market_id']);
    if (start !== undefined && BigInt(order['placed_height'] as string) >= start) found.push([order, 'placed_height']);
  });
  return found;
}
