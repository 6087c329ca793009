import assert from 'node:assert/strict';

import type { TxMessage } from '../../runtime/codec/tx.js';
import type { AppState } from '../../app/genesis.js';
import { acceptCollateral, depositOf, stableAsset } from '../support/collateral.js';
import { perpsEvents } from '../support/events.js';
import { keylessOwner, type SeededAccount } from '../support/seeded.js';
import { scenario, type Scenario } from './scenario.js';
import { buy, Cast, keyOf, sell } from './support/cast.js';
import { listed, pricesOf, randomPairs, type Listing } from './support/crowd.js';
import { atLeast, atMost, costs, funds, usdcOf } from './support/figures.js';
import { Stage } from './support/stage.js';

const usdc = 1_000_000n;
const one = 100_000_000n;
const million = 1_000_000n;

/** The same accounts, and each of them as ten with a tenth of everything; a fall by 30 % with nobody to trade with. */
async function split(pairs: number, parts: number) {
  const listings: readonly Listing[] = [
    ['BTC-USD', 'A', '60000'],
    ['ALT-USD', 'C', '2.5'],
  ];
  const whole = randomPairs({ listings, pairs, seed: 'split', notional: [20_000, 50_000] }).map((each) => ({
    ...each,
    equity: each.equity - (each.equity % 10n),
    positions: each.positions.map(({ market, quantity }) => ({ market, quantity: quantity - (quantity % 10_000n) })),
  }));
  const many = BigInt(parts);
  const accounts = whole.flatMap(({ equity, positions }, at): SeededAccount[] =>
    Array.from({ length: parts }, (_, part) => ({
      owner: keylessOwner(at * parts + part),
      equity: equity / many,
      positions: positions.map(({ market, quantity }) => ({ market, quantity: quantity / many })),
    })),
  );
  const stage = await Stage.open({
    markets: listed(listings, 5_000n * usdc),
    prices: pricesOf(listings),
    accounts,
  });
  try {
    const insured = stage.insurance();
    await stage.move({ 'BTC-USD': '42000', 'ALT-USD': '1.75' }, 5);
    return { outcome: stage.outcome, drawn: insured - stage.insurance() };
  } finally {
    await stage.close();
  }
}

/** Two accounts of one hand that trade with each other for a day. */
async function wash(rounds: number) {
  const cast = await Cast.open({
    markets: listed([['WASH-USD', 'C', '10']], 50_000n * usdc),
    prices: { 'WASH-USD': '10' },
    cast: { left: 100_000n * usdc, right: 100_000n * usdc },
  });
  try {
    const { stage } = cast;
    const { plimsoll } = stage.chain;
    const view = () => plimsoll.keepers.perps.marketView(plimsoll.app.queryContext(), 1);
    await cast.block({ left: [cast.deposit('left', 90_000n * usdc)], right: [cast.deposit('right', 90_000n * usdc)] });
    const before = { free: cast.free('left') + cast.free('right'), insured: funds(cast), depth: view().depthUnit };
    let volume = 0n;
    for (let round = 0; round < rounds; round++) {
      const [a, b] = round % 2 === 0 ? ['left', 'right'] : ['right', 'left'];
      // Ever further from the oracle price, as far as an order may be.
      const price = 10n * million + BigInt(round % 5) * 100_000n;
      await cast.trade(a!, b!, 1_000n * one, price);
      volume += (1_000n * price) / 1n;
      await cast.block({}, { afterMs: 60_000n });
    }
    const held = cast.position('left');
    if (held !== 0n) {
      const [a, b] = held > 0n ? ['right', 'left'] : ['left', 'right'];
      await cast.trade(a, b, held > 0n ? held : -held, 10n * million, { reduceOnly: true });
    }
    await cast.blocks(2);
    return {
      rounds,
      'volume, USDC': usdcOf(volume),
      'gained, USDC': usdcOf(cast.profit('left', 'right')),
      'free collateral gained, USDC': usdcOf(cast.free('left') + cast.free('right') - before.free),
      'funds gained, USDC': usdcOf(funds(cast) - before.insured),
      'mark, USD': Number(view().markPrice) / 1e6,
      'depth unit gained, USDC': usdcOf(view().depthUnit - before.depth),
    };
  } finally {
    await cast.close();
  }
}

