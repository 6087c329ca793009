import assert from 'node:assert/strict';
import { Randomness, type Draws } from '../../cmd/plimsolld/replay/random.js';
import { exportAppState } from '../../app/genesis.js';
import { readBars } from '../../x/oracle/sources/csv.js';
import { deposit, order } from '../support/messages.js';
import { cancelAll } from '../support/orders.js';
import { Side } from '../../gen/plimsoll/perps/v1/types.js';
import { keylessOwner, type SeededAccount } from '../support/seeded.js';
import { scenario, type Scenario, type Size } from './scenario.js';
import { listed, pricesOf, type Listing } from './support/crowd.js';
import { wholeUsdc } from './support/outcome.js';
import { recorded, rowsOf } from './support/recorded.js';
import { scaled, Stage } from './support/stage.js';

/** A winner of that day: somebody who was short, and whom the other venue deleveraged. USDC. */
interface Short {
  readonly market: number;
  readonly notional: number;
  readonly equity: number;
}

const btc = 1;
const sol = 2;
/** 10 October 2025, 21:00 to 22:00 UTC. */
const [from, to] = [1_760_130_000_000, 1_760_133_600_000];

/** Bars that were used, by market: closes and lows in USD. */
type Minutes = readonly (readonly [btc: string, sol: string])[];

const usdcUnit = 1_000_000n;
const random = new Randomness('T-A2');

/** Recorded prices of the hour: the low of each minute, then its close. */
function recordedMinutes(): Minutes | undefined {
  const paths = ['BTC', 'SOL'].map((coin) => recorded(`oct2025_${coin}USD_gemini_1m.csv`));
  if (paths.includes(undefined)) return undefined;
  const [bitcoin, solana] = paths.map((path) => new Map(readBars(path!).map((bar) => [bar.timeMs, bar])));
  const minutes: [string, string][] = [];
  let last: [string, string] | undefined;
  for (let at = from; at < to; at += 60_000) {
    const [one, other] = [bitcoin!.get(at), solana!.get(at)];
    for (const field of ['low', 'close'] as const) {
      // A minute without a trade keeps the price of the last.
      const prices: [string | undefined, string | undefined] = [one?.[field] ?? last?.[0], other?.[field] ?? last?.[1]];
      if (prices[0] === undefined || prices[1] === undefined) continue;
      minutes.push((last = [prices[0], prices[1]]));
    }
  }
  return minutes;
}

/** The same shape in thirty bars, for machines without the recordings. */
const syntheticMinutes: Minutes = Array.from({ length: 30 }, (_, minute) => {
  const depth = minute < 18 ? minute / 18 : 1 - ((minute - 18) / 12) * 0.8;
  return [(114_500 * (1 - 0.066 * depth)).toFixed(2), (197.5 * (1 - 0.13 * depth)).toFixed(2)] as const;
});

/** Those whom the other venue deleveraged: what was closed of them and what their account was worth then. */
function recordedShorts(): Short[] | undefined {
  const [users, positions] = ['adl_by_user', 'positions_BTC_SOL'].map((name) =>
    recorded(`oct2025_hyperliquid_${name}.csv`),
  );
  if (users === undefined || positions === undefined) return undefined;
  const coins = new Map(rowsOf(positions).map(({ acct, asset }) => [acct!, asset!]));
  return rowsOf(users)
    .map((row) => ({
      market: coins.get(row['acct']!) === 'SOL' ? sol : btc,
      notional: Math.round(Number(row['adl_notional'])),
      equity: Math.round(Number(row['account_value_realtime'])),
    }))
    .filter(
      ({ notional, equity, market }) => notional >= 50 && equity * (market === btc ? 12 : 6) > notional && equity < 5e7,
    );
}

/** Accounts of the recorded median: leverage of 0.2 to 3, sizes over four decades. */
const syntheticShorts = (count: number): Short[] =>
  Array.from({ length: count }, (_, index) => {
    const draws = random.at(1, index);
    const notional = Math.round(60 * 10 ** (draws.below(3_000) / 1_000));
    return { market: 1 + draws.below(2), notional, equity: Math.round((notional * 100) / (20 + draws.below(280))) };
  });

const listingsAt = ([bitcoin, solana]: readonly [string, string]): readonly Listing[] => [
  ['BTC-USD', 'A', bitcoin],
  ['SOL-USD', 'B', solana],
];

/** Longs of 8 to 19 times their equity that hold together what the shorts hold. */
function accountsOf(shorts: readonly Short[], listings: readonly Listing[]): SeededAccount[] {
  const steps = (market: number, usdc: number): bigint => {
    const quanta = (BigInt(usdc) * 10n ** 14n) / scaled(listings[market - 1]![2], -6);
    return quanta - (quanta % 1_000n);
  };
  const accounts: SeededAccount[] = [];
  const left = new Map([
    [btc, 0n],
    [sol, 0n],
  ]);
  for (const [index, { market, notional, equity }] of shorts.entries()) {
    const quantity = steps(market, notional);
    left.set(market, left.get(market)! + quantity);
    accounts.push({
      owner: keylessOwner(index),
      equity: BigInt(equity) * usdcUnit,
      positions: [{ market, quantity: -quantity }],
    });
  }
  let index = shorts.length;
  for (const [market, total] of left) {
    // As many longs as shorts, or nearly.
    const mean = total / BigInt(Math.max(1, shorts.filter((each) => each.market === market).length));
    for (let rest = total; rest > 0n; index++) {
      const draws = random.at(2, index);
      const drawn = (mean * BigInt(1 + draws.below(200))) / 100n;
      const size = drawn - (drawn % 1_000n);
      const quantity = size === 0n || size > rest ? rest : size;
      rest -= quantity;
      const worth = (quantity * scaled(listings[market - 1]![2], -6)) / 10n ** 8n;
      accounts.push({
        owner: keylessOwner(index),
        equity: (worth * 10n) / BigInt(market === btc ? between(draws, 80, 190) : between(draws, 50, 95)),
        positions: [{ market, quantity }],
      });
    }
  }
  return accounts;
}

