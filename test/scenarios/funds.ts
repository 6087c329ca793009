import assert from 'node:assert/strict';
import { MsgContribute, MsgDeposit, MsgRequestExit } from '../../gen/plimsoll/insurance/v1/tx.js';
import { TrancheKind } from '../../gen/plimsoll/insurance/v1/insurance.js';
import type { TxMessage } from '../../runtime/codec/tx.js';
import { fromBech32 } from '../../runtime/crypto/address.js';
import { coin } from '../support/messages.js';
import { keylessOwner, type SeededAccount } from '../support/seeded.js';
import { scenario, type Scenario } from './scenario.js';
import { Cast } from './support/cast.js';
import { listed, pricesOf, randomPairs, type Listing } from './support/crowd.js';
import { atLeast, atMost, costs, usdcOf } from './support/figures.js';
import { Stage } from './support/stage.js';

const usdc = 1_000_000n;
const one = 100_000_000n;
const million = 1_000_000n;
const day = 86_400_000n;
const ofMarket = { kind: TrancheKind.TRANCHE_KIND_MARKET, number: 1 };

/** Two depositors of one size in a tranche: one asks to leave in the block of the crash, the other stays. */
async function runOnFund() {
  const cast = await Cast.open({
    markets: listed([['BTC-USD', 'A', '60000']], 10_000n * usdc),
    prices: { 'BTC-USD': '60000' },
    shadow: false,
    cast: { runner: 50_000n * usdc, stayer: 50_000n * usdc, loser: 20_000n * usdc, winner: 200_000n * usdc },
  });
  try {
    const { stage } = cast;
    const { insurance } = stage.chain.plimsoll.keepers;
    const insure = (name: string, amount: bigint): TxMessage => ({
      typeName: 'plimsoll.insurance.v1.MsgDeposit',
      bytes: MsgDeposit.encode({ owner: cast.key(name).address, tranche: ofMarket, amount: coin(amount) }).finish(),
    });
    await cast.block({
      runner: [insure('runner', 40_000n * usdc)],
      stayer: [insure('stayer', 40_000n * usdc)],
      loser: [cast.deposit('loser', 10_000n * usdc)],
      winner: [cast.deposit('winner', 100_000n * usdc)],
    });
    await cast.trade('loser', 'winner', 2n * one, 60_000n * million);
    const from = () => stage.chain.plimsoll.app.queryContext();
    const shares = (name: string): bigint =>
      insurance.store.shares(from(), { kind: 'market', number: 1 }, fromBech32(cast.key(name).address));
    const tranche = () => insurance.store.tranche(from(), { kind: 'market', number: 1 })!;
    const worth = (name: string): bigint => (shares(name) * tranche().senior) / tranche().shares;
    const exit: TxMessage = {
      typeName: 'plimsoll.insurance.v1.MsgRequestExit',
      bytes: MsgRequestExit.encode({
        owner: cast.key('runner').address,
        tranche: ofMarket,
        shares: shares('runner').toString(),
      }).finish(),
    };
    // The price of the crash is voted in this block and marked in the next: nobody can ask earlier and know.
    stage.chain.prices.set({ 'BTC-USD': '42000' });
    await cast.block({ runner: [exit] });
    await cast.blocks(4);
    const drawn = stage.outcome.insurance;
    const early = cast.wallet('runner');
    stage.chain.prices.set({ 'BTC-USD': '42000' });
    for (let days = 0; days < 40; days++) await cast.block({}, { afterMs: day });
    const paid = cast.wallet('runner') - early;
    const rest = worth('runner');
    const stayed = worth('stayer');
    return {
      'deposited by each, USDC': 40_000,
      'drawn in the crash, USDC': usdcOf(drawn),
      'paid to the runner at once, USDC': usdcOf(early - 10_000n * usdc),
      'paid to the runner in 40 days, USDC': usdcOf(paid),
      'still there of the runner, USDC': usdcOf(rest),
      'worth of the stayer, USDC': usdcOf(stayed),
      'gained by running, USDC': usdcOf(paid + rest - stayed),
      'bad debt': Number(stage.outcome.badDebt),
    };
  } finally {
    await cast.close();
  }
}

