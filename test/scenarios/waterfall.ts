import assert from 'node:assert/strict';
import { liftAccountShare } from '../support/markets.js';
import { Cast, buy, sell } from './support/cast.js';
import { scenario, type Scenario } from './scenario.js';
import { listed, type Listing } from './support/crowd.js';
import { atLeast, atMost, costs, funds, usdcOf } from './support/figures.js';
import { reportDepth } from './pumps.js';

const usdc = 1_000_000n;
/** Sizes of these markets count 10^-8. */
const one = 100_000_000n;
const million = 1_000_000n;

/** Two accounts that hold a whole isolated market, and a gap that costs one of them more than it has. */
async function wholeMarket(insurance: bigint) {
  const listing: Listing = ['GAP-USD', 'D', '10'];
  const cast = await Cast.open({
    markets: listed([listing], insurance),
    prices: { 'GAP-USD': '10' },
    cast: { loser: 100n * usdc, winner: 1_000n * usdc },
  });
  try {
    const { stage } = cast;
    await cast.block({
      loser: [cast.deposit('loser', 100n * usdc)],
      winner: [cast.deposit('winner', 1_000n * usdc)],
    });
    // 200 USDC of notional; a fall by 60 % costs 120 with 100 in the account, less the fee.
    await cast.trade('loser', 'winner', 20n * one, 10n * million);
    const { perps } = stage.chain.plimsoll.keepers;
    const view = () => perps.marketView(stage.chain.plimsoll.app.queryContext(), 1);
    assert.equal(view().openInterest, 200n * usdc);
    const before = funds(cast);
    await cast.move({ 'GAP-USD': '4' }, 3);
    const winner = cast.equity('winner');
    const after = funds(cast);
    const openAfter = view().openInterest;
    return {
      'closed of open interest, %': openAfter === 0n ? 100 : 0,
      'deficit, USDC': usdcOf(stage.outcome.deficit),
      'paid by the tranche, USDC': usdcOf(before - after),
      'gained by the winner, USDC': usdcOf(winner - 1_000n * usdc),
      ...costs(stage.outcome, before - after),
    };
  } finally {
    await cast.close();
  }
}

/** A halt of eight hours after which too few report: nobody is liquidated, whatever the old price says. */
async function restartWithoutQuorum() {
  const cast = await Cast.open({
    markets: listed([['GAP-USD', 'D', '10']], 100_000n * usdc),
    prices: { 'GAP-USD': '10' },
    cast: { weak: 1_000n * usdc, strong: 10_000n * usdc },
  });
  try {
    const { stage } = cast;
    await cast.block({
      weak: [cast.deposit('weak', 900n * usdc)],
      strong: [cast.deposit('strong', 9_000n * usdc)],
    });
    await cast.trade('weak', 'strong', 200n * one, 10n * million);
    stage.chain.prices.set({});
    await cast.block({}, { afterMs: 8n * 3_600_000n });
    const answers: string[] = [];
    for (let block = 0; block < 20; block++) {
      const played = await cast.block(block === 5 ? { strong: [cast.order('strong', sell, one, 10n * million)] } : {}, {
        mayFail: ['strong'],
      });
      for (const { code } of played.answers.values()) answers.push(`perps/${code}`);
    }
    const quiet = stage.outcome.liquidated.size;
    const held = cast.position('weak');
    // A price again, 45 % lower: 2,000 of notional lost 900.
    await cast.move({ 'GAP-USD': '5.5' }, 3);
    return {
      'blocks without a price': 21,
      'liquidated meanwhile': quiet,
      'position kept': held === 200n * one ? 'yes' : 'no',
      'order that opens': answers.join(' '),
      'liquidated at the first fresh price': stage.outcome.liquidated.size,
      'bad debt': Number(stage.outcome.badDebt),
    };
  } finally {
    await cast.close();
  }
}

