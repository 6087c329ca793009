import assert from 'node:assert/strict';
import { scenario, type Scenario } from './scenario.js';
import { listed, pricesOf, randomPairs, type Listing } from './support/crowd.js';
import { wholeUsdc } from './support/outcome.js';
import { Stage } from './support/stage.js';

const listings: readonly Listing[] = [
  ['BTC-USD', 'A', '60000'],
  ['ETH-USD', 'A', '3000'],
  ['SOL-USD', 'B', '150'],
  ['ALT-USD', 'C', '2.5'],
  ['NEW-USD', 'D', '0.8'],
];
const usdc = 1_000_000n;

/** Every price moves by so many per cent between two blocks. */
async function gap(percent: number, pairs: number) {
  // Each market's tranche has 1 % of what its accounts hold on average.
  const tranche = (BigInt(Math.floor(pairs / listings.length)) * 25_000n * usdc) / 100n;
  const stage = await Stage.open({
    markets: listed(listings, tranche),
    prices: pricesOf(listings),
    accounts: randomPairs({ listings, pairs, seed: `gap ${percent}` }),
  });
  try {
    const { outcome } = stage;
    const openInterest = stage.openInterest();
    const insured = stage.insurance();
    stage.chain.prices.set(
      Object.fromEntries(
        listings.map(([ticker, , price]) => [ticker, ((Number(price) * (100 + percent)) / 100).toFixed(6)]),
      ),
    );
    // Voted in the first block, marked in the second, and nothing is left to do in the last.
    let lastClose = 0;
    for (let block = 0; block < 12; block++) {
      const known = outcome.liquidated.size;
      const closed = outcome.adl;
      await stage.block();
      if (outcome.liquidated.size > known || outcome.adl > closed) lastClose = block;
    }
    return {
      accounts: 2 * pairs,
      markets: listings.length,
      'open interest, USDC': wholeUsdc(openInterest),
      'liquidated accounts': outcome.liquidated.size,
      'deficit, USDC': wholeUsdc(outcome.deficit),
      'paid by insurance, USDC': wholeUsdc(outcome.insurance),
      'insurance drawn, %': Number((100 * Number(outcome.insurance)) / Number(insured)).toFixed(1),
      'haircut, USDC': wholeUsdc(outcome.taken),
      overshoot: outcome.overshoot,
      'deleveraged at mark, USDC': wholeUsdc(outcome.adl),
      'gainers closed': outcome.deleveraged.size,
      'gainers charged': outcome.charged.size,
      'bad debt': Number(outcome.badDebt),
      'blocks from the gap to the last close': lastClose,
    };
  } finally {
    await stage.close();
  }
}

const of = (percent: number, pairs: { readonly test: number; readonly full: number }): Scenario =>
  scenario({
    id: `T-GAP${percent > 0 ? '+' : ''}${percent}`,
    title: `every market ${percent > 0 ? 'rises' : 'falls'} by ${Math.abs(percent)} % in one block`,
    source: 'deeper than any recorded minute of a whole market; there is no book to close anything in',
    expectation: 'every deficit is paid in the block it appears, to the unit; nobody ends below zero',
    run: (size) => gap(percent, pairs[size]),
    check(figures) {
      assert.equal(figures['bad debt'], 0);
      assert.ok(Math.abs(figures.overshoot - 1) < 1e-4, `overshoot ${figures.overshoot}`);
      assert.ok(figures['liquidated accounts'] > figures.accounts / 4, 'the gap is deep');
      assert.ok(figures['haircut, USDC'] > 0, 'insurance alone would not do');
    },
  });

export const gaps: readonly Scenario[] = [of(-60, { test: 60, full: 2_000 }), of(60, { test: 60, full: 2_000 })];
