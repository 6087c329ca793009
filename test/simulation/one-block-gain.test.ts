import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { allocateByMargin, contributions, planHaircut, type Payer } from '../../x/perps/liquidation/index.js';
import { Randomness, type Draws } from '../../cmd/plimsolld/replay/random.js';
import { equity, openProfit } from '../../x/perps/margin/index.js';
import { applyFill } from '../../x/perps/matching/fill.js';
import { market, marketsOf } from '../../x/perps/testing/values.js';
import { price, quote, type AccountView, type MarketView, type PositionView } from '../../x/perps/types.js';
import { positionValue } from '../../x/perps/units/index.js';

/** risk-model section 13.2 asks for this many. */
const systems = Math.max(20_000, Number(process.env['PLIMSOLL_FC_RUNS'] ?? 0));
const sum = (values: readonly bigint[]): bigint => values.reduce((total, each) => total + each, 0n);
const max0 = (value: bigint): bigint => (value > 0n ? value : 0n);

/** An account with what its fills of the block brought in cash, by market. */
interface Account {
  view: AccountView;
  readonly cash: Map<number, bigint>;
}

/** A zero-sum system through one block: random books, random fills, random new prices. */
class System {
  readonly before: MarketView[];
  readonly after: MarketView[];
  readonly start: AccountView[];
  readonly accounts: Account[];
  #trades = 0;

  constructor(draws: Draws) {
    const between = (least: number, most: number): number => least + draws.below(most - least + 1);
    const count = between(1, 4);
    this.before = Array.from({ length: count }, (_, index) =>
      market({
        id: index + 1,
        class: (['A', 'B', 'C', 'D'] as const)[draws.below(4)]!,
        quoteDivisor: BigInt(between(1, 2_000)),
        markPrice: price(BigInt(between(1_000, 1_000_000))),
      }),
    );
    this.after = this.before.map((view) => ({
      ...view,
      // To nothing, to four times as much, or nearly the same.
      markPrice: price(max0((view.markPrice * BigInt(between(1, draws.below(2) === 0 ? 110 : 400))) / 100n) || 1n),
    }));
    const holders = between(2, 12);
    const sizes = Array.from({ length: holders }, () =>
      this.before.map(() => (draws.below(3) === 0 ? 0n : BigInt(between(-1_000_000, 1_000_000)))),
    );
    // The last holder takes the other side of everything.
    for (const index of this.before.keys())
      sizes[holders - 1]![index] = -sum(sizes.slice(0, -1).map((own) => own[index]!));
    this.start = sizes.map((own, index) => {
      const positions = own.flatMap((quantity, at): PositionView[] => {
        if (quantity === 0n) return [];
        // Entered long ago, at any other price.
        const view = this.before[at]!;
        const entered = { ...view, markPrice: price((view.markPrice * BigInt(between(20, 300))) / 100n || 1n) };
        const side = quantity > 0n ? 'buy' : 'sell';
        const { position } = applyFill(
          entered,
          undefined,
          side,
          quantity > 0n ? quantity : -quantity,
          entered.markPrice,
        );
        return [position!];
      });
      const bare: AccountView = { key: String(index), cash: quote(0n), positions, collateral: [] };
      const worth = equity(bare, marketsOf(...this.before));
      // Everybody was solvent when the last block ended, some only just.
      return { ...bare, cash: quote(BigInt(draws.below(4) === 0 ? 0 : between(0, 3_000_000)) - worth) };
    });
    this.accounts = this.start.map((view) => ({ view, cash: new Map() }));
    const trades = between(0, 6);
    for (let trade = 0; trade < trades; trade++) this.#trade(draws, between);
  }