/** A short that paints a premium into the book: for three minutes of an hour, for the whole hour, or not at all. */
async function paint(minutes: number) {
  const cast = await Cast.open({
    markets: listed([['BTC-USD', 'A', '60000']], 100_000n * usdc).map(({ market, tranche }) => ({
      market: { ...market, depthUnit: (50_000n * usdc).toString() },
      tranche,
    })),
    prices: { 'BTC-USD': '60000' },
    shadow: false,
    cast: { painter: million * usdc, long: million * usdc },
  });
  try {
    const { stage } = cast;
    const { plimsoll } = stage.chain;
    const state = () => plimsoll.keepers.perps.marketState(plimsoll.app.queryContext(), 1);
    await cast.block({
      painter: [cast.deposit('painter', 900_000n * usdc)],
      long: [cast.deposit('long', 900_000n * usdc)],
    });
    await cast.trade('long', 'painter', 5n * one, 60_000n * million);
    // From the first block of an hour on.
    const hour = 3_600_000n;
    await cast.block({}, { afterMs: hour - (plimsoll.app.queryContext().block.timeMs % hour) + 1_000n });
    const before = cast.equity('long');
    let painted = false;
    for (let minute = 0; minute < 61; minute++) {
      const on = minute >= 5 && minute < 5 + minutes;
      const quotes = [
        cast.cancelAll('painter'),
        cast.order('painter', buy, one / 2n, on ? 61_800n * million : 59_999n * million),
        cast.order('painter', sell, one / 2n, on ? 61_900n * million : 60_001n * million),
      ];
      await cast.block({ painter: on || painted || minute === 0 ? quotes : [] }, { afterMs: 60_000n });
      painted = on;
    }
    const { ratePpb } = state().funding;
    await cast.blocks(60, 60_000n);
    return { ratePpb, paid: before - cast.equity('long') };
  } finally {
    await cast.close();
  }
}

/** An hour without a block while the market falls by 35 %; then blocks again. */
async function haltAndGap(pairs: number) {
  const listings: readonly Listing[] = [
    ['BTC-USD', 'A', '60000'],
    ['ALT-USD', 'C', '2.5'],
  ];
  const stage = await Stage.open({
    markets: listed(listings, 20_000n * usdc),
    prices: pricesOf(listings),
    accounts: randomPairs({ listings, pairs, seed: 'halt' }),
    clamp: true,
    breakers: true,
  });
  try {
    const { outcome } = stage;
    const insured = stage.insurance();
    stage.chain.prices.set({ 'BTC-USD': '39000', 'ALT-USD': '1.625' });
    // The vote in this block was cast before the halt.
    await stage.block([], 3_600_000n);
    const first = outcome.liquidated.size;
    let largest = 0;
    let last = 60_000;
    for (let block = 0; block < 10; block++) {
      await stage.block();
      const { plimsoll } = stage.chain;
      const now = Number(plimsoll.keepers.perps.marketState(plimsoll.app.queryContext(), 1).oraclePrice) / 1e6;
      largest = Math.max(largest, 1 - now / last);
      last = now;
    }
    await stage.block([], 60_000n);
    for (let block = 0; block < 4; block++) await stage.block();
    return {
      accounts: 2 * pairs,
      'hours without a block': 1,
      'fall meanwhile, %': 35,
      'liquidated in the first block, by the price of before': first,
      'largest move of a block, %': Number(largest * 100).toFixed(2),
      'liquidated in all': outcome.liquidated.size,
      'deficit, USDC': usdcOf(outcome.deficit),
      overshoot: outcome.overshoot,
      ...costs(outcome, insured - stage.insurance()),
    };
  } finally {
    await stage.close();
  }
}