/** A whale as large as the chain lets it, that takes out what it may before the price turns. */
async function whale() {
  const depthUsd = 10_000_000n;
  const cast = await Cast.open({
    markets: listed([['ETH-USD', 'A', '2000']], million * usdc).map(({ market, tranche }) => ({
      market: { ...market, depthUnit: (depthUsd * usdc).toString() },
      tranche,
    })),
    prices: { 'ETH-USD': '2000' },
    change: (state) => reportDepth(state, 1, depthUsd),
    cast: { whale: 15_230_000n * usdc, others: 400n * million * usdc },
  });
  try {
    const { stage } = cast;
    const insured = funds(cast);
    const { perps } = stage.chain.plimsoll.keepers;
    const view = () => perps.marketView(stage.chain.plimsoll.app.queryContext(), 1);
    await cast.block({
      whale: [cast.deposit('whale', 15_230_000n * usdc)],
      others: [cast.deposit('others', 390n * million * usdc)],
    });
    let want = 300n * million;
    let opened = 0n;
    for (let tries = 0; tries < 12 && want > 100_000n; tries++) {
      const before = cast.position('whale');
      await cast.trade('whale', 'others', ((want * one) / 2_000n / 1_000n) * 1_000n, 2_000n * million, {}, [
        'whale',
        'others',
      ]);
      if (cast.position('whale') === before) want /= 2n;
      await cast.block(
        { whale: [cast.cancelAll('whale')], others: [cast.cancelAll('others')] },
        { mayFail: ['whale', 'others'] },
      );
      opened = (cast.position('whale') * 2_000n) / one;
    }
    await cast.move({ 'ETH-USD': '2060' }, 3);
    // Half an hour later the profit counts in full.
    await cast.blocks(35, 60_000n);
    await cast.leave('whale');
    const [left, needed] = [cast.equity('whale'), cast.margin('whale')];
    await cast.move({ 'ETH-USD': '2039.4' }, 3);
    const liquidated = stage.outcome.liquidated.size;
    // Its own close meets a book that gives way by 1 % for each 10 million.
    for (let step = 0; step < 40 && cast.position('whale') > 0n; step++) {
      const size = cast.position('whale') < 1_000n * one ? cast.position('whale') : 1_000n * one;
      const price = (20_394n * million) / 10n - BigInt(step) * 4n * million;
      await cast.block(
        {
          others: [cast.order('others', buy, size, (price / million) * million)],
          whale: [cast.order('whale', sell, size, (price / million) * million, { reduceOnly: true })],
        },
        { mayFail: ['others', 'whale'] },
      );
    }
    await cast.blocks(1, 86_400_000n);
    await cast.leave('whale');
    return {
      'wanted, USDC': 300_000_000,
      'open-interest cap, USDC': usdcOf(view().openInterestCap),
      'opened, USDC': Number(opened),
      'equity after the withdrawal over maintenance margin': Number((left * 100n) / needed) / 100,
      'liquidated by the turn': liquidated,
      'gained by the whale, USDC': usdcOf(cast.profit('whale')),
      ...costs(stage.outcome, insured - funds(cast)),
    };
  } finally {
    await cast.close();
  }
}

