import assert from 'node:assert/strict';
import { addMarket, defaultAppState, type AppState } from '../../app/genesis.js';
import type { PlimsollApp } from '../../app/app.js';
import { consensus } from '../../cmd/plimsolld/prices/aggregate/consensus.js';
import { formatDecimal, parseDecimal, type Decimal } from '../../cmd/plimsolld/prices/decimal.js';
import { Market, OrderType, TimeInForce } from '../../gen/plimsoll/perps/v1/types.js';
import type { QuotedPrice } from '../../x/oracle/price-source.js';
import { acceptCollateral, depositOf, stableAsset, withdrawOf } from '../support/collateral.js';
import { Lockstep } from '../support/lockstep.js';
import { liftAccountShare } from '../support/markets.js';
import { scenario, type Scenario } from './scenario.js';
import { buy, Cast, keyOf, sell } from './support/cast.js';
import { listed } from './support/crowd.js';
import { atLeast, atMost, costs, funds, usdcOf } from './support/figures.js';
import { reportDepth } from './pumps.js';

const usdc = 1_000_000n;
const one = 100_000_000n;
const million = 1_000_000n;
const ioc = TimeInForce.TIME_IN_FORCE_IOC;

const decimal = (text: string): Decimal => {
  const value = parseDecimal(text);
  if (typeof value === 'string') throw new Error(value);
  return value;
};

/** A long and a short of 100 in a market at 10, margin for four times. */
async function pair(clamp: boolean, name: 'A' | 'C' | 'D', spare = 250n, breakers = false): Promise<Cast> {
  const cast = await Cast.open({
    markets: listed([['FIX-USD', name, '10']], 10_000n * usdc),
    prices: { 'FIX-USD': '10' },
    clamp,
    breakers,
    cast: { long: 10_000n * usdc, short: 10_000n * usdc, other: 100_000n * usdc },
  });
  await cast.block({
    long: [cast.deposit('long', (1_000n + spare) * usdc)],
    short: [cast.deposit('short', (1_000n + spare) * usdc)],
    other: [cast.deposit('other', 50_000n * usdc)],
  });
  await cast.trade('long', 'short', 100n * one, 10n * million);
  return cast;
}

const markOf = ({ stage }: Cast): number =>
  Number(stage.chain.plimsoll.keepers.perps.marketView(stage.chain.plimsoll.app.queryContext(), 1).markPrice) / 1e6;

const oracleOf = ({ stage }: Cast): number => {
  const { plimsoll } = stage.chain;
  return Number(plimsoll.keepers.perps.marketState(plimsoll.app.queryContext(), 1).oraclePrice) / 1e6;
};

/** Seven sources of which five die, and one of the two left prints a thousandfold. */
async function deadSources() {
  const rules = { minProviders: 3, maxDeviationPpm: 30_000 };
  const agree = (prices: readonly string[]): string | undefined => {
    const found = consensus(
      prices.map((price, at) => ({ provider: `venue${at}`, price: decimal(price) })),
      rules,
    );
    return found.price === undefined ? undefined : formatDecimal(found.price);
  };
  const cast = await pair(true, 'C');
  try {
    const { stage } = cast;
    const say = (price: string | undefined): void =>
      stage.chain.prices.set(price === undefined ? {} : { 'FIX-USD': price });
    const oneOfThree = agree(['10', '10.01', '10000']);
    const oneOfFour = agree(['10', '10.01', '9.99', '10000']);
    say(oneOfFour);
    await cast.blocks(2);
    const liar = oracleOf(cast);
    say(agree(['10', '10000']));
    let accepted = 0;
    for (let second = 0; second < 40; second++) {
      await cast.block();
      if (oracleOf(cast) !== liar) accepted++;
    }
    const { answers } = await cast.block(
      {
        other: [cast.order('other', buy, one, 10n * million)],
        long: [cast.order('long', sell, one, 10n * million, { reduceOnly: true })],
        short: [cast.withdraw('short', usdc)],
      },
      { mayFail: ['other', 'long', 'short'] },
    );
    const code = (name: string): string =>
      answers.get(name)!.code === 0 ? 'accepted' : `refused, perps/${answers.get(name)!.code}`;
    return {
      'price of four sources, one a thousandfold': liar,
      'price of three sources, one a thousandfold': oneOfThree ?? 'none',
      'price of two sources, one a thousandfold': agree(['10', '10000']) ?? 'none',
      'blocks in which the chain took another price': accepted,
      'an order that opens, 40 s later': code('other'),
      'an order that reduces': code('long'),
      'a withdrawal with a position': code('short'),
      liquidated: stage.outcome.liquidated.size,
      'bad debt': Number(stage.outcome.badDebt),
    };
  } finally {
    await cast.close();
  }
}

