import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { AppError } from '../../runtime/baseapp/errors.js';
import { Workbench } from '../../runtime/baseapp/testing/workbench.js';
import { moduleAddress } from '../../runtime/crypto/address.js';
import { AuthKeeper } from '../auth/keeper.js';
import { AuthModule } from '../auth/module.js';
import { BankKeeper } from '../bank/keeper.js';
import { BankModule } from '../bank/module.js';
import { windowMs } from './caps.js';
import { InsuranceKeeper, collateralDenom, moduleName } from './keeper.js';
import { defaultParams } from './module.js';

const runs = Number(process.env['PLIMSOLL_FC_RUNS'] ?? '60');
const giver = new Uint8Array(20).fill(7);
const perps = 'perps';
const stores = [
  { name: 'auth', kind: 'committed' },
  { name: 'bank', kind: 'committed' },
  { name: 'insurance', kind: 'committed' },
  { name: 'transient_insurance', kind: 'transient' },
] as const;

interface Setup {
  readonly bench: Workbench;
  readonly bank: BankKeeper;
  readonly insurance: InsuranceKeeper;
}

/** Real bank and insurance; the perps account and a person have money. */
async function setup(): Promise<Setup> {
  const bench = await Workbench.open(stores);
  const auth = new AuthKeeper();
  const bank = new BankKeeper(auth, [moduleName, perps]);
  const insurance = new InsuranceKeeper(bank);
  const ctx = bench.context();
  const authModule = new AuthModule(auth, bench.registry, [moduleName, perps]);
  const bankModule = new BankModule(bank, bench.registry);
  authModule.initGenesis(ctx, authModule.defaultGenesis());
  bankModule.initGenesis(ctx, bankModule.defaultGenesis());
  bank.mint(ctx, moduleAddress(perps), collateralDenom, 1_000_000n);
  bank.mint(ctx, giver, collateralDenom, 1_000_000n);
  insurance.setParams(ctx, defaultParams);
  return { bench, bank, insurance };
}

let bench: Workbench;
let bank: BankKeeper;
let insurance: InsuranceKeeper;
beforeEach(async () => {
  ({ bench, bank, insurance } = await setup());
});

const contribute = (market: number, amount: bigint): void =>
  insurance.contribute(bench.context(), market, perps, amount);
const pay = (market: number, deficit: bigint): bigint => insurance.pay(bench.context(), market, deficit, perps);
const balance = (market: number): bigint => insurance.balance(bench.context(), market);

describe('a contribution', () => {
  test("moves money from the module into the market's tranche and opens it", () => {
    contribute(1, 1_000n);
    contribute(2, 30n);
    contribute(1, 1n);
    assert.deepEqual([balance(1), balance(2), insurance.totalBalance(bench.context())], [1_001n, 30n, 1_031n]);
    assert.equal(bank.moduleBalance(bench.context(), perps, collateralDenom), 1_000_000n - 1_031n);
    assert.equal(insurance.tranche(bench.context(), 1)!.totalIn, 1_001n);
  });

  test('within a window raises what the window may pay', () => {
    contribute(1, 1_000n);
    assert.equal(insurance.available(bench.context(), 1), 500n);
    contribute(1, 1_000n);
    assert.equal(insurance.available(bench.context(), 1), 1_000n);
  });

  test('says so in an event', () => {
    const ctx = bench.context();
    insurance.contribute(ctx, 1, perps, 10n);
    const event = ctx.events.list().find(({ type }) => type === 'plimsoll.insurance.v1.EventContribution');
    assert.deepEqual(event!.attributes, [
      ['market_id', '1'],
      ['amount', '"10"'],
      ['balance', '"10"'],
    ]);
  });

  test('of a person needs a tranche and the money', () => {
    const ctx = bench.context();
    assert.throws(
      () => insurance.contributeFrom(ctx, 9, giver, 5n),
      (error) => error instanceof AppError && error.codespace === 'insurance' && error.code === 3,
    );
    insurance.openTranche(ctx, 9);
    assert.throws(
      () => insurance.contributeFrom(ctx, 9, giver, 1_000_001n),
      (error) => error instanceof AppError && error.codespace === 'sdk' && error.code === 5,
    );
    assert.equal(balance(9), 0n);
    insurance.contributeFrom(ctx, 9, giver, 1_000_000n);
    assert.equal(balance(9), 1_000_000n);
  });
});