/** Accounts that put all they have into a rising market at every step, until it falls by 30 % in an hour. */
async function reinvest(accounts: number, brought: bigint, steps: number) {
  const names = Array.from({ length: accounts }, (_, at) => `pump${at}`);
  const cast = await Cast.open({
    markets: listed([['YFI-USD', 'C', '9000']], 200_000n * usdc),
    prices: { 'YFI-USD': '9000' },
    breakers: true,
    change: (state) => {
      reportDepth(state, 1, 250_000n);
      // One maker stands for all who sell, and one account may buy all that the cap leaves: the cap is what is looked at.
      liftAccountShare(state);
    },
    cast: {
      ...Object.fromEntries(names.map((name) => [name, brought * usdc])),
      maker: 100n * million * usdc,
      newcomer: 100_000n * usdc,
    },
  });
  try {
    const { stage } = cast;
    const insured = funds(cast);
    const { perps } = stage.chain.plimsoll.keepers;
    const view = () => perps.marketView(stage.chain.plimsoll.app.queryContext(), 1);
    await cast.block({
      maker: [cast.deposit('maker', 90n * million * usdc)],
      ...Object.fromEntries(names.map((name) => [name, [cast.deposit(name, brought * usdc)]])),
    });
    const size = (): bigint => names.reduce((sum, name) => sum + cast.position(name), 0n);
    let first = 0n;
    let saturated = 0n;
    let closedFrom = 0;
    let price = 9_000;
    for (let step = 0; step <= steps; step++) {
      if (step > 0) {
        price = Math.round(9_000 * 3.15 ** (step / steps));
        await cast.move({ 'YFI-USD': `${price}` }, 2, 1_000n);
        // The next step is half a day later, and the average has caught up.
        await cast.blocks(2, 1_800_000n);
        await cast.blocks(2);
      }
      const at = BigInt(price) * million;
      // Each wants as much as three quarters of its free collateral might open at ten times.
      for (const share of [6n, 3n, 1n]) {
        const wants = names.map((name) => {
          const room = cast.free(name) * share;
          return ((room * one) / at / 1_000n) * 1_000n;
        });
        const total = wants.reduce((sum, each) => sum + each, 0n);
        if (total * at < 100n * usdc * one) break;
        await cast.block(
          {
            maker: [cast.order('maker', sell, total, at)],
            ...Object.fromEntries(
              names.map((name, index) => [name, wants[index]! > 0n ? [cast.order(name, buy, wants[index]!, at)] : []]),
            ),
          },
          { mayFail: [...names, 'maker'] },
        );
        await cast.block(Object.fromEntries([...names, 'maker'].map((name) => [name, [cast.cancelAll(name)]])), {
          mayFail: [...names, 'maker'],
        });
      }
      if (step === 0) first = size();
      // What is open when the cap is reached, and at the peak.
      if (saturated === 0n && view().openInterest >= (view().openInterestCap * 9n) / 10n) saturated = size();
      if (closedFrom === 0 && view().openInterest >= view().openInterestCap) closedFrom = price;
    }
    const cap = view().openInterestCap;
    const peak = { size: size(), openInterest: view().openInterest };
    // Nobody may add at the peak, whoever asks and with whatever margin; everybody may leave.
    const top = BigInt(price) * million;
    const lot = ((100n * usdc * one) / top / 1_000n) * 1_000n;
    const { answers } = await cast.block(
      {
        maker: [cast.order('maker', sell, lot, (top * 101n) / 100n)],
        newcomer: [cast.deposit('newcomer', 50_000n * usdc), cast.order('newcomer', buy, lot, (top * 99n) / 100n)],
        [names[0]!]: [cast.order(names[0]!, sell, lot, (top * 101n) / 100n, { reduceOnly: true })],
      },
      { mayFail: ['maker', 'newcomer', names[0]!] },
    );
    const answer = (name: string): string => {
      const { code } = answers.get(name)!;
      return code === 0 ? 'accepted' : `refused, perps/${code}`;
    };
    // 30 % in sixty minutes; the maker buys what a fifth of the depth outside would.
    for (let minute = 1; minute <= 20; minute++) {
      const now = Math.round(price * (1 - (0.3 * minute) / 20));
      stage.chain.prices.set({ 'YFI-USD': `${now}` });
      const bid = BigInt(Math.round(now * 0.985)) * million;
      await cast.block(
        {
          maker: [
            cast.cancelAll('maker'),
            cast.order('maker', buy, ((50_000n * usdc * one) / bid / 1_000n) * 1_000n, bid),
          ],
        },
        { afterMs: 90_000n, mayFail: ['maker'] },
      );
      await cast.block({}, { afterMs: 90_000n });
    }
    await cast.leave(...names);
    return {
      accounts,
      'open-interest cap, USDC': usdcOf(cap),
      'opened at first, YFI': Number(first / 1_000_000n) / 100,
      'open when the cap is near, YFI': Number(saturated / 1_000_000n) / 100,
      'open at the peak, YFI': Number(peak.size / 1_000_000n) / 100,
      'open interest at the peak, USDC': usdcOf(peak.openInterest),
      'price from which nobody could add, USD': closedFrom,
      'price at the peak, USD': price,
      'an order at the peak that opens': answer('newcomer'),
      'one that reduces': answer(names[0]!),
      'liquidated accounts': stage.outcome.liquidated.size,
      'tranche before, USDC': usdcOf(insured),
      ...costs(stage.outcome, insured - funds(cast)),
    };
  } finally {
    await cast.close();
  }
}