/** The oracle stands still while the market goes on; then it is back far below. */
async function frozen() {
  const cast = await pair(false, 'D', -500n);
  try {
    const { stage } = cast;
    const insured = funds(cast);
    stage.chain.prices.set({});
    for (let minute = 0; minute < 10; minute++) await cast.blocks(1, 60_000n);
    const quiet = stage.outcome.liquidated.size;
    const { answers } = await cast.block(
      {
        other: [cast.order('other', sell, one, 9n * million)],
        long: [cast.withdraw('long', usdc)],
      },
      { mayFail: ['other', 'long'] },
    );
    const held = cast.position('long');
    await cast.move({ 'FIX-USD': '0.9' }, 4);
    return {
      'minutes without a price': 10,
      'liquidated meanwhile': quiet,
      'opened against the old price': answers.get('other')!.code === 0 ? 'yes' : 'no',
      'withdrawn against the old price': answers.get('long')!.code === 0 ? 'yes' : 'no',
      'position when the price is back': Number(held / one),
      'liquidated at the fresh price': stage.outcome.liquidated.size,
      'deficit, USDC': usdcOf(stage.outcome.deficit),
      ...costs(stage.outcome, insured - funds(cast)),
    };
  } finally {
    await cast.close();
  }
}

/** The feed of a collateral stops while it is worth a tenth; the market's own price goes on. */
async function frozenCollateral() {
  const names = ['holder', 'trader'];
  const cast = await Cast.open({
    markets: listed([['BTC-USD', 'A', '60000']], 20_000n * usdc),
    prices: { 'BTC-USD': '60000', 'USDT-USD': '1' },
    cast: { holder: 10_000n * usdc, trader: 10_000n * usdc, other: 200_000n * usdc },
    change: (state) =>
      acceptCollateral(
        state,
        names.map((name) => keyOf(name)),
        [stableAsset],
      ),
  });
  try {
    const { stage } = cast;
    const { plimsoll } = stage.chain;
    const insured = funds(cast);
    await cast.block({
      holder: [cast.deposit('holder', 1_500n * usdc)],
      trader: [cast.deposit('trader', 1_500n * usdc)],
      other: [cast.deposit('other', 150_000n * usdc)],
    });
    await cast.block(
      Object.fromEntries(names.map((name) => [name, [depositOf(cast.key(name), 'uusdt', 1_400n * usdc)]])),
    );
    // Initial margin of 1,650: 1,500 of it can be USDC, the rest must be USDT.
    await cast.trade('trader', 'other', (11n * one) / 20n, 60_000n * million);
    const free = { holder: cast.free('holder'), trader: cast.free('trader') };
    const equity = cast.equity('trader');
    // From here on nobody says what USDT is worth.
    stage.chain.prices.set({ 'BTC-USD': '60000' });
    const counted = (): boolean =>
      plimsoll.keepers.perps.collateral.state(plimsoll.app.queryContext(), stableAsset.id).carriesNewRisk;
    let seconds = 0;
    while (counted() && seconds < 600) {
      await cast.block();
      seconds++;
    }
    const { answers } = await cast.block(
      {
        trader: [cast.order('trader', buy, one / 20n, 60_000n * million)],
        holder: [depositOf(cast.key('holder'), 'uusdt', usdc)],
      },
      { mayFail: ['trader', 'holder'] },
    );
    const leaving = await cast.block(
      { trader: [withdrawOf(cast.key('trader'), 'uusdt', usdc)] },
      { mayFail: ['trader'] },
    );
    const then = { holder: cast.free('holder'), trader: cast.free('trader') };
    await cast.blocks(20, 30_000n);
    const quiet = stage.outcome.liquidated.size;
    const kept = cast.equity('trader') - equity;
    const code = (answer: { code: number } | undefined): string =>
      answer!.code === 0 ? 'accepted' : `refused, perps/${answer!.code}`;
    return {
      'seconds after which it carries nothing new': seconds,
      'free USDC with it, of who holds a position': usdcOf(free.trader),
      'free USDC without it, of who holds a position': usdcOf(then.trader),
      'free USDC of who holds none, with and without': `${usdcOf(free.holder)} and ${usdcOf(then.holder)}`,
      'an order that opens against it': code(answers.get('trader')),
      'a deposit of it': code(answers.get('holder')),
      'a withdrawal of it with a position': code(leaving.answers.get('trader')),
      'equity by which the account is judged, change in USDC': usdcOf(kept),
      'liquidated in ten minutes': quiet,
      ...costs(stage.outcome, insured - funds(cast)),
    };
  } finally {
    await cast.close();
  }
}