/** A class D market loses nearly everything; what everybody else has is compared to the unit. */
async function contagion(pairs: number) {
  const listings: readonly Listing[] = [
    ['BTC-USD', 'A', '60000'],
    ['SOL-USD', 'B', '150'],
    ['ALT-USD', 'C', '2.5'],
    ['NEW-USD', 'D', '0.8'],
  ];
  // Who holds D holds nothing else: its accounts are isolated. One account has two subaccounts, one of them in D.
  const accounts: SeededAccount[] = [
    ...randomPairs({ listings: listings.slice(0, 3), pairs, seed: 'others' }),
    ...[0, 1, 2, 3].flatMap((at): SeededAccount[] => {
      const quantity = 20_000n * one;
      return [1n, -1n].map((sign, side) => ({
        owner: at === 0 ? keylessOwner(side) : keylessOwner(1_000 + 2 * at + side),
        number: at === 0 ? 7 : 0,
        equity: 4_500n * usdc,
        positions: [{ market: 4, quantity: sign * quantity }],
      }));
    }),
  ];
  const stage = await Stage.open({ markets: listed(listings, 5_000n * usdc), prices: pricesOf(listings), accounts });
  try {
    const { plimsoll } = stage.chain;
    const { perps, insurance } = plimsoll.keepers;
    const balances = () => {
      const from = plimsoll.app.queryContext();
      const holders = new Map<string, string>();
      for (const { key, cash, positions } of perps.allAccounts(from)) {
        if (positions.some(({ marketId }) => marketId === 4)) continue;
        holders.set(key, `${cash} ${positions.map(({ marketId, quantity }) => `${marketId}:${quantity}`).join()}`);
      }
      const tranches = new Map<string, bigint>();
      for (const { id, junior, senior } of insurance.store.tranches(from))
        tranches.set(`${id.kind} ${id.number}`, junior + senior);
      return { holders, tranches };
    };
    const before = balances();
    await stage.move({ ...pricesOf(listings), 'NEW-USD': '0.04' }, 5);
    const after = balances();
    const changed = [...before.holders].filter(([key, value]) => after.holders.get(key) !== value).length;
    const moved = [...before.tranches].filter(([name, value]) => after.tranches.get(name) !== value);
    return {
      'accounts without a position in it': before.holders.size,
      'of them changed': changed,
      'tranches that moved': moved.map(([name]) => name).join(', ') || 'none',
      'liquidated accounts': stage.outcome.liquidated.size,
      'deficit, USDC': usdcOf(stage.outcome.deficit),
      'paid by the own tranche, USDC': usdcOf(stage.outcome.insurance),
      'haircut in the market, USDC': usdcOf(stage.outcome.taken),
      overshoot: stage.outcome.overshoot,
      'bad debt': Number(stage.outcome.badDebt),
    };
  } finally {
    await stage.close();
  }
}