/** Collateral that is no dollar any more, while the longs that it carries fall. */
async function depeg() {
  const names = ['first', 'second', 'third'];
  const cast = await Cast.open({
    markets: listed([['BTC-USD', 'A', '60000']], 20_000n * usdc),
    prices: { 'BTC-USD': '60000', 'USDT-USD': '1' },
    cast: {
      ...Object.fromEntries(names.map((name) => [name, 10_000n * usdc])),
      other: 2n * million * usdc,
    },
    change: (state: AppState) =>
      acceptCollateral(
        state,
        names.map((name) => keyOf(name)),
        [stableAsset],
      ),
  });
  try {
    const { stage } = cast;
    const insured = funds(cast);
    await cast.block({ other: [cast.deposit('other', 1_500_000n * usdc)] });
    await cast.block(
      Object.fromEntries(
        names.map((name) => [
          name,
          [cast.deposit(name, 2_000n * usdc), depositOf(cast.key(name), 'uusdt', 3_000n * usdc)],
        ]),
      ),
    );
    for (const name of names) await cast.trade(name, 'other', one / 2n, 60_000n * million);
    const refused: string[] = [];
    for (let step = 1; step <= 12; step++) {
      const peg = 1 - (0.14 * step) / 12;
      const price = 60_000 * (1 - (0.12 * step) / 12);
      stage.chain.prices.set({ 'BTC-USD': price.toFixed(2), 'USDT-USD': peg.toFixed(4) });
      await cast.block({}, { afterMs: 29_000n });
      const { answers } = await cast.block(
        { first: [depositOf(cast.key('first'), 'uusdt', usdc)] },
        { afterMs: 29_000n, mayFail: ['first'] },
      );
      if (answers.get('first')!.code !== 0) refused.push(peg.toFixed(3));
    }
    await cast.blocks(20, 29_000n);
    return {
      'peg at the end': '0.86',
      'price of the longs, %': -12,
      'deposits refused from a peg of': refused[0] ?? 'never',
      'liquidated accounts': stage.outcome.liquidated.size,
      'deficit, USDC': usdcOf(stage.outcome.deficit),
      'least equity, USDC': usdcOf(names.map((name) => cast.equity(name)).reduce((a, b) => (a < b ? a : b))),
      ...costs(stage.outcome, insured - funds(cast)),
    };
  } finally {
    await cast.close();
  }
}

/** Somebody sells what he can as soon as a raise of maintenance is announced, to profit from those whom it closes. */
async function schedule() {
  const cast = await Cast.open({
    markets: listed([['BTC-USD', 'A', '60000']], 100_000n * usdc).map(({ market, tranche }) => ({
      market: { ...market, maintenanceRatePpm: 12_500, openingRatePpm: 12_500 },
      tranche,
    })),
    prices: { 'BTC-USD': '60000' },
    shadow: false,
    cast: { weak: 10_000n * usdc, other: 100_000n * usdc, runner: 100_000n * usdc },
  });
  try {
    const { stage } = cast;
    const { plimsoll } = stage.chain;
    const rates = () => plimsoll.keepers.perps.marketView(plimsoll.app.queryContext(), 1);
    await cast.block({
      weak: [cast.deposit('weak', 1_530n * usdc)],
      other: [cast.deposit('other', 50_000n * usdc)],
      runner: [cast.deposit('runner', 50_000n * usdc)],
    });
    await cast.trade('weak', 'other', one, 60_000n * million);
    const opening = rates().openingRate;
    let announced = 0n;
    let rose = 0n;
    let warned = false;
    let openingThen = 0n;
    let sold = false;
    let maintenance = rates().maintenanceRate;
    for (let index = 0; index < 120; index++) {
      // Half an hour of half a per cent in each minute, then nothing.
      const price = index < 62 && Math.floor((index * 29) / 60) % 2 === 1 ? '59200' : '59500';
      stage.chain.prices.set({ 'BTC-USD': price });
      const front = announced > 0n && !sold;
      const messages: Readonly<Record<string, readonly TxMessage[]>> = front
        ? {
            runner: [cast.order('runner', sell, one / 5n, 59_200n * million)],
            other: [cast.order('other', buy, one / 5n, 59_200n * million)],
            // Who is warned has ten minutes.
            weak: [cast.deposit('weak', 400n * usdc)],
          }
        : {};
      const { block } = await cast.block(messages, { afterMs: 29_000n, mayFail: ['runner', 'other'] });
      if (front) sold = true;
      const now = stage.chain.engine.timeMs;
      for (const { name, fields } of perpsEvents(block.results)) {
        if (name === 'EventMaintenanceSchedule' && fields['schedule'] !== null && announced === 0n) {
          announced = now;
          openingThen = rates().openingRate;
        }
        if (name === 'EventAccountAtRisk') warned = true;
      }
      if (rose === 0n && rates().maintenanceRate > maintenance) rose = now;
      maintenance = rates().maintenanceRate;
    }
    await cast.block(
      {
        runner: [cast.order('runner', buy, one / 5n, 59_500n * million, { reduceOnly: true })],
        other: [cast.order('other', sell, one / 5n, 59_500n * million)],
      },
      { mayFail: ['runner', 'other'] },
    );
    return {
      'seconds from the announcement to the first rise':
        announced > 0n && rose > 0n ? Number((rose - announced) / 1_000n) : 0,
      'opening rate before, ppm': Number(opening / 1_000n),
      'opening rate at the announcement, ppm': Number(openingThen / 1_000n),
      'maintenance rate at the end, ppm': Number(maintenance / 1_000n),
      'weak accounts warned': warned ? 'yes' : 'no',
      'liquidated of those who top up': stage.outcome.liquidated.size,
      'gained by running ahead, USDC': usdcOf(cast.profit('runner')),
    };
  } finally {
    await cast.close();
  }
}