/** The feed repeats its last price for ever while the book trades a fifth lower. */
async function frozenButVoted() {
  const cast = await pair(true, 'D', 1_000n, true);
  try {
    const { stage } = cast;
    const insured = funds(cast);
    // Everybody deals at 8.20 while validators say 10.
    for (let second = 0; second < 20; second++) {
      await cast.block(
        {
          other: [
            cast.cancelAll('other'),
            cast.order('other', buy, 4_000n * one, 8_190_000n),
            cast.order('other', sell, 4_000n * one, 8_210_000n),
          ],
          short: second === 2 ? [cast.order('short', buy, one, 8_210_000n, { timeInForce: ioc })] : [],
        },
        { afterMs: 2_000n, mayFail: ['other', 'short'] },
      );
    }
    const mark = markOf(cast);
    const { answers } = await cast.block(
      { long: [cast.order('long', sell, one, 8_190_000n, { reduceOnly: true })] },
      { mayFail: ['long'] },
    );
    // The oracle allows mark to leave it by half the floor at most, so nobody sells what is worth 8 as if it were worth 10.
    const opens = await cast.block({ other: [cast.order('other', buy, one, 8_200_000n)] }, { mayFail: ['other'] });
    return {
      'oracle, USD': oracleOf(cast),
      'book, USD': 8.2,
      'mark, USD': mark,
      'mark off the oracle, %': Number((100 * Math.abs(mark - 10)) / 10).toFixed(2),
      'seconds of it': 40,
      'an order that opens then': opens.answers.get('other')!.code === 0 ? 'accepted' : 'refused',
      'one that reduces': answers.get('long')!.code === 0 ? 'accepted' : 'refused',
      liquidated: stage.outcome.liquidated.size,
      ...costs(stage.outcome, insured - funds(cast)),
    };
  } finally {
    await cast.close();
  }
}

/** Blocks full of transactions while venues move: prices do not wait in the mempool. */
async function spam(blocks: number, txs: number) {
  const names = Array.from({ length: txs }, (_, at) => `spammer${at}`);
  const cast = await Cast.open({
    markets: listed([['ATOM-USD', 'B', '10']], 10_000n * usdc),
    prices: { 'ATOM-USD': '10' },
    clamp: true,
    cast: Object.fromEntries(names.map((name) => [name, 1_000n * usdc])),
  });
  try {
    const { stage } = cast;
    await cast.block(Object.fromEntries(names.map((name) => [name, [cast.deposit(name, 10n * usdc)]])));
    let late = 0;
    let sent = 0;
    for (let block = 0; block < blocks; block++) {
      stage.chain.prices.set({ 'ATOM-USD': (10 * (1 + (0.01 * (block + 1)) / blocks)).toFixed(6) });
      const { answers, block: produced } = await cast.block(
        Object.fromEntries(names.map((name) => [name, Array.from({ length: 5 }, () => cast.deposit(name, 1n))])),
      );
      sent += answers.size;
      const { plimsoll } = stage.chain;
      const price = plimsoll.keepers.oracle.price(plimsoll.app.queryContext(), 1)!;
      if (price.height !== produced.height) late++;
    }
    return {
      blocks,
      'transactions in each': txs,
      'transactions in all': sent,
      'blocks without a new price': late,
      'last price, USD': oracleOf(cast),
    };
  } finally {
    await cast.close();
  }
}

