import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { equity, openProfit } from '../margin/equity.js';
import { maintenanceMarginOf } from '../margin/maintenance.js';
import { applyFill } from '../matching/fill.js';
import { accountWith, market, marketsOf, signed } from '../testing/values.js';
import { price, quote, type AccountView, type MarketView } from '../types.js';
import { positionValue } from '../units/index.js';
import { allocateByMargin } from './allocate.js';
import { planHaircut, type Payer } from './haircut.js';

const numRuns = Number(process.env['PLIMSOLL_FC_RUNS'] ?? 200);
const sum = (values: readonly bigint[]): bigint => values.reduce((a, b) => a + b, 0n);
const payer = (key: string, changes: Partial<Record<keyof Payer, bigint>>): Payer =>
  ({ key, equity: 1_000n, paid: 0n, openProfit: 0n, marketGain: 0n, accountGain: 0n, ...changes }) as Payer;

describe('cases by hand (section 13.2)', () => {
  const u100 = [payer('a', { openProfit: 60n }), payer('b', { openProfit: 40n, accountGain: 41n })];
  const amounts = (deficit: bigint): readonly (readonly [string, number, bigint])[] =>
    planHaircut(deficit, u100).payments.map(({ key, tier, amount }) => [key, tier, amount]);
  test('a deficit one under, at and one over the open profit of all', () => {
    assert.deepEqual(amounts(99n), [
      ['a', 1, 60n],
      ['b', 1, 40n],
    ]);
    assert.equal(planHaircut(99n, u100).surplus, 1n);
    assert.deepEqual(amounts(100n), [
      ['a', 1, 60n],
      ['b', 1, 40n],
    ]);
    assert.equal(planHaircut(100n, u100).surplus, 0n);
    assert.deepEqual(amounts(101n), [
      ['a', 1, 60n],
      ['b', 1, 40n],
      ['b', 3, 1n],
    ]);
    assert.deepEqual([planHaircut(102n, u100).unpaid, planHaircut(0n, u100).payments], [1n, []]);
  });
  test('what was paid in an earlier market of the block counts against every later base', () => {
    const plan = planHaircut(500n, [
      payer('a', { equity: 100n, paid: 70n, openProfit: 90n, marketGain: 95n, accountGain: 80n }),
    ]);
    // Tier 1 leaves no equity: 100 - 70. Nothing is left of tiers 2 and 3.
    assert.deepEqual(
      plan.payments.map(({ tier, amount }) => [tier, amount]),
      [[1, 30n]],
    );
    assert.equal(plan.unpaid, 470n);
  });
});

describe('for any payers', () => {
  const amount = fc.bigInt({ min: 0n, max: 1_000_000n });
  const payersArb = fc
    .array(fc.record({ equity: amount, paid: amount, openProfit: amount, marketGain: amount, accountGain: amount }), {
      maxLength: 10,
    })
    .map((list) =>
      list.map((each, i) =>
        payer(String(i), { ...each, paid: each.paid < each.equity ? each.paid : each.equity / 2n }),
      ),
    );

  test('INV-A2 payments cover the deficit exactly or exceed it by less than one quantum each', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 12_000_000n }), payersArb, (deficit, payers) => {
        const { payments, surplus, unpaid } = planHaircut(deficit, payers);
        assert.equal(sum(payments.map((each) => each.amount)), deficit - unpaid + surplus);
        assert.ok(surplus >= 0n && surplus <= BigInt(payments.length) && (surplus === 0n || unpaid === 0n));
      }),
      { numRuns },
    );
  });
  test('INV-A3 nobody pays beyond the largest of his bases or his equity; unpaid only when every base is used up', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 12_000_000n }), payersArb, (deficit, payers) => {
        const { payments, unpaid } = planHaircut(deficit, payers);
        for (const each of payers) {
          const mine = payments.filter(({ key }) => key === each.key);
          const before: bigint = each.paid;
          const total = sum(mine.map((payment) => payment.amount));
          assert.ok(before + total <= each.equity, 'equity');
          const gains = [each.openProfit + before, each.marketGain, each.accountGain, before];
          assert.ok(before + total <= gains.reduce<bigint>((a, b) => (a > b ? a : b), 0n), 'gains');
          if (unpaid > 0n) {
            const gain = each.accountGain < each.equity ? each.accountGain : each.equity;
            assert.ok(before + total >= gain, 'every base is used up');
          }
        }
      }),
      { numRuns },
    );
  });
  test('pro rata within a tier: each pays its share, rounded up', () => {
    fc.assert(
      fc.property(
        fc.array(amount, { minLength: 1, maxLength: 10 }),
        fc.bigInt({ min: 1n, max: 99n }),
        (profits, percent) => {
          const all = sum(profits);
          const deficit = (all * percent) / 100n;
          fc.pre(deficit > 0n);
          const { payments } = planHaircut(
            deficit,
            profits.map((openProfit, i) => payer(String(i), { equity: 1n << 60n, openProfit })),
          );
          for (const { key, amount: paid } of payments) {
            const exact = profits[Number(key)]! * deficit;
            assert.ok(paid * all >= exact && (paid - 1n) * all < exact);
          }
        },
      ),
      { numRuns },
    );
  });
});