/** Nineteen accounts under every limit of an account build a wall and longs; then the wall is gone and the price falls by 43 %. */
async function fakeWall(accounts: number) {
  const names = Array.from({ length: accounts }, (_, at) => `puppet${at}`);
  const cast = await Cast.open({
    markets: listed([['POPCAT-USD', 'D', '0.2']], 20_000n * usdc),
    prices: { 'POPCAT-USD': '0.2' },
    clamp: true,
    breakers: true,
    change: (state) => {
      const { statistics } = state['oracle'] as { statistics: unknown[] };
      statistics.push({ pair_id: 1, hours: 720, depth_p10_usd: '50000', dispersion_ppm: 500, sources_p10: 3 });
    },
    cast: { ...Object.fromEntries(names.map((name) => [name, 100_000n * usdc])), maker: 10n * million * usdc },
  });
  try {
    const { stage } = cast;
    const { plimsoll } = stage.chain;
    const view = () => plimsoll.keepers.perps.marketView(plimsoll.app.queryContext(), 1);
    const insured = funds(cast);
    await cast.block({
      maker: [cast.deposit('maker', 9n * million * usdc)],
      ...Object.fromEntries(names.map((name) => [name, [cast.deposit(name, 90_000n * usdc)]])),
    });
    const each = 1_000_000n * one;
    await cast.block(
      {
        maker: [cast.order('maker', sell, each * BigInt(accounts), 200_000n)],
        ...Object.fromEntries(
          names.map((name) => [
            name,
            [cast.order(name, buy, each, 200_000n), cast.order(name, buy, 40_000n * one, 195_000n)],
          ]),
        ),
      },
      { mayFail: ['maker', ...names] },
    );
    const opened = view().openInterest;
    const rate = view().maintenanceRate;
    for (const name of names) await cast.block({ [name]: [cast.cancelAll(name)] }, { mayFail: [name] });
    await cast.block({ maker: [cast.cancelAll('maker')] }, { mayFail: ['maker'] });
    // They keep no more than they must.
    await cast.leave(...names);
    for (let step = 1; step <= 12; step++) {
      stage.chain.prices.set({ 'POPCAT-USD': (0.2 * (1 - (0.43 * step) / 12)).toFixed(6) });
      await cast.block({}, { afterMs: 5_000n });
    }
    await cast.blocks(6);
    return {
      accounts,
      'wanted together, USDC': accounts * 200_000,
      'opened together, USDC': usdcOf(opened),
      'open-interest cap, USDC': usdcOf(view().openInterestCap),
      'maintenance rate with the wall, ppb': Number(rate),
      'fall, %': 43,
      'liquidated accounts': stage.outcome.liquidated.size,
      'lost by the puppets, USDC': usdcOf(-cast.profit(...names)),
      'tranche before, USDC': usdcOf(insured),
      ...costs(stage.outcome, insured - funds(cast)),
    };
  } finally {
    await cast.close();
  }
}

