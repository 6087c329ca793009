import assert from 'node:assert/strict';
import type { AppState } from '../../app/genesis.js';
import { standingOf } from '../../x/perps/breakers/index.js';
import type { MarketView } from '../../x/perps/types.js';
import { scenario, type Scenario } from './scenario.js';
import { Cast } from './support/cast.js';
import { listed, type Listing } from './support/crowd.js';
import { atMost, costs, funds, usdcOf } from './support/figures.js';

const usdc = 1_000_000n;
const day = 86_400_000n;

/** Statistics of 30 days in which nine tenths of all hours had more than this within 1 %. */
export function reportDepth(state: AppState, pairId: number, depthUsd: bigint): void {
  const { statistics } = state['oracle'] as { statistics: unknown[] };
  statistics.push({
    pair_id: pairId,
    hours: 720,
    depth_p10_usd: depthUsd.toString(),
    dispersion_ppm: 500,
    sources_p10: 3,
  });
}

/** Watches the losing side of a pump. */
class Loser {
  readonly #opened: bigint;
  readonly #start: bigint;
  /** Price of the block before. */
  #before: bigint;
  #failing: { readonly price: bigint; readonly mode: string } | undefined;
  #gone: { readonly price: bigint; readonly before: bigint } | undefined;

  constructor(
    readonly cast: Cast,
    readonly view: () => MarketView,
  ) {
    this.#opened = -cast.position('short');
    this.#start = this.#before = view().markPrice;
  }