  /** A fill between two accounts at any price: they may ruin each other, the sum stays. */
  #trade(draws: Draws, between: (least: number, most: number) => number): void {
    const [buyer, seller] = [draws.below(this.accounts.length), draws.below(this.accounts.length)];
    if (buyer === seller) return;
    const view = this.before[draws.below(this.before.length)]!;
    const quantity = BigInt(between(1, 300_000));
    const at = (view.markPrice * BigInt(between(20, 300))) / 100n || 1n;
    for (const [index, side] of [
      [buyer, 'buy'],
      [seller, 'sell'],
    ] as const) {
      const account = this.accounts[index]!;
      const held = account.view.positions.find(({ marketId }) => marketId === view.id);
      const fill = applyFill(view, held, side, quantity, at);
      const others = account.view.positions.filter((position) => position !== held);
      account.view = {
        ...account.view,
        cash: quote(account.view.cash + fill.cash),
        positions: (fill.position === undefined ? others : [...others, fill.position]).sort(
          (a, b) => a.marketId - b.marketId,
        ),
      };
      account.cash.set(view.id, (account.cash.get(view.id) ?? 0n) + fill.cash);
    }
    this.#trades++;
  }

  /** How often the block rounded against an account: each fill once, each value once. What may be missing, quote quanta. */
  get roundings(): number {
    return this.#trades + this.accounts.reduce((count, { view }) => count + view.positions.length, 0);
  }

  equityAt(views: readonly MarketView[], account: AccountView): bigint {
    return equity(account, marketsOf(...views));
  }

  /** Deficits by market, as the waterfall splits them. */
  deficits(): Map<number, bigint> {
    const owed = new Map<number, bigint>();
    const markets = marketsOf(...this.after);
    for (const { view } of this.accounts) {
      const worth = this.equityAt(this.after, view);
      if (worth >= 0n) continue;
      const ids = view.positions.length === 0 ? [1] : view.positions.map(({ marketId }) => marketId);
      const margins = view.positions.length === 0 ? [1n] : contributions(view, markets);
      for (const [index, part] of allocateByMargin(-worth, margins).entries())
        owed.set(ids[index]!, (owed.get(ids[index]!) ?? 0n) + part);
    }
    return owed;
  }

  payer(index: number, id: number, paid: bigint): Payer {
    const { view, cash } = this.accounts[index]!;
    const old = this.start[index]!;
    const in_ = (account: AccountView) => account.positions.find(({ marketId }) => marketId === id);
    const worth = (views: readonly MarketView[], position: PositionView | undefined): bigint =>
      position === undefined ? 0n : positionValue(views[id - 1]!, position.quantity);
    const position = in_(view);
    const profit = position === undefined ? 0n : openProfit(this.after[id - 1]!, position);
    const gain = worth(this.after, position) - worth(this.before, in_(old)) + (cash.get(id) ?? 0n);
    const now = this.equityAt(this.after, view);
    return {
      key: view.key,
      equity: quote(now),
      paid: quote(paid),
      openProfit: quote(max0(profit)),
      marketGain: quote(max0(gain)),
      accountGain: quote(max0(now - this.equityAt(this.before, old))),
    };
  }
}

test(`INV-A8 in ${systems} random systems the gains of one block cover its deficits, to the unit, out of gains alone`, () => {
  const met = { deficits: 0, tiers: [0, 0, 0, 0] };
  const random = new Randomness('one-block gain');
  fc.assert(
    fc.property(fc.nat({ max: 0x7fffffff }), (place) => {
      const system = new System(random.at(place, 0));
      const { accounts, start, after, before } = system;
      const owed = system.deficits();
      const deficit = sum([...owed.values()]);
      if (deficit === 0n) return;
      met.deficits++;
      const now = accounts.map(({ view }) => system.equityAt(after, view));
      const gains = now.map((worth, index) => max0(worth - system.equityAt(before, start[index]!)));
      // The theorem: sum of gains >= deficit, but for what was rounded away.
      assert.ok(sum(gains) >= deficit - BigInt(system.roundings), `gains ${sum(gains)}, deficit ${deficit}`);
      for (const [index, gain] of gains.entries())
        assert.ok(gain === 0n || gain <= now[index]!, 'a gain is no more than equity');

      const paid = now.map(() => 0n);
      let unpaid = 0n;
      let surplus = 0n;
      for (const [id, part] of [...owed].sort(([a], [b]) => a - b)) {
        const payers = now.flatMap((worth, index) => (worth < 0n ? [] : [system.payer(index, id, paid[index]!)]));
        const plan = planHaircut(part, payers);
        const taken = sum(plan.payments.map(({ amount }) => amount));
        assert.equal(taken, part - plan.unpaid + plan.surplus, 'to the unit');
        assert.ok(plan.surplus <= BigInt(plan.payments.length));
        for (const { key, tier, amount } of plan.payments) {
          met.tiers[tier]!++;
          const payer = payers.find((each) => each.key === key)!;
          const base = [0n, payer.openProfit, payer.marketGain, payer.accountGain][tier]!;
          assert.ok(amount > 0n && amount <= base, `tier ${tier} takes ${amount} of a gain of ${base}`);
          paid[Number(key)]! += amount;
        }
        unpaid += plan.unpaid;
        surplus += plan.surplus;
      }
      assert.ok(unpaid <= BigInt(system.roundings) + surplus, `unpaid ${unpaid} of ${deficit}`);
      for (const [index, amount] of paid.entries()) assert.ok(amount === 0n || amount <= now[index]!, 'below zero');
    }),
    { numRuns: systems },
  );
  assert.ok(met.deficits > systems / 3, `only ${met.deficits} of ${systems} systems had a deficit`);
  assert.ok(
    met.tiers.slice(1).every((count) => count > systems / 100),
    `payments by tier: ${met.tiers.slice(1).join(', ')}`,
  );
});