/** A market order against a book as deep as the market outside: 500,000 USD for each per cent. */
async function impact() {
  const cast = await Cast.open({
    markets: listed([['AVAX-USD', 'B', '20']], 10_000n * usdc),
    prices: { 'AVAX-USD': '20' },
    // One maker stands for the book.
    change: liftAccountShare,
    cast: { taker: 20n * million * usdc, maker: 50n * million * usdc },
  });
  try {
    await cast.block({
      taker: [cast.deposit('taker', 15n * million * usdc)],
      maker: [cast.deposit('maker', 45n * million * usdc)],
    });
    const wanted = 250_000n * one;
    const empty = await cast.block(
      {
        taker: [
          cast.order('taker', buy, wanted, 0n, {
            type: OrderType.ORDER_TYPE_MARKET,
            timeInForce: ioc,
            maxSlippagePpm: 100_000,
          }),
        ],
      },
      { mayFail: ['taker'] },
    );
    const before = cast.position('taker');
    const levels = Array.from({ length: 12 }, (_, at) =>
      cast.order('maker', sell, 25_000n * one, 20_200_000n + BigInt(at) * 200_000n),
    );
    await cast.block({ maker: levels });
    await cast.block({
      taker: [
        cast.order('taker', buy, wanted, 0n, {
          type: OrderType.ORDER_TYPE_MARKET,
          timeInForce: ioc,
          maxSlippagePpm: 100_000,
        }),
      ],
    });
    const filled = cast.position('taker');
    const paid = Number(-(cast.account('taker').cash - 15n * million * usdc)) / 1e6;
    const average = paid / (Number(filled) / 1e8);
    return {
      'order, USD': 5_000_000,
      'filled on an empty book': Number(before / one),
      'answer on an empty book': empty.answers.get('taker')!.code,
      'filled against the book, USD at the oracle price': Number((filled * 20n) / one),
      'paid above the oracle price, %': Number((average / 20 - 1) * 100).toFixed(2),
      'average impact of such a book, %': '5.00',
    };
  } finally {
    await cast.close();
  }
}

/** Pumps the book of a quiet market against oneself, in the hope that margin or others follow. */
async function ownBook() {
  const cast = await pair(true, 'D', 4_000n);
  try {
    const { stage } = cast;
    await cast.block({ other: [] });
    const attackers = ['long', 'short'];
    const before = cast.profit(...attackers);
    const freeBefore = cast.free('long');
    // Buys from itself a fifth above the price, in one block with a wall behind it.
    await cast.block(
      {
        long: [cast.order('long', buy, 40n * one, 12n * million), cast.order('long', buy, 10n * one, 11_900_000n)],
        short: [cast.order('short', sell, 40n * one, 12n * million)],
      },
      { mayFail: attackers },
    );
    await cast.blocks(3);
    const mark = markOf(cast);
    const freeAfter = cast.free('long');
    await cast.block({ long: [cast.cancelAll('long')], short: [cast.cancelAll('short')] }, { mayFail: attackers });
    const size = cast.position('long');
    await cast.trade('short', 'long', size, 10n * million, { reduceOnly: true }, attackers);
    await cast.blocks(2);
    return {
      'book, USD': 12,
      'mark, USD': mark,
      'mark off the oracle, %': Number(Math.abs(mark - 10) * 10).toFixed(2),
      'free collateral gained by it, USDC': usdcOf(freeAfter - freeBefore),
      'gained in all, USDC': usdcOf(cast.profit(...attackers) - before),
      'others liquidated': stage.outcome.liquidated.size,
      'bad debt': Number(stage.outcome.badDebt),
    };
  } finally {
    await cast.close();
  }
}