/** Shorts close and leave on the way down of 99 %, before any long is liquidated. */
async function winnersFirst(blocks: number) {
  const shorts = Array.from({ length: 10 }, (_, at) => `short${at}`);
  const longs = Array.from({ length: 10 }, (_, at) => `long${at}`);
  const cast = await Cast.open({
    markets: listed([['LUNA-USD', 'D', '80']], 50_000n * usdc),
    prices: { 'LUNA-USD': '80' },
    cast: Object.fromEntries([...shorts, ...longs].map((name) => [name, 20_000n * usdc])),
  });
  try {
    const { stage } = cast;
    const insured = funds(cast);
    await cast.block(
      Object.fromEntries(
        [...shorts, ...longs].map((name, at) => [name, [cast.deposit(name, BigInt(9_000 + 500 * (at % 10)) * usdc)]]),
      ),
    );
    for (const [at, name] of shorts.entries()) await cast.trade(longs[at]!, name, 200n * one, 80n * million);
    let price = 80;
    let leftFirst = 0n;
    for (let block = 0; block < blocks; block++) {
      price *= 0.01 ** (1 / blocks);
      stage.chain.prices.set({ 'LUNA-USD': price.toFixed(6) });
      await cast.block();
      // Everything that is free leaves in the very next block, before anybody looks at the longs.
      const left = await cast.leave(...shorts);
      if (stage.outcome.liquidated.size === 0) leftFirst += left;
    }
    await cast.blocks(2, 3_600_000n);
    await cast.leave(...shorts);
    return {
      'fall, %': 99,
      'taken out before the first liquidation, USDC': usdcOf(leftFirst),
      'gained by shorts, USDC': usdcOf(cast.profit(...shorts)),
      'lost by longs, USDC': usdcOf(-cast.profit(...longs)),
      'liquidated accounts': stage.outcome.liquidated.size,
      ...costs(stage.outcome, insured - funds(cast)),
    };
  } finally {
    await cast.close();
  }
}

/** One account has 60 % of a market and fails; a book that would take all of it, a fifth at a time, stands under the mark. */
async function oneLarge() {
  const cast = await Cast.open({
    markets: listed([['CREAM-USD', 'C', '50']], 500_000n * usdc),
    prices: { 'CREAM-USD': '50' },
    cast: { large: million * usdc, small: million * usdc, others: 10n * million * usdc, maker: 10n * million * usdc },
  });
  try {
    const { stage } = cast;
    const insured = funds(cast);
    await cast.block({
      large: [cast.deposit('large', 165_000n * usdc)],
      small: [cast.deposit('small', 400_000n * usdc)],
      others: [cast.deposit('others', 5n * million * usdc)],
      maker: [cast.deposit('maker', 9n * million * usdc)],
    });
    await cast.trade('large', 'others', 12_000n * one, 50n * million);
    await cast.trade('small', 'others', 8_000n * one, 50n * million);
    const view = () => stage.chain.plimsoll.keepers.perps.marketView(stage.chain.plimsoll.app.queryContext(), 1);
    const share = Number((cast.position('large') * 100n * 50n * usdc) / (view().openInterest * one));
    await cast.move({ 'CREAM-USD': '41' }, 2);
    await cast.block({ maker: [cast.order('maker', buy, 20_000n * one, 39_100_000n)] });
    // 72 % of maintenance margin: closed at once, in slices.
    await cast.move({ 'CREAM-USD': '39.3' }, 1);
    const sizes: number[] = [];
    let before = cast.position('large');
    const first = before;
    for (let block = 0; block < 12; block++) {
      await cast.block();
      const now = cast.position('large');
      if (now < before) sizes.push(Number(((before - now) * 10_000n) / first) / 100);
      before = now;
    }
    return {
      'share of the market, %': share,
      'blocks in which it was closed': sizes.length,
      'most closed in one block, %': Math.max(0, ...sizes),
      'closed in all, %': Number(((first - before) * 10_000n) / first) / 100,
      'health afterwards, %': Number((cast.equity('large') * 100n) / (cast.margin('large') || 1n)),
      ...costs(stage.outcome, insured - funds(cast)),
    };
  } finally {
    await cast.close();
  }
}

