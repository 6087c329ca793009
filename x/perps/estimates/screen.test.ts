import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { reachOf } from '../health/index.js';
import { equity, maintenanceMargin, type Standing } from '../margin/index.js';
import { market, marketsOf } from '../testing/values.js';
import { base, ppb, price, quote, type AccountView, type MarketView } from '../types.js';
import { crossings, fellBelow, levelOf, roomsOf } from '../warnings/levels.js';
import { AccountColumns } from './columns.js';
import { LoneScreen } from './screen.js';

const numRuns = Number(process.env['PLIMSOLL_FC_RUNS'] ?? 300);

const moved = (value: bigint, byPpm: bigint): bigint => value + (value * byPpm) / 1_000_000n;
const signed = (bound: bigint): fc.Arbitrary<bigint> => fc.bigInt({ min: -bound, max: bound });

/** A market in two blocks, and an account in it that stands near a level of health in the second. */
const drawn = fc.record({
  divisor: fc.constantFrom(1n, 1_000n, 10n ** 9n),
  mark: fc.bigInt({ min: 1_000_000n, max: 1n << 50n }),
  move: fc.oneof(signed(100n), signed(20_000n), signed(300_000n)),
  index: signed(1n << 80n),
  paid: signed(1n << 40n),
  depth: fc.bigInt({ min: 1n, max: 1n << 60n }),
  rate: fc.bigInt({ min: 5_000_000n, max: 500_000_000n }),
  turned: fc.oneof(fc.constant(0n), signed(1_000_000n)),
  size: fc.bigInt({ min: 1n, max: 1n << 50n }),
  short: fc.boolean(),
  level: fc.constantFrom(...crossings),
  // Quanta away from the level, and parts per million of margin.
  off: fc.oneof(signed(12n), signed(10_000n)),
  offPpm: fc.oneof(fc.constant(0n), signed(700_000n)),
});

interface Case {
  readonly before: MarketView;
  readonly now: MarketView;
  readonly account: AccountView;
}

const cases: fc.Arbitrary<Case> = drawn.map((each): Case => {
  const view = (mark: bigint, index: bigint, rate: bigint): MarketView =>
    market({
      id: 7,
      quoteDivisor: each.divisor,
      markPrice: price(mark),
      fundingIndex: index,
      depthUnit: quote(each.depth),
      maintenanceRate: ppb(rate),
    });
  const before = view(each.mark, each.index, each.rate);
  const now = view(moved(each.mark, each.move), each.index + each.paid, each.rate + each.turned);
  const quantity = base(each.short ? -each.size : each.size);
  const bare: AccountView = {
    key: 'a',
    cash: quote(0n),
    positions: [{ marketId: 7, quantity, entryValue: quote(0n), fundingIndex: each.index - each.paid }],
    collateral: [],
  };
  const markets = marketsOf(now);
  const margin = maintenanceMargin(bare, markets);
  const wanted = (margin * each.level) / 1_000_000n + moved(margin, each.offPpm) - margin + each.off;
  return { before, now, account: { ...bare, cash: quote(wanted - equity(bare, markets)) } };
});

const standing = (account: AccountView, view: MarketView): Standing => ({
  equity: equity(account, marketsOf(view)),
  maintenanceMargin: maintenanceMargin(account, marketsOf(view)),
});

test('INV-S3 what the screen is sure of is what the exact rules say: no failure, the level crossed, a reach not too long', () => {
  let sure = 0;
  let fallen = 0;
  fc.assert(
    fc.property(cases, ({ before, now, account }) => {
      const columns = new AccountColumns();
      columns.set(3, account);
      const screen = new LoneScreen(columns, before, now);
      if (!screen.sure(3)) return;
      sure++;
      const stands = standing(account, now);
      assert.ok(stands.equity >= stands.maintenanceMargin);
      const exact = fellBelow(levelOf(standing(account, before)), levelOf(stands));
      assert.equal(screen.fallen, exact);
      if (exact !== undefined) fallen++;
      assert.ok(Number.isInteger(screen.reach) && screen.reach >= 0, `${screen.reach}`);
      assert.ok(BigInt(screen.reach) <= reachOf(account, roomsOf(stands), marketsOf(now)));
    }),
    { numRuns: numRuns * 10 },
  );
  assert.ok(sure > numRuns * 3, `sure of only ${sure}`);
  assert.ok(fallen > numRuns / 10, `only ${fallen} fell`);
});

test('leaves a hair to the exact rules, and knows an account of ordinary size to a few quanta', () => {
  // 60,000 USDC at 2.5 %: a margin of 1,500, and levels at 2,250, 1,800, 1,650 and 1,500.
  const view = (mark: bigint): MarketView =>
    market({ id: 7, quoteDivisor: 10n ** 8n, markPrice: price(mark), depthUnit: quote(1n << 80n) });
  const now = view(60_000_000_000n);
  const asks = (equityNow: bigint): readonly [sure: boolean, fallen: bigint | undefined] => {
    const columns = new AccountColumns();
    columns.set(0, {
      key: 'a',
      cash: quote(equityNow - 60_000_000_000n),
      positions: [{ marketId: 7, quantity: base(100_000_000n), entryValue: quote(0n), fundingIndex: 0n }],
      collateral: [],
    });
    const screen = new LoneScreen(columns, view(60_600_000_000n), now);
    const sure = screen.sure(0);
    return [sure, sure ? screen.fallen : undefined];
  };
  const usdc = 1_000_000n;
  const table: readonly (readonly [equity: bigint, sure: boolean, fallen: bigint | undefined])[] = [
    // A fall of 600 ago: 3,600 of 1,515, and 2,860.
    [3_000n * usdc, true, undefined],
    [2_260n * usdc, true, undefined],
    [2_250n * usdc + 20n, true, undefined],
    [2_250n * usdc, false, undefined],
    [2_250n * usdc - 20n, true, 1_500_000n],
    [1_700n * usdc, true, 1_200_000n],
    [1_600n * usdc, true, 1_100_000n],
    [1_500n * usdc, false, undefined],
    [1_400n * usdc, false, undefined],
  ];
  for (const [own, sure, fallen] of table) assert.deepEqual(asks(own), [sure, fallen], `with ${own}`);
});

test('is sure of nobody with a second position, collateral, or another market', () => {
  const position = (marketId: number) => ({
    marketId,
    quantity: base(100_000_000n),
    entryValue: quote(0n),
    fundingIndex: 0n,
  });
  const view = market({ id: 7, quoteDivisor: 10n ** 8n, markPrice: price(60_000_000_000n) });
  const cash = quote(10n ** 12n);
  const columns = new AccountColumns();
  const held = [
    { key: 'a', cash, positions: [position(7)], collateral: [] },
    { key: 'b', cash, positions: [position(7), position(8)], collateral: [] },
    { key: 'c', cash, positions: [position(8)], collateral: [] },
    { key: 'd', cash, positions: [], collateral: [] },
    { key: 'e', cash, positions: [position(7)], collateral: [{ assetId: 1, amount: 5n }] },
  ];
  for (const [slot, account] of held.entries()) columns.set(slot, account);
  const screen = new LoneScreen(columns, view, view);
  assert.deepEqual(
    held.map((_, slot) => screen.sure(slot)),
    [true, false, false, false, false],
  );
});