describe('the theorem of one block', () => {
  const holder = fc.record({
    sizes: fc.tuple(signed(1_000_000n), signed(300_000n), signed(5_000_000n)),
    equity: fc.bigInt({ min: 0n, max: 2_000_000n }),
  });
  const trade = fc.record({
    market: fc.nat({ max: 2 }),
    buyer: fc.nat(),
    seller: fc.nat(),
    quantity: fc.bigInt({ min: 1n, max: 200_000n }),
    /** Percent of the mark before the block. */
    at: fc.bigInt({ min: 20n, max: 300n }),
  });
  test('INV-A8 whatever trades and prices a block brings to a zero-sum system, gains of the block cover every deficit', () => {
    let deficits = 0;
    fc.assert(
      fc.property(
        fc.array(holder, { minLength: 2, maxLength: 10 }),
        fc.array(trade, { maxLength: 8 }),
        fc.tuple(...[0, 1, 2].map(() => fc.bigInt({ min: 1n, max: 400n }))),
        fc.tuple(...[0, 1, 2].map(() => fc.bigInt({ min: 20n, max: 180n }))),
        (drawn, trades, moves, entries) => {
          const before = [
            market({ quoteDivisor: 997n }),
            market({ id: 2, markPrice: price(250_000n) }),
            market({ id: 3, markPrice: price(20_011n), quoteDivisor: 1_009n }),
          ];
          const after = before.map((view, i) => ({ ...view, markPrice: price((view.markPrice * moves[i]!) / 100n) }));
          const entered = before.map((view, i) => ({
            ...view,
            markPrice: price((view.markPrice * entries[i]!) / 100n),
          }));
          // The last holder takes the other side; all entered long ago, at other prices.
          const sizes = drawn.map(({ sizes: mine }) => [...mine]);
          const last = sizes.length - 1;
          for (const k of [0, 1, 2]) sizes[last]![k] = -sum(sizes.slice(0, -1).map((mine) => mine[k]!));
          const solvent = (account: AccountView, wanted: bigint): AccountView => ({
            ...account,
            cash: quote(account.cash - equity(account, marketsOf(...before)) + wanted),
          });
          const start = drawn.map((each, i) =>
            solvent(
              accountWith(
                0n,
                entered.map((view, k) => [view, sizes[i]![k]!] as const),
                String(i),
              ),
              each.equity,
            ),
          );
          // Zero-sum fills of the block, at any price.
          const accounts = [...start];
          let roundings = sum(start.map(({ positions }) => BigInt(2 * positions.length)));
          const cashOf = start.map(() => [0n, 0n, 0n]);
          for (const each of trades) {
            const view = before[each.market]!;
            const [buyer, seller] = [each.buyer % accounts.length, each.seller % accounts.length];
            if (buyer === seller) continue;
            for (const [i, side] of [
              [buyer, 'buy'],
              [seller, 'sell'],
            ] as const) {
              const account = accounts[i]!;
              const held = account.positions.find(({ marketId }) => marketId === view.id);
              const fill = applyFill(view, held, side, each.quantity, (view.markPrice * each.at) / 100n);
              const others = account.positions.filter((position) => position !== held);
              accounts[i] = {
                ...account,
                cash: quote(account.cash + fill.cash),
                positions: (fill.position === undefined ? others : [...others, fill.position]).sort(
                  (a, b) => a.marketId - b.marketId,
                ),
              };
              cashOf[i]![each.market]! += fill.cash;
              roundings += 2n;
            }
          }

          const at = (views: readonly MarketView[], account: AccountView): bigint =>
            equity(account, marketsOf(...views));
          const bankrupt = accounts.filter((account) => at(after, account) < 0n);
          if (bankrupt.length > 0) deficits++;
          // A bankrupt's deficit is split over its markets by margin; one without positions answers in market 1.
          const owed = [0n, 0n, 0n];
          for (const account of bankrupt) {
            const { positions } = account;
            const parts = allocateByMargin(
              -at(after, account),
              positions.length === 0
                ? [1n]
                : positions.map(({ marketId, quantity }) => maintenanceMarginOf(after[marketId - 1]!, quantity)),
            );
            for (const [i, part] of parts.entries()) owed[(positions[i]?.marketId ?? 1) - 1]! += part;
          }
          const paid = new Map<string, bigint>();
          let unpaid = 0n;
          let surpluses = 0n;
          for (const [k, deficit] of owed.entries()) {
            const payers = accounts.flatMap((account, i): Payer[] => {
              const now = at(after, account);
              if (now < 0n) return [];
              const position = account.positions.find(({ marketId }) => marketId === k + 1);
              const old = start[i]!.positions.find(({ marketId }) => marketId === k + 1);
              const worth = (view: MarketView, one: typeof position): bigint =>
                one === undefined ? 0n : positionValue(view, one.quantity);
              const gain = worth(after[k]!, position) - worth(before[k]!, old) + cashOf[i]![k]!;
              const all = now - at(before, start[i]!);
              const profit = position === undefined ? 0n : openProfit(after[k]!, position);
              return [
                payer(account.key, {
                  equity: now,
                  paid: paid.get(account.key) ?? 0n,
                  openProfit: profit > 0n ? profit : 0n,
                  marketGain: gain > 0n ? gain : 0n,
                  accountGain: all > 0n ? all : 0n,
                }),
              ];
            });
            const plan = planHaircut(deficit, payers);
            for (const { key, amount } of plan.payments) paid.set(key, (paid.get(key) ?? 0n) + amount);
            unpaid += plan.unpaid;
            surpluses += plan.surplus;
          }
          // Every value and fill rounds against its account: at most that, and what went to tranches, can be missing.
          assert.ok(unpaid <= roundings + surpluses, `unpaid ${unpaid} of ${sum(owed)}`);
          for (const account of accounts) {
            const total = paid.get(account.key) ?? 0n;
            assert.ok(total === 0n || total <= at(after, account), 'nobody is pushed below zero');
          }
        },
      ),
      { numRuns },
    );
    assert.ok(deficits > numRuns / 10, `only ${deficits} systems had a deficit`);
  });
});