describe('a payment', () => {
  test('covers a deficit below the cap in full', () => {
    contribute(1, 1_000n);
    assert.equal(pay(1, 120n), 120n);
    assert.equal(balance(1), 880n);
    assert.equal(insurance.tranche(bench.context(), 1)!.totalOut, 120n);
    assert.equal(bank.moduleBalance(bench.context(), moduleName, collateralDenom), 880n);
  });

  test('counts all deficits of one market in one block as one event', () => {
    contribute(1, 1_000n);
    assert.deepEqual([pay(1, 300n), pay(1, 300n), pay(1, 300n)], [300n, 200n, 0n]);
  });

  test('of the next block is another event of the same window', async () => {
    contribute(1, 1_000n);
    const first = pay(1, 10_000n);
    await bench.nextBlock();
    const second = pay(1, 10_000n);
    await bench.nextBlock();
    assert.deepEqual([first, second, pay(1, 10_000n), balance(1)], [500n, 300n, 0n, 200n]);
  });

  test('after 24 hours is capped by what the tranche has then', async () => {
    contribute(1, 1_000n);
    pay(1, 10_000n);
    await bench.nextBlock(windowMs - 1n);
    assert.equal(insurance.available(bench.context(), 1), 300n);
    await bench.nextBlock(1n);
    assert.equal(insurance.available(bench.context(), 1), 250n);
    assert.equal(pay(1, 10_000n), 250n);
  });

  test("takes nothing from another market's tranche", () => {
    contribute(1, 1_000n);
    contribute(2, 1_000n);
    pay(1, 10_000n);
    assert.equal(balance(2), 1_000n);
    assert.equal(insurance.available(bench.context(), 2), 500n);
  });

  test('is nothing for a market without tranche, without money or without deficit', () => {
    insurance.openTranche(bench.context(), 2);
    contribute(3, 100n);
    assert.deepEqual([pay(1, 5n), pay(2, 5n), pay(3, 0n), pay(3, -5n)], [0n, 0n, 0n, 0n]);
    assert.equal(balance(3), 100n);
  });

  test('that fails in a branch leaves no trace, also not of the event cap', () => {
    contribute(1, 1_000n);
    assert.throws(
      () =>
        bench.context().atomically((ctx) => {
          insurance.pay(ctx, 1, 400n, perps);
          throw new Error('later step');
        }),
      /later step/,
    );
    assert.deepEqual([balance(1), insurance.available(bench.context(), 1)], [1_000n, 500n]);
  });
});

test('opening a tranche twice keeps its money', () => {
  contribute(1, 10n);
  insurance.openTranche(bench.context(), 1);
  assert.equal(balance(1), 10n);
});

test('INV-I1, INV-I3 whatever happens, the account holds the sum of the tranches and the caps hold', async () => {
  const market = fc.integer({ min: 1, max: 3 });
  const amount = fc.bigInt({ min: 1n, max: 3_000n });
  const step = fc.oneof(
    fc.record({ kind: fc.constant('contribute' as const), market, amount }),
    fc.record({ kind: fc.constant('pay' as const), market, amount }),
    fc.record({ kind: fc.constant('block' as const), afterMs: fc.constantFrom(1_000n, windowMs / 2n, windowMs) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
      const world = await setup();
      const book = new Map<number, bigint>();
      let paidInBlock = new Map<number, bigint>();
      for (const each of steps) {
        if (each.kind === 'block') {
          await world.bench.nextBlock(each.afterMs);
          paidInBlock = new Map();
          continue;
        }
        const ctx = world.bench.context();
        const before = book.get(each.market) ?? 0n;
        if (each.kind === 'contribute') {
          world.insurance.contribute(ctx, each.market, perps, each.amount);
          book.set(each.market, before + each.amount);
        } else {
          const offered = world.insurance.available(ctx, each.market);
          const paid = world.insurance.pay(ctx, each.market, each.amount, perps);
          assert.equal(paid, each.amount < offered ? each.amount : offered);
          book.set(each.market, before - paid);
          const event = (paidInBlock.get(each.market) ?? 0n) + paid;
          paidInBlock.set(each.market, event);
          const tranche = world.insurance.tranche(ctx, each.market);
          if (tranche !== undefined) {
            assert.ok(event * 2n <= tranche.windowOpening);
            assert.ok(tranche.windowPaid * 10n <= tranche.windowOpening * 8n);
            assert.equal(tranche.totalIn - tranche.totalOut, tranche.balance);
          }
        }
        let sum = 0n;
        for (const [id, expected] of book) {
          assert.ok(expected >= 0n);
          assert.equal(world.insurance.balance(ctx, id), expected);
          sum += expected;
        }
        assert.equal(world.insurance.totalBalance(ctx), sum);
        assert.equal(world.insurance.moduleBalance(ctx), sum);
      }
    }),
    { numRuns: runs },
  );
});