/** The source of a market's price becomes another one that is three times as high. */
async function newSource() {
  const cast = await pair(true, 'D', 500n, true);
  try {
    const { stage } = cast;
    const insured = funds(cast);
    stage.chain.prices.set({ 'FIX-USD': '30' });
    let last = oracleOf(cast);
    let largest = 0;
    let opened = 0;
    let blocks = 0;
    let first = 0;
    while (oracleOf(cast) < 30 && blocks < 60) {
      const { answers } = await cast.block(
        { other: [cast.order('other', buy, one / 10n, BigInt(Math.round((last * 1e6) / 10_000)) * 10_000n)] },
        { mayFail: ['other'] },
      );
      const now = oracleOf(cast);
      if (now > last) {
        if (blocks > 0 && answers.get('other')!.code === 0 && now < 30) opened++;
        if (first === 0) first = now / last - 1;
        largest = Math.max(largest, now / last - 1);
        blocks++;
      }
      last = now;
    }
    await cast.blocks(2);
    return {
      'blocks until the new level': blocks,
      'first move of a block, %': Number(first * 100).toFixed(2),
      'largest move of a block, %': Number(largest * 100).toFixed(2),
      'orders that opened meanwhile': opened,
      liquidated: stage.outcome.liquidated.size,
      ...costs(stage.outcome, insured - funds(cast)),
    };
  } finally {
    await cast.close();
  }
}

/** A third of the power lies as it likes; four validators vote in lockstep. */
async function liars(blocks: number) {
  const [{ market }] = listed([['BTC-USD', 'A', '60000']], 0n) as [ReturnType<typeof listed>[number]];
  const quoted: { prices: readonly QuotedPrice[] }[] = Array.from({ length: 4 }, () => ({ prices: [] }));
  const sources = quoted.map((each) => ({ prices: () => each.prices }));
  const genesis = ({ modules, registry }: PlimsollApp): AppState => {
    const state = defaultAppState(modules);
    addMarket(state, market, registry.toJson('plimsoll.perps.v1.Market', Market.encode(market).finish()), 0n);
    return state;
  };
  const honest = [59_980, 60_000, 60_020];
  const lies = ['600000', '1', '60019', '59981', '1e30', '-5', '0.000001', ''];
  const say = (lie: string): void => {
    honest.forEach((price, at) => (quoted[at]!.prices = [{ symbol: 'BTC-USD', price: `${price}` }]));
    quoted[3]!.prices = lie === '' ? [] : [{ symbol: 'BTC-USD', price: lie }];
  };
  say('600000');
  // The liar has a third less a hair: with a third it could stop the chain itself.
  const chain = await Lockstep.open('liars-1', [25n, 22n, 20n, 33n], sources, genesis);
  await chain.blocks(3);
  let [low, high] = [Infinity, 0];
  let without = 0;
  for (let block = 0; block < blocks; block++) {
    say(lies[block % lies.length]!);
    await chain.block();
    const { keepers, app } = chain.validators[0]!;
    const price = keepers.oracle.price(app.queryContext(), 1)!;
    if (price.height !== chain.height) without++;
    low = Math.min(low, Number(price.price) / 1e6);
    high = Math.max(high, Number(price.price) / 1e6);
  }
  return {
    'lying power, %': 33,
    blocks,
    'lowest honest report, USD': honest[0]!,
    'lowest price, USD': low,
    'highest price, USD': high,
    'highest honest report, USD': honest[2]!,
    'blocks without a price': without,
  };
}

/** For one block all reports are 60 % off, in a market of class A, both ways. */
async function spike() {
  const cast = await pair(true, 'A', -840n);
  try {
    const { stage } = cast;
    const moves: number[] = [];
    const freeBefore = [cast.free('long'), cast.free('short')];
    let freeMost = 0n;
    for (const lie of ['16', '4']) {
      stage.chain.prices.set({ 'FIX-USD': lie });
      await cast.block();
      stage.chain.prices.set({ 'FIX-USD': '10' });
      for (let block = 0; block < 4; block++) {
        await cast.block();
        moves.push(Math.abs(oracleOf(cast) / 10 - 1));
        for (const [at, name] of ['long', 'short'].entries()) {
          const gained = cast.free(name) - freeBefore[at]!;
          if (gained > freeMost) freeMost = gained;
        }
      }
    }
    return {
      'reported move, %': 60,
      'accepted move, %': Number(Math.max(...moves) * 100).toFixed(2),
      'margin of the accounts over maintenance': 6,
      liquidated: stage.outcome.liquidated.size,
      'free collateral gained by it, USDC': usdcOf(freeMost),
      'bad debt': Number(stage.outcome.badDebt),
    };
  } finally {
    await cast.close();
  }
}