  /** After every block of the push. */
  look(): void {
    const { cast } = this;
    const { markPrice: price } = this.view();
    if (this.#failing === undefined && cast.equity('short') < cast.margin('short')) {
      const { plimsoll } = cast.stage.chain;
      const from = plimsoll.app.queryContext();
      this.#failing = { price, mode: standingOf(from, plimsoll.keepers.perps.market(from, 1)!).mode };
    }
    if (this.#gone === undefined && cast.position('short') === 0n) this.#gone = { price, before: this.#before };
    this.#before = price;
  }

  /** @param costOf what a push outside costs, by its size */
  figures(costOf: (push: number) => number) {
    const part = (price: bigint): number => Number((1_000n * (price - this.#start)) / this.#start) / 10;
    const gone = this.#gone;
    const step = gone === undefined ? 0n : (this.#opened * (gone.price - gone.before)) / this.view().quoteDivisor;
    return {
      'the loser fails its margin at, % over the start':
        this.#failing === undefined ? 'never' : part(this.#failing.price),
      'mode of the market then': this.#failing?.mode ?? 'normal',
      'the loser has nothing left at, % over the start': gone === undefined ? 'never' : part(gone.price),
      'cost of the push as far as there, USD': gone === undefined ? 0 : costOf(part(gone.price) / 100),
      'what the last price step was worth to the winner, USDC': usdcOf(step),
    };
  }
}

interface Pump {
  readonly listing: Listing;
  /** Notional that the attacker wants on each side, USDC. */
  readonly wanted: bigint;
  /** What the attacker brings for each side, USDC. */
  readonly brought: readonly [long: bigint, short: bigint];
  /** USD within 1 % outside. */
  readonly depthUsd: bigint;
  /** The price becomes so many times what it was, within ten minutes, in so many steps. */
  readonly times: number;
  readonly steps: number;
  readonly tranche: bigint;
}

/**
 * Somebody takes both sides of a thin market, pumps the price outside, and
 * takes out of the winning side what is let out in every block. At the end
 * the price falls back and everything is closed.
 */
async function pump({ listing, wanted, brought, depthUsd, times, steps, tranche }: Pump) {
  const [ticker, , first] = listing;
  const [{ market }] = listed([listing], tranche) as [ReturnType<typeof listed>[number]];
  const cast = await Cast.open({
    markets: [{ market, tranche }],
    prices: { [ticker]: first },
    clamp: true,
    breakers: true,
    cast: { long: brought[0] * usdc, short: brought[1] * usdc },
    change: (state) => reportDepth(state, 1, depthUsd),
  });
  try {
    const { stage } = cast;
    const { perps } = stage.chain.plimsoll.keepers;
    const view = () => perps.marketView(stage.chain.plimsoll.app.queryContext(), 1);
    const insured = funds(cast);
    await cast.block({
      long: [cast.deposit('long', brought[0] * usdc)],
      short: [cast.deposit('short', brought[1] * usdc)],
    });
    // As much as is taken: all of it, then half of what was refused, until nothing more is accepted.
    const mark = view().markPrice;
    let want = wanted * usdc;
    let refused = 0;
    const lot = BigInt(market.minOrderNotional);
    for (let tries = 0; tries < 20 && want >= 2n * lot; tries++) {
      const quantity = ((want * view().quoteDivisor) / mark / market.stepSize) * market.stepSize;
      const before = cast.position('long');
      await cast.trade('long', 'short', quantity, mark, {}, ['long', 'short']);
      const grown = cast.position('long') - before;
      if (grown < quantity) {
        refused++;
        want /= 2n;
      }
      // An order that nobody met stays; it must not hold margin.
      await cast.block(
        { long: [cast.cancelAll('long')], short: [cast.cancelAll('short')] },
        { mayFail: ['long', 'short'] },
      );
      const notional = (cast.position('long') * mark) / view().quoteDivisor;
      if (notional >= wanted * usdc) break;
    }
    const opened = (cast.position('long') * mark) / view().quoteDivisor;
    const cap = view().openInterestCap;
    // The losing side keeps no more margin than it must.
    let withdrawn = await cast.leave('short');

    // Who stands where when the losing side fails its margin, and when nothing of it is left.
    const loser = new Loser(cast, view);
    const start = Number(first);
    const afterMs = BigInt(600_000 / steps / 2);
    for (let step = 1; step <= steps; step++) {
      stage.chain.prices.set({ [ticker]: (start * times ** (step / steps)).toFixed(6) });
      await cast.block({}, { afterMs });
      loser.look();
      await cast.block({}, { afterMs: afterMs - 1_000n });
      loser.look();
      withdrawn += await cast.leave('long');
      loser.look();
    }
    // Back in one go, held by the clamp; then everything that is left is closed and taken.
    stage.chain.prices.set({ [ticker]: first });
    await cast.blocks(30, 10_000n);
    const left = cast.position('long');
    if (left > 0n) {
      await cast.trade('short', 'long', left, view().markPrice, { reduceOnly: true }, ['short', 'long']);
    }
    await cast.block({}, { afterMs: day });
    await cast.leave('long', 'short');
    const gained = cast.profit('long', 'short');
    // The linear book of section 15.4: pushing it by x costs S * x^2 / 2, which falling back returns in part at best.
    const costOf = (push: number): number => Math.round((100 * Number(depthUsd) * push ** 2) / 2);
    return {
      'wanted on each side, USDC': Number(wanted),
      'open-interest cap, USDC': usdcOf(cap),
      'opened on each side, USDC': usdcOf(opened),
      'orders refused': refused,
      'in wallets by the end of the pump, USDC': usdcOf(withdrawn),
      'gained on the chain, USDC': usdcOf(gained),
      'cost of the push outside, USD': costOf(times - 1),
      ...loser.figures(costOf),
      'tranche before, USDC': usdcOf(insured),
      // Its target is no loss of a fund at all; a push far beyond the best one bankrupts the other account.
      'without loss of a fund, as section 21.5 wants': insured <= funds(cast) ? 'yes' : 'no',
      ...costs(stage.outcome, insured - funds(cast)),
    };
  } finally {
    await cast.close();
  }
}

type PumpFigures = Awaited<ReturnType<typeof pump>>;

function checkPump(figures: PumpFigures): void {
  assert.equal(figures['bad debt'], 0);
  assert.ok(
    figures['opened on each side, USDC'] <= 1.01 * figures['open-interest cap, USDC'],
    `opened ${figures['opened on each side, USDC']} of a cap of ${figures['open-interest cap, USDC']}`,
  );
  assert.ok(
    figures['gained on the chain, USDC'] < figures['cost of the push outside, USD'],
    'the push costs more than it brings',
  );
  // Whatever the two gain together the fund has lost, in the one price step that took the loser below zero.
  assert.ok(
    figures['gained on the chain, USDC'] <= Math.max(0, figures['fund loss, USDC']),
    `gained ${figures['gained on the chain, USDC']} of a fund that lost ${figures['fund loss, USDC']}`,
  );
  assert.ok(
    100 * figures['gained on the chain, USDC'] <= Math.max(0, figures['cost of the push as far as there, USD']),
    'the push to where the fund loses costs a hundred times what it brings',
  );
  assert.ok(figures['fund loss, USDC'] <= figures['what the last price step was worth to the winner, USDC']);
  assert.ok(figures['fund loss, USDC'] <= 0.8 * figures['tranche before, USDC'], 'the tranche keeps a fifth in a day');
}

const beyondTheBestPush =
  'the fund loses, and the two gain, at most what the open notional is worth in one price step of a block. ' +
  'The push lifts the market into a call auction (B1), in which section 14.1 takes over bankrupt accounts only; ' +
  'so nothing is closed between failing the margin and having nothing, and the last step ends below zero. ' +
  'By section 12 the tranche pays that before the winner does. Section 15.4 bounds pushes that pay for themselves: ' +
  'up to the maintenance floor no fund loses (T-A5-best), and as far as this loss needs the push costs a hundred times the gain and more';

export const pumps: readonly Scenario[] = [
  scenario({
    id: 'T-A5',
    title: 'a thin token, both sides in one hand, price times four in ten minutes',
    source: 'Hyperliquid JELLY, 26 March 2025',
    expectation:
      'open interest stops at what the market outside can bear; both accounts together gain less than the push costs; only the own tranche pays',
    run: (size) =>
      pump({
        listing: ['JELLY-USD', 'D', '0.0095'],
        wanted: 4_000_000n,
        brought: [4_000_000n, 4_000_000n],
        depthUsd: 50_000n,
        times: 4,
        steps: size === 'test' ? 20 : 60,
        tranche: 20_000n * usdc,
      }),
    finding: beyondTheBestPush,
    check: checkPump,
  }),
  scenario({
    id: 'T-A5-best',
    title: 'the push that earns most against a linear book: as far as the maintenance floor',
    source: 'section 15.4',
    expectation: 'nobody falls below zero by it, so no fund pays; the push costs what it brings or more',
    run: (size) =>
      pump({
        listing: ['JELLY-USD', 'D', '0.0095'],
        wanted: 4_000_000n,
        brought: [4_000_000n, 4_000_000n],
        depthUsd: 50_000n,
        times: 1.1,
        steps: size === 'test' ? 10 : 60,
        tranche: 20_000n * usdc,
      }),
    check(figures) {
      checkPump(figures);
      atMost(figures, 'fund loss, USDC', 0);
      assert.equal(figures['haircut, USDC'], 0);
    },
  }),
  scenario({
    id: 'T-B1',
    title: 'a position against oneself, three thin venues pumped by 24 in ten minutes',
    source: 'Mango, 11 October 2022',
    expectation: 'what leaves is bounded by deposits and the tranche, and costs more to move than it brings',
    run: (size) =>
      pump({
        listing: ['MNGO-USD', 'D', '0.038'],
        wanted: 18_354_000n,
        brought: [5_000_000n, 5_000_000n],
        depthUsd: 10_000n,
        times: 24,
        steps: size === 'test' ? 20 : 60,
        tranche: 20_000n * usdc,
      }),
    finding: beyondTheBestPush,
    check: checkPump,
  }),
];