export const waterfall: readonly Scenario[] = [
  scenario({
    id: 'T-A3',
    title: 'all open interest of an isolated market in one liquidation',
    source: 'dYdX Chain, 10 October 2025',
    expectation: 'insurance pays the deficit, the winner is paid in full, nothing is negative and the chain goes on',
    run: () => wholeMarket(50n * usdc),
    check(figures) {
      assert.equal(figures['closed of open interest, %'], 100);
      assert.equal(figures['paid by the tranche, USDC'], figures['deficit, USDC']);
      assert.equal(figures['haircut, USDC'], 0);
      assert.equal(figures['bad debt'], 0);
    },
  }),
  scenario({
    id: 'T-A3-small-fund',
    title: 'the same with a fund that cannot pay',
    source: 'dYdX Chain, 10 October 2025',
    expectation: 'the tranche pays the half of itself that one event may take, the winner the rest, to the unit',
    run: () => wholeMarket(10n * usdc),
    check(figures) {
      assert.equal(figures['closed of open interest, %'], 100);
      atMost(figures, 'paid by the tranche, USDC', 5.01);
      assert.ok(
        Math.abs(figures['paid by the tranche, USDC'] + figures['haircut, USDC'] - figures['deficit, USDC']) < 0.011,
      );
      assert.equal(figures['bad debt'], 0);
    },
  }),
  scenario({
    id: 'T-A3-restart',
    title: 'eight hours of standstill, then too few reporters',
    source: 'dYdX Chain, 10 October 2025',
    expectation: 'nobody is liquidated and nothing new is opened until a quorum agrees on a fresh price',
    run: () => restartWithoutQuorum(),
    check(figures) {
      assert.equal(figures['liquidated meanwhile'], 0);
      assert.equal(figures['position kept'], 'yes');
      assert.notEqual(figures['order that opens'], 'perps/0');
      atLeast(figures, 'liquidated at the first fresh price', 1);
      assert.equal(figures['bad debt'], 0);
    },
  }),
  scenario({
    id: 'T-A4',
    title: 'a whale withdraws its margin and lets others inherit the position',
    source: 'Hyperliquid HLP, 12 March 2025',
    expectation:
      'size is bounded by depth, a withdrawal leaves initial margin, and the turn of 1 % costs nobody but the whale and its counterparties',
    run: () => whale(),
    check(figures) {
      atMost(figures, 'opened, USDC', figures['wanted, USDC']);
      atLeast(figures, 'equity after the withdrawal over maintenance margin', 2);
      assert.equal(figures['liquidated by the turn'], 0);
      atMost(figures, 'fund loss, USDC', 0);
      assert.equal(figures['bad debt'], 0);
    },
  }),
  scenario({
    id: 'T-A7',
    title: 'unrealised profit reinvested while a thin market triples',
    source: 'dYdX v3 YFI, November 2023',
    expectation:
      'notional saturates at the cap, many accounts get no more than one, the fund loses at most its event share. The market does not change its mode (section 14.2, B4): from the price at which open interest reaches its cap, long before the peak, it refuses whatever opens, and takes what reduces',
    async run(size) {
      const steps = size === 'test' ? 5 : 20;
      const single = await reinvest(1, 300_000n, steps);
      const many = await reinvest(size === 'test' ? 10 : 100, size === 'test' ? 30_000n : 3_000n, steps);
      return {
        ...many,
        'open at the peak with one account, YFI': single['open at the peak, YFI'],
        'fund loss with one account, USDC': single['fund loss, USDC'],
      };
    },
    check(figures) {
      assert.ok(figures['open when the cap is near, YFI'] > 0, 'the cap is reached');
      assert.ok(figures['open at the peak, YFI'] <= 1.12 * figures['open when the cap is near, YFI'], 'it saturates');
      atMost(figures, 'fund loss, USDC', figures['tranche before, USDC'] / 2);
      assert.ok(
        figures['open at the peak, YFI'] <= 1.01 * figures['open at the peak with one account, YFI'],
        'splitting opens no more',
      );
      assert.ok(
        figures['price from which nobody could add, USD'] > 0 &&
          figures['price from which nobody could add, USD'] < 0.75 * figures['price at the peak, USD'],
        'opening ends before the peak',
      );
      assert.equal(figures['an order at the peak that opens'], 'refused, perps/161');
      assert.equal(figures['one that reduces'], 'accepted');
      assert.equal(figures['bad debt'], 0);
    },
  }),
  scenario({
    id: 'T-A8',
    title: 'winners leave before losers have paid',
    source: 'Drift v1 and LUNA, 11 May 2022',
    expectation: 'what is withdrawn was lost by somebody: the vault always covers what all could take out',
    run: (size) => winnersFirst(size === 'test' ? 40 : 200),
    check(figures) {
      atMost(figures, 'gained by shorts, USDC', figures['lost by longs, USDC'] + figures['fund loss, USDC']);
      assert.equal(figures['bad debt'], 0);
      atLeast(figures, 'gained by shorts, USDC', 0.01);
    },
  }),
  scenario({
    id: 'T-A9',
    title: 'one account holds 60 % of a market and fails',
    source: 'Perpetual Protocol v1 CREAM, 15 May 2022',
    expectation: 'it is closed in slices of at most a quarter until it is healthy; the fund pays nothing',
    run: () => oneLarge(),
    check(figures) {
      assert.equal(figures['share of the market, %'], 60);
      atLeast(figures, 'blocks in which it was closed', 2);
      atMost(figures, 'most closed in one block, %', 25.01);
      atLeast(figures, 'health afterwards, %', 100);
      atMost(figures, 'fund loss, USDC', 0);
      assert.equal(figures['bad debt'], 0);
    },
  }),
];