const between = (draws: Draws, least: number, most: number): number => least + draws.below(most - least + 1);

/** Runs the hour; the chain and what it did. */
async function hour(accounts: readonly SeededAccount[], minutes: Minutes, afterMs: bigint) {
  const listings = listingsAt(minutes[0]!);
  const interest = new Map<number, bigint>();
  for (const { positions } of accounts)
    for (const { market, quantity } of positions)
      if (quantity > 0n)
        interest.set(
          market,
          (interest.get(market) ?? 0n) + (quantity * scaled(listings[market - 1]![2], -6)) / 10n ** 8n,
        );
  // Tranches have one per cent of open interest.
  const markets = listed(listings, 0n).map(({ market }) => ({ market, tranche: interest.get(market.id)! / 100n }));
  const stage = await Stage.open({ markets, prices: pricesOf(listings), accounts, shadow: accounts.length < 1_000 });
  try {
    const maker = stage.chain.keys[3]!;
    await stage.block([stage.chain.sign(maker, [deposit(maker, 9_000_000n * usdcUnit)])]);
    for (const prices of minutes) {
      stage.chain.prices.set(pricesOf(listingsAt(prices)));
      // The book is what was left of books that day: three quotes on each side, two per cent of open interest together.
      const messages = [cancelAll(maker)];
      for (const { market } of markets) {
        const mark = scaled(prices[market.id - 1]!, -6);
        const raw = (interest.get(market.id)! * 10n ** 8n) / mark / 150n;
        const quantity = raw - (raw % market.stepSize);
        if (quantity === 0n) continue;
        for (const [index, ppm] of [3_000n, 8_000n, 15_000n].entries()) {
          for (const side of [Side.SIDE_BUY, Side.SIDE_SELL]) {
            const price = (mark * (1_000_000n + (side === Side.SIDE_BUY ? -ppm : ppm))) / 1_000_000n;
            messages.push(
              order(maker, side, quantity, price - (price % market.tickSize), {
                marketId: market.id,
                clientId: stage.chain.engine.height * 16n + BigInt(4 * index + side),
              }),
            );
          }
        }
      }
      await stage.block([stage.chain.sign(maker, messages, { gasLimit: 50_000_000n })], afterMs);
      await stage.block([], afterMs);
    }
    const { plimsoll } = stage.chain;
    const state = exportAppState(plimsoll.modules, plimsoll.app.queryContext()) as { perps: unknown };
    return {
      outcome: stage.outcome,
      interest: stage.openInterest(),
      left: stage.insurance(),
      perps: JSON.stringify(state.perps),
    };
  } finally {
    await stage.close();
  }
}

async function run(size: Size) {
  const minutes = recordedMinutes() ?? syntheticMinutes;
  const all = recordedShorts();
  const source = all ?? syntheticShorts(1_000);
  const wanted = size === 'full' ? source.length : 60;
  const shorts = source
    .filter((_, index) => index % Math.max(1, Math.floor(source.length / wanted)) === 0)
    .slice(0, wanted);
  const path = size === 'full' ? minutes : minutes.filter((_, index) => index % 6 === 0);
  const accounts = accountsOf(shorts, listingsAt(path[0]!));
  const { outcome, interest, perps } = await hour(accounts, path, 15_000n);
  // The same people written into genesis in another order.
  const again = size === 'full' ? undefined : await hour([...accounts].reverse(), path, 15_000n);
  return {
    data: all === undefined ? 'synthetic, of the same statistics' : 'recorded accounts and minutes',
    accounts: accounts.length,
    blocks: 2 * path.length,
    'liquidated accounts': outcome.liquidated.size,
    'closed through the book, USDC': wholeUsdc(outcome.book),
    'deficit, USDC': wholeUsdc(outcome.deficit),
    'paid by insurance, USDC': wholeUsdc(outcome.insurance),
    'haircut, USDC': wholeUsdc(outcome.taken),
    overshoot: outcome.overshoot,
    'deleveraged at mark, USDC': wholeUsdc(outcome.adl),
    'winners deleveraged': outcome.deleveraged.size,
    'winners deleveraged there': shorts.length,
    'most closes outside the book in one block': outcome.mostCloses,
    'open interest left, USDC': wholeUsdc(interest),
    'bad debt': Number(outcome.badDebt),
    'another order of accounts in genesis':
      again === undefined ? 'see the test' : again.perps === perps ? 'same state' : 'another state',
  };
}

export const october: readonly Scenario[] = [
  scenario({
    id: 'T-A2',
    title: '10 October 2025: the largest deleveraging',
    source:
      'Hyperliquid, 21:15 to 21:27 UTC: 19,337 accounts deleveraged for 2.1 bn USD, many of them hedged and hardly leveraged, with an estimated 45 to 52 m USD more than was needed',
    expectation:
      'closes outside the book cancel in every block and market, winners give exactly what is needed, no account ends below zero, and the order of accounts changes nothing',
    run,
    check(figures) {
      assert.equal(figures['bad debt'], 0);
      assert.ok(Math.abs(figures.overshoot - 1) < 1e-4, `overshoot ${figures.overshoot}`);
      assert.ok(figures['liquidated accounts'] > 0);
      assert.notEqual(figures['another order of accounts in genesis'], 'another state');
      // Losers are closed in the book and by insurance first: fewer winners are touched than there were.
      assert.ok(figures['winners deleveraged'] < figures['winners deleveraged there']);
    },
  }),
];