/** Class C markets fail one after the other within a day: the class gives a quarter of itself and no more. */
async function classOutflow(failures: number) {
  const listings: readonly Listing[] = [
    ['BTC-USD', 'A', '60000'],
    ['ALT-USD', 'C', '2.5'],
    ['SUB-USD', 'C', '4'],
  ];
  const classTranche = 40_000n * usdc;
  const cast = await Cast.open({
    markets: listed(listings, 500n * usdc),
    prices: pricesOf(listings),
    cast: { giver: 100_000n * usdc, long: million * usdc, short: million * usdc },
  });
  try {
    const { stage } = cast;
    const { insurance } = stage.chain.plimsoll.keepers;
    const balance = (number: number, kind: 'class' | 'global'): bigint => {
      const found = insurance.store.tranche(stage.chain.plimsoll.app.queryContext(), { kind, number });
      return found === undefined ? 0n : found.junior + found.senior;
    };
    const contribute = contribution(cast, 'giver', 3, classTranche);
    await cast.block({ giver: [contribute] });
    const opening = balance(3, 'class');
    const others = balance(1, 'class') + balance(2, 'class') + balance(0, 'global');
    let price = 2.5;
    for (let failure = 0; failure < failures; failure++) {
      await cast.block({
        long: [cast.deposit('long', 21_000n * usdc)],
        short: [cast.deposit('short', 100_000n * usdc)],
      });
      const size = BigInt(Math.floor(40_000 / price)) * one;
      await cast.trade('long', 'short', size, BigInt(Math.round(price * 1e4)) * 100n, { marketId: 2 });
      price *= 0.3;
      await cast.move({ ...pricesOf(listings), 'ALT-USD': price.toFixed(6) }, 4);
      await cast.blocks(1, 3_600_000n);
      await cast.blocks(1);
    }
    const outflow = opening - balance(3, 'class');
    return {
      failures,
      'deficits, USDC': usdcOf(stage.outcome.deficit),
      'class tranche before, USDC': usdcOf(opening),
      'paid by it in 24 hours, USDC': usdcOf(outflow),
      'share, %': Number((outflow * 10_000n) / opening) / 100,
      'paid by other classes and by all, USDC': usdcOf(
        others - balance(1, 'class') - balance(2, 'class') - balance(0, 'global'),
      ),
      ...costs(stage.outcome, stage.outcome.insurance),
    };
  } finally {
    await cast.close();
  }
}

/** Money for a class's tranche. */
function contribution(cast: Cast, name: string, number: number, amount: bigint): TxMessage {
  return {
    typeName: 'plimsoll.insurance.v1.MsgContribute',
    bytes: MsgContribute.encode({
      contributor: cast.key(name).address,
      tranche: { kind: TrancheKind.TRANCHE_KIND_CLASS, number },
      amount: coin(amount),
    }).finish(),
  };
}

export const fundScenarios: readonly Scenario[] = [
  scenario({
    id: 'T-LP-EXIT',
    title: 'a depositor of the insurance runs in the block of the crash',
    source: 'section 21.6',
    expectation: 'who asks to leave loses the same for each share as who stays; nothing is paid before 14 days',
    run: () => runOnFund(),
    check(figures) {
      atLeast(figures, 'drawn in the crash, USDC', 10_001);
      assert.equal(figures['paid to the runner at once, USDC'], 0);
      atMost(figures, 'gained by running, USDC', 1);
      assert.equal(figures['bad debt'], 0);
    },
  }),
  scenario({
    id: 'T-CONTAGION',
    title: 'a class D market falls by 95 % in one block',
    source: 'section 21.6; INV-C1',
    expectation: 'no account without a position in it and no tranche but its own changes by a single unit',
    run: (size) => contagion(size === 'test' ? 10 : 500),
    check(figures) {
      assert.equal(figures['of them changed'], 0);
      assert.equal(figures['tranches that moved'], 'market 4');
      atLeast(figures, 'deficit, USDC', 1);
      atLeast(figures, 'haircut in the market, USDC', 1);
      assert.equal(figures['bad debt'], 0);
    },
  }),
  scenario({
    id: 'T-CONTAGION-C',
    title: 'class C fails again and again within a day',
    source: 'section 21.6; INV-C2',
    expectation: 'the class gives a quarter of itself in 24 hours, other classes and the global tranche give nothing',
    run: (size) => classOutflow(size === 'test' ? 3 : 5),
    check(figures) {
      atMost(figures, 'share, %', 25);
      atLeast(figures, 'share, %', 24.9);
      assert.ok(figures['paid by other classes and by all, USDC'] <= 0, 'others paid');
      assert.equal(figures['bad debt'], 0);
    },
  }),
];