/** Two hours of depth that is not there: a hundred times what the month had, and a wall in the own book. */
async function fakeDepth(hours: number) {
  const depthUsd = 50_000n;
  const cast = await Cast.open({
    markets: listed([['POP-USD', 'D', '0.2']], 20_000n * usdc),
    prices: { 'POP-USD': '0.2' },
    change: (state) => reportDepth(state, 1, depthUsd),
    cast: { wall: 5n * million * usdc, long: million * usdc, short: million * usdc },
  });
  try {
    const { stage } = cast;
    const { plimsoll, prices } = stage.chain;
    prices.prices = () => [{ symbol: 'POP-USD', price: '0.2', depthUsd: `${100n * depthUsd}`, sources: 3 }];
    const view = () => plimsoll.keepers.perps.marketView(plimsoll.app.queryContext(), 1);
    await cast.block({ wall: [cast.deposit('wall', 4n * million * usdc)] });
    const before = view();
    for (let minute = 0; minute < hours * 60; minute += 5) await cast.block({}, { afterMs: 300_000n });
    await cast.blocks(2);
    await cast.block({ wall: [cast.order('wall', buy, 15n * million * one, 190_000n)] }, { mayFail: ['wall'] });
    await cast.blocks(3);
    const after = view();
    return {
      'hours of it': hours,
      'reported depth, times the month': 100,
      'open-interest cap before, USDC': usdcOf(before.openInterestCap),
      'open-interest cap after, USDC': usdcOf(after.openInterestCap),
      'depth unit before, USDC': usdcOf(before.depthUnit),
      'depth unit after, USDC': usdcOf(after.depthUnit),
      'maintenance rate before, ppb': Number(before.maintenanceRate),
      'maintenance rate after, ppb': Number(after.maintenanceRate),
    };
  } finally {
    await cast.close();
  }
}