/** A crash in which nobody sends a transaction: liquidators are offline, or fees are a hundredfold. */
async function nobodyBids(pairs: number, blocks: number) {
  const listings: readonly Listing[] = [['ETH-USD', 'A', '200']];
  const stage = await Stage.open({
    markets: listed(listings, 20_000n * usdc),
    prices: pricesOf(listings),
    accounts: randomPairs({ listings, pairs, seed: 'black thursday' }),
    clamp: true,
    breakers: true,
  });
  try {
    const { outcome } = stage;
    const insured = stage.insurance();
    let worst = 0;
    for (let block = 1; block <= blocks; block++) {
      stage.chain.prices.set({ 'ETH-USD': (200 * (1 - (0.43 * block) / blocks)).toFixed(6) });
      const { results } = await stage.block();
      const { plimsoll } = stage.chain;
      const mark = Number(plimsoll.keepers.perps.marketView(plimsoll.app.queryContext(), 1).markPrice);
      for (const { name, fields } of perpsEvents(results))
        if (name === 'EventDeleveraged') worst = Math.max(worst, Math.abs(Number(fields['price']) / mark - 1));
    }
    for (let block = 0; block < 5; block++) await stage.block();
    return {
      accounts: 2 * pairs,
      'fall, %': 43,
      transactions: 0,
      'liquidated accounts': outcome.liquidated.size,
      'closed for nothing': worst > 0.0001 ? 'yes' : 'no',
      'deficit, USDC': usdcOf(outcome.deficit),
      'paid by the funds, USDC': usdcOf(outcome.insurance),
      overshoot: outcome.overshoot,
      ...costs(outcome, insured - stage.insurance()),
    };
  } finally {
    await stage.close();
  }
}

