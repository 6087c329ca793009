import { Randomness, type Draws } from '../../cmd/plimsolld/replay/random.js';
import { perpsEvents } from '../support/events.js';
import { SimulatedChain } from './chain.js';
import { between, oneIn, weighted } from './draws.js';
import { before, brokenBy } from './invariants.js';
import { encode } from './message.js';
import type { Op } from './occasion.js';
import { ops, quoting } from './ops.js';
import { Prices } from './prices.js';
import { keyOf, makeActors, quoted, type Actor, type World } from './world.js';
import { chainId } from '../support/chain.js';

export interface SimulationOptions {
  readonly seed: string;
  readonly blocks: number;
  readonly actors: number;
  /** A second application executes every block without derived indexes, and every account is looked at. */
  readonly shadow: boolean;
  readonly onBlock?: (height: number, tally: Tally) => void;
}

/** What a run met: how often each thing was sent and accepted, and what happened at the ends of blocks. */
export class Tally {
  readonly sent = new Map<string, { accepted: number; refused: number }>();
  readonly events = new Map<string, number>();
  /** Why things were refused, the first of each kind. */
  readonly reasons = new Map<string, string>();
  restarts = 0;
  exports = 0;
  /** Of the last block, hex. */
  appHash = '';

  count(name: string): number {
    return this.events.get(name) ?? 0;
  }
}

/** A block after which something did not hold. The seed and the height replay it. */
export class Broken extends Error {
  constructor(
    readonly seed: string,
    readonly height: number,
    readonly violations: readonly string[],
    options?: ErrorOptions,
  ) {
    super(
      `seed ${seed}, block ${height}: ${violations.join('; ')}\nsee it again: node --import tsx test/simulation/run.ts --seed ${seed} --blocks ${height}`,
      options,
    );
  }
}

/** Actors whose draws are those of the world itself. */
const weather = 1_000_001;
const fate = 1_000_002;

/** Blocks between two restarts from disk, and two exports, on average. */
const restartEvery = 400;
const exportEvery = 900;

const seconds = 1_000n;
const hour = 3_600n * seconds;

/**
 * Random people on the real chain in random weather: every block is signed,
 * voted, executed and committed to disk as on a node, and judged afterwards.
 * Everything follows from the seed.
 * @throws Broken at the first block that breaks an identity or an invariant
 */
export async function simulate(options: SimulationOptions): Promise<Tally> {
  const random = new Randomness(options.seed);
  const actors = makeActors(options.seed, options.actors);
  // Half of the seeds let prices gap, as if there were no clamp.
  const clamp = random.at(0, fate).below(2) === 0;
  const chain = await SimulatedChain.open({ actors, clamp, shadow: options.shadow });
  const prices = new Prices(quoted);
  const tally = new Tally();
  try {
    for (let block = 1; block <= options.blocks; block++) {
      let violations: readonly string[];
      try {
        violations = await step(chain, random, prices, actors, tally, block);
      } catch (error) {
        throw new Broken(options.seed, block, [(error as Error).message], { cause: error });
      }
      if (violations.length > 0) throw new Broken(options.seed, block, violations);
      options.onBlock?.(block, tally);
    }
    return tally;
  } finally {
    await chain.close();
  }
}

async function step(
  chain: SimulatedChain,
  random: Randomness,
  prices: Prices,
  actors: readonly Actor[],
  tally: Tally,
  block: number,
): Promise<readonly string[]> {
  const draws = random.at(block, fate);
  prices.step(random.at(block, weather));
  chain.prices.set(prices.quotes());
  const afterMs = pause(draws);
  // Votes carry prices from the second block on, and the third has them.
  const senders = chain.age < 3n ? new Set<string>() : await send(chain, random, actors, tally, block, afterMs);
  const earlier = chain.age === 0n ? undefined : before(chain.plimsoll, chain.plimsoll.app.queryContext());
  const produced = await chain.block(afterMs);
  if (earlier !== undefined) {
    const violations = brokenBy(chain.plimsoll, produced, earlier, senders);
    if (violations.length > 0) return violations;
  }
  tally.appHash = Buffer.from(produced.results.appHash).toString('hex');
  for (const { name } of perpsEvents(produced.results)) tally.events.set(name, tally.count(name) + 1);
  count(
    produced.results.txResults.map(({ code, log }) => ({ code, log })),
    tally,
  );
  if (oneIn(draws, restartEvery)) {
    await chain.restart();
    tally.restarts++;
  } else if (oneIn(draws, exportEvery) && chain.age > 10n) {
    await chain.beginAnew(oneIn(draws, 2));
    tally.exports++;
  }
  return [];
}

/** Time to the next block: a second, now and then minutes, sometimes hours, rarely days. */
function pause(draws: Draws): bigint {
  if (oneIn(draws, 1_500)) return BigInt(between(draws, 20, 60)) * hour;
  if (oneIn(draws, 300)) return BigInt(between(draws, 1, 4)) * hour;
  if (oneIn(draws, 25)) return BigInt(between(draws, 5, 600)) * seconds;
  return seconds;
}

/** What of the block's transactions was meant, in their order. */
let pending: string[] = [];

/** Signs and sends what everybody wants now. @returns owners of what was admitted */
async function send(
  chain: SimulatedChain,
  random: Randomness,
  actors: readonly Actor[],
  tally: Tally,
  block: number,
  afterMs: bigint,
): Promise<Set<string>> {
  const { plimsoll } = chain;
  const ctx = plimsoll.app.queryContext();
  const world: World = {
    app: plimsoll,
    ctx,
    actors,
    height: chain.height + 1n,
    nextMs: chain.nowMs + afterMs,
  };
  const senders = new Set<string>();
  pending = [];
  for (const actor of actors) {
    const draws = random.at(block, actor.index);
    // Makers come every third block, everybody else every eighth.
    if (!oneIn(draws, actor.maker ? 3 : 8)) continue;
    const op = opFor(actor, draws, world);
    const messages = op.make(actor, draws, world);
    if (messages === undefined) continue;
    const account = plimsoll.keepers.auth.account(ctx, actor.wallet.address)!;
    const encoded = messages.map((message) => encode(plimsoll.registry, message));
    const refused = await chain.send(actor.wallet.sign(encoded, chainId, account, world.height));
    if (refused === undefined) {
      pending.push(op.name);
      senders.add(actor.wallet.bech32);
    } else note(tally, op.name, refused);
  }
  return senders;
}

function opFor(actor: Actor, draws: Draws, world: World): Op {
  const { cash, positions } = world.app.keepers.perps.account(world.ctx, keyOf(actor));
  // Without money there is little to do.
  if (cash === 0n && positions.length === 0 && !oneIn(draws, 3)) return ops.find(({ name }) => name === 'deposit')!;
  if (!actor.maker) return weighted(draws, ops);
  return oneIn(draws, 15) ? weighted(draws, ops) : quoting;
}

function note(tally: Tally, name: string, refused: string | undefined): void {
  let entry = tally.sent.get(name);
  if (entry === undefined) tally.sent.set(name, (entry = { accepted: 0, refused: 0 }));
  if (refused === undefined) entry.accepted++;
  else {
    entry.refused++;
    if (!tally.reasons.has(name)) tally.reasons.set(name, refused);
  }
}

/** Results of the block's transactions; the votes come before them. */
function count(results: readonly { readonly code: number; readonly log: string }[], tally: Tally): void {
  const own = results.slice(results.length - pending.length);
  for (const [index, { code, log }] of own.entries()) note(tally, pending[index]!, code === 0 ? undefined : log);
  pending = [];
}