export const oracle: readonly Scenario[] = [
  scenario({
    id: 'T-B2',
    title: 'of seven sources five die and one prints a thousandfold',
    source: 'Synthetix sKRW, 25 June 2019',
    expectation: 'too few sources are no price, not their mean; the market only reduces and nobody is liquidated',
    run: () => deadSources(),
    check(figures) {
      assert.equal(figures['price of two sources, one a thousandfold'], 'none');
      assert.equal(figures['blocks in which the chain took another price'], 0);
      assert.match(figures['an order that opens, 40 s later'], /refused/);
      assert.equal(figures['an order that reduces'], 'accepted');
      assert.match(figures['a withdrawal with a position'], /refused/);
      assert.equal(figures.liquidated, 0);
    },
  }),
  scenario({
    id: 'T-B4',
    title: 'the feed stops while the market falls by nine tenths',
    source: 'Venus and Blizz, 12 May 2022',
    expectation: 'no new risk, no withdrawal and no liquidation by the old price; the fresh one is paid to the unit',
    run: () => frozen(),
    check(figures) {
      assert.equal(figures['liquidated meanwhile'], 0);
      assert.equal(figures['opened against the old price'], 'no');
      assert.equal(figures['withdrawn against the old price'], 'no');
      assert.equal(figures['position when the price is back'], 100);
      atLeast(figures, 'liquidated at the fresh price', 1);
      assert.equal(figures['bad debt'], 0);
    },
  }),
  scenario({
    id: 'T-B4-voted',
    title: 'the feed repeats its last price while the book trades 18 % lower',
    source: 'Venus and Blizz, 12 May 2022',
    expectation: 'the mark stays within half the floor of the oracle, and after 30 seconds nothing new is opened',
    run: () => frozenButVoted(),
    check(figures) {
      atMost(figures, 'mark off the oracle, %', 5.001);
      assert.equal(figures.liquidated, 0);
      assert.equal(figures['an order that opens then'], 'refused');
    },
  }),
  scenario({
    id: 'T-B4-collateral',
    title: 'the feed of a collateral stops while the markets go on',
    source: 'Venus and Blizz, 12 May 2022',
    expectation:
      'after 30 seconds it counts for nothing that opens or leaves; its last price goes on to judge who is liquidated, because nobody is liquidated for a feed that is silent',
    run: () => frozenCollateral(),
    check(figures) {
      atMost(figures, 'seconds after which it carries nothing new', 32);
      atLeast(figures, 'free USDC with it, of who holds a position', 1);
      assert.equal(figures['free USDC without it, of who holds a position'], 0);
      assert.equal(figures['equity by which the account is judged, change in USDC'], 0);
      assert.equal(figures['an order that opens against it'], 'refused, perps/22');
      assert.match(figures['a deposit of it'], /refused/);
      assert.match(figures['a withdrawal of it with a position'], /refused/);
      assert.equal(figures['liquidated in ten minutes'], 0);
      assert.equal(figures['bad debt'], 0);
    },
  }),
  scenario({
    id: 'T-B5',
    title: 'blocks full of transactions while venues move by 1 %',
    source: 'Levana, December 2023',
    expectation: 'every block brings its price: prices are votes and do not wait in the mempool',
    run: (size) => (size === 'test' ? spam(6, 40) : spam(40, 200)),
    check(figures) {
      assert.equal(figures['blocks without a new price'], 0);
      assert.equal(figures['transactions in all'], figures.blocks * figures['transactions in each']);
    },
  }),
  scenario({
    id: 'T-B6a',
    title: 'a market order of 5 million where the market outside gives way by 1 % for each 500,000',
    source: 'GMX AVAX, 17 September 2022',
    expectation: 'nobody trades at the oracle price without somebody to trade with: the impact is that of the book',
    run: () => impact(),
    check(figures) {
      assert.equal(figures['filled on an empty book'], 0);
      atLeast(figures, 'paid above the oracle price, %', 5);
    },
  }),
  scenario({
    id: 'T-B9',
    title: "one block of pumping the exchange's own book",
    source: 'bZx, February 2020',
    expectation: 'the mark stays within half the floor, nothing becomes withdrawable, and the pump costs its fees',
    run: () => ownBook(),
    check(figures) {
      atMost(figures, 'mark off the oracle, %', 5.001);
      atMost(figures, 'free collateral gained by it, USDC', 0);
      atMost(figures, 'gained in all, USDC', 0);
      assert.equal(figures['others liquidated'], 0);
      assert.equal(figures['bad debt'], 0);
    },
  }),
  scenario({
    id: 'T-B10',
    title: 'the price of a market comes from another source, three times as high',
    source: 'Aster XPL and Ventuals, 2025',
    expectation: 'it comes in steps that begin at the clamp of its class, and nothing is opened until it is there',
    run: () => newSource(),
    check(figures) {
      atMost(figures, 'first move of a block, %', 5.001);
      assert.equal(figures['orders that opened meanwhile'], 0);
      atLeast(figures, 'blocks until the new level', 4);
      assert.equal(figures['bad debt'], 0);
    },
  }),
  scenario({
    id: 'T-LIARS',
    title: 'a third of the voting power lies',
    source: 'section 21.6',
    expectation: 'the price stays between the lowest and the highest honest report in every block',
    run: (size) => liars(size === 'test' ? 16 : 200),
    check(figures) {
      atLeast(figures, 'lowest price, USD', figures['lowest honest report, USD']);
      atMost(figures, 'highest price, USD', figures['highest honest report, USD']);
      assert.equal(figures['blocks without a price'], 0);
    },
  }),
  scenario({
    id: 'T-SPIKE',
    title: 'all reports are 60 % off for one block',
    source: 'section 21.6',
    expectation: 'the accepted price moves by the clamp of 1 %, nobody is liquidated, nothing becomes withdrawable',
    run: () => spike(),
    check(figures) {
      atMost(figures, 'accepted move, %', 1.001);
      assert.equal(figures.liquidated, 0);
      atMost(figures, 'free collateral gained by it, USDC', 0.1);
    },
  }),
  scenario({
    id: 'T-DEPTH',
    title: 'depth that is not there',
    source: 'POPCAT, November 2025; section 21.6',
    expectation: 'hours of invented depth and a wall in the own book move neither the cap nor what size costs',
    run: (size) => fakeDepth(size === 'test' ? 2 : 6),
    check(figures) {
      atMost(figures, 'open-interest cap after, USDC', figures['open-interest cap before, USDC']);
      atMost(figures, 'depth unit after, USDC', figures['depth unit before, USDC']);
      atLeast(figures, 'maintenance rate after, ppb', figures['maintenance rate before, ppb'] * 0.5);
    },
  }),
];