export const markets: readonly Scenario[] = [
  scenario({
    id: 'T-A6',
    title: 'nineteen accounts, a wall that vanishes, and a fall by 43 %',
    source: 'Hyperliquid POPCAT, November 2025',
    expectation:
      'together they open no more than the cap; the wall moves no margin; the own tranche pays at most its share',
    run: (size) => fakeWall(size === 'test' ? 8 : 19),
    check(figures) {
      atMost(figures, 'opened together, USDC', figures['open-interest cap, USDC']);
      atMost(figures, 'fund loss, USDC', figures['tranche before, USDC'] * 0.8);
      atLeast(figures, 'lost by the puppets, USDC', 0);
      assert.equal(figures['bad debt'], 0);
    },
  }),
  scenario({
    id: 'T-C1',
    title: 'nobody bids and nobody sends anything while the price falls by 43 %',
    source: 'MakerDAO, 12 March 2020',
    expectation: 'blocks liquidate by themselves; nothing is handed over for nothing: every close is at mark',
    run: (size) => (size === 'test' ? nobodyBids(30, 20) : nobodyBids(1_000, 60)),
    check(figures) {
      atLeast(figures, 'liquidated accounts', 5);
      assert.equal(figures['closed for nothing'], 'no');
      assert.equal(figures['bad debt'], 0);
    },
  }),
  scenario({
    id: 'T-SPLIT',
    title: 'every account split in ten',
    source: 'section 21.6',
    expectation: 'deficit, haircut, closes and what the funds pay are the same up to rounding',
    async run(size) {
      const pairs = size === 'test' ? 12 : 60;
      const whole = await split(pairs, 1);
      const parts = await split(pairs, 10);
      return {
        'accounts before': 2 * pairs,
        'deficit, USDC': usdcOf(whole.outcome.deficit),
        'deficit when split, USDC': usdcOf(parts.outcome.deficit),
        'haircut, USDC': usdcOf(whole.outcome.taken),
        'haircut when split, USDC': usdcOf(parts.outcome.taken),
        'paid by the funds, USDC': usdcOf(whole.drawn),
        'paid by the funds when split, USDC': usdcOf(parts.drawn),
        'closed on gainers, USDC': usdcOf(whole.outcome.adl),
        'closed on gainers when split, USDC': usdcOf(parts.outcome.adl),
      };
    },
    check(figures) {
      for (const name of ['deficit', 'haircut', 'paid by the funds', 'closed on gainers'] as const) {
        const [before, after] = [figures[`${name}, USDC`], figures[`${name} when split, USDC`]];
        assert.ok(Math.abs(before - after) <= Math.max(0.02, before * 0.001), `${name}: ${before} and ${after}`);
      }
      atLeast(figures, 'haircut, USDC', 1);
    },
  }),
  scenario({
    id: 'T-WASH',
    title: 'trading with oneself',
    source: 'section 21.6',
    expectation: 'it costs its fees and moves neither depth, margin nor what can be withdrawn',
    run: (size) => wash(size === 'test' ? 10 : 200),
    check(figures) {
      atMost(figures, 'gained, USDC', 0);
      atMost(figures, 'free collateral gained, USDC', 0);
      atMost(figures, 'depth unit gained, USDC', 0);
    },
  }),
  scenario({
    id: 'T-PAINT',
    title: 'a premium painted into the book, for three minutes and for an hour',
    source: 'section 21.6',
    expectation: 'three minutes change nothing; a whole hour stays within the cap of the class',
    async run() {
      const none = await paint(0);
      const three = await paint(3);
      const whole = await paint(55);
      return {
        'rate of an hour without, ppb': Number(none.ratePpb),
        'rate with three minutes painted, ppb': Number(three.ratePpb),
        'rate with 55 minutes painted, ppb': Number(whole.ratePpb),
        'cap of class A, ppb': 1_000_000,
        'paid by a long of 300,000 USDC after 55 minutes, USDC': usdcOf(whole.paid),
        'its maintenance margin, USDC': 7_500,
      };
    },
    check(figures) {
      assert.equal(figures['rate with three minutes painted, ppb'], figures['rate of an hour without, ppb']);
      atMost(figures, 'rate with 55 minutes painted, ppb', figures['cap of class A, ppb']);
      atLeast(figures, 'rate with 55 minutes painted, ppb', figures['rate of an hour without, ppb'] + 1);
      atMost(figures, 'paid by a long of 300,000 USDC after 55 minutes, USDC', 7_500 * 0.08);
    },
  }),
  scenario({
    id: 'T-SCHEDULE',
    title: 'running ahead of an announced raise of margin',
    source: 'section 21.6',
    expectation:
      'the raise begins ten minutes after it was announced; new risk pays at once; who is warned and tops up is not closed, so there is nothing to run ahead of',
    run: () => schedule(),
    check(figures) {
      atLeast(figures, 'seconds from the announcement to the first rise', 600);
      atLeast(figures, 'opening rate at the announcement, ppm', figures['opening rate before, ppm'] + 1);
      assert.equal(figures['weak accounts warned'], 'yes');
      assert.equal(figures['liquidated of those who top up'], 0);
      atMost(figures, 'gained by running ahead, USDC', 0);
    },
  }),
  scenario({
    id: 'T-HALT-GAP',
    title: 'an hour without a block, and a market 35 % lower',
    source: 'section 21.6',
    expectation: 'nobody is liquidated by the price of before; then the fall is taken in and paid to the unit',
    run: (size) => haltAndGap(size === 'test' ? 20 : 1_000),
    check(figures) {
      assert.equal(figures['liquidated in the first block, by the price of before'], 0);
      atLeast(figures, 'liquidated in all', 5);
      assert.equal(figures['bad debt'], 0);
      assert.ok(Math.abs(figures.overshoot - 1) < 1e-4, `overshoot ${figures.overshoot}`);
    },
  }),
  scenario({
    id: 'T-DEPEG',
    title: 'a stable coin that carries longs falls to 0.86 while they lose 12 %',
    source: 'section 6; USDC, March 2023',
    expectation: 'from 0.98 on no more of it is taken; its margin rises by a ramp; nobody ends below zero',
    run: () => depeg(),
    check(figures) {
      assert.notEqual(figures['deposits refused from a peg of'], 'never');
      atLeast(figures, 'least equity, USDC', 0);
      assert.equal(figures['bad debt'], 0);
    },
  }),
];
