import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { TrancheKind } from '../../gen/plimsoll/insurance/v1/insurance.js';
import {
  QuerySharesRequest,
  QuerySharesResponse,
  QueryTrancheRequest,
  QueryTrancheResponse,
} from '../../gen/plimsoll/insurance/v1/query.js';
import { AppError } from '../../runtime/baseapp/errors.js';
import { Router } from '../../runtime/baseapp/router.js';
import { Workbench } from '../../runtime/baseapp/testing/workbench.js';
import { moduleAddress, toBech32 } from '../../runtime/crypto/address.js';
import { AuthKeeper } from '../auth/keeper.js';
import { AuthModule } from '../auth/module.js';
import { BankKeeper } from '../bank/keeper.js';
import { BankModule } from '../bank/module.js';
import { InsuranceKeeper, collateralDenom, moduleName } from './keeper.js';
import { InsuranceModule } from './module.js';
import { defaultParams } from './params.js';
import { balanceOf, classTranche, globalTranche, marketTranche, type SolvencyClass, type TrancheId } from './types.js';

const runs = Number(process.env['PLIMSOLL_FC_RUNS'] ?? '40');
const authority = toBech32(moduleAddress('gov'));
const perps = 'perps';
const usdc = 1_000_000n;
const dayMs = 86_400_000n;
const people = [7, 8, 9].map((fill) => new Uint8Array(20).fill(fill));
const [ann, ben] = people as [Uint8Array, Uint8Array];
/** Class of each market. */
const classes: Readonly<Record<number, SolvencyClass>> = { 1: 'A', 2: 'B', 3: 'C', 4: 'D' };

class World {
  calm = true;
  private constructor(
    readonly bench: Workbench,
    readonly bank: BankKeeper,
    readonly keeper: InsuranceKeeper,
    readonly module: InsuranceModule,
    readonly router: Router,
  ) {}

  static async open(): Promise<World> {
    const bench = await Workbench.open([
      { name: 'auth', kind: 'committed' },
      { name: 'bank', kind: 'committed' },
      { name: 'insurance', kind: 'committed' },
      { name: 'transient_insurance', kind: 'transient' },
    ]);
    const auth = new AuthKeeper();
    const bank = new BankKeeper(auth, [moduleName, perps]);
    const keeper = new InsuranceKeeper(bank, { classOf: (_, id) => classes[id], isCalm: () => world.calm });
    const module = new InsuranceModule(keeper, bench.registry, authority);
    const router = new Router(bench.registry);
    module.register(router);
    const world: World = new World(bench, bank, keeper, module, router);
    const ctx = bench.context();
    for (const each of [
      new AuthModule(auth, bench.registry, [moduleName, perps]),
      new BankModule(bank, bench.registry),
      module,
    ])
      each.initGenesis(ctx, each.defaultGenesis());
    for (const id of [1, 2, 3, 4]) keeper.openTranche(ctx, id);
    bank.mint(ctx, moduleAddress(perps), collateralDenom, 1_000_000n * usdc);
    for (const person of people) bank.mint(ctx, person, collateralDenom, 1_000_000n * usdc);
    return world;
  }

  get ctx() {
    return this.bench.context();
  }

  balance(id: TrancheId): bigint {
    return balanceOf(this.keeper.tranche(this.ctx, id)!);
  }

  wallet(person: Uint8Array): bigint {
    return this.bank.balance(this.ctx, person, collateralDenom);
  }

  give(id: TrancheId, amount: bigint): void {
    this.keeper.contributeFrom(this.ctx, id, people[2]!, amount);
  }

  execute(name: string, message: object): unknown {
    return this.router.execute(this.ctx, `plimsoll.insurance.v1.${name}`, message);
  }

  deposit(person: Uint8Array, amount: bigint, tranche: object = market1): void {
    this.execute('MsgDeposit', { owner: toBech32(person), tranche, amount: coin(amount) });
  }

  requestExit(person: Uint8Array, shares: bigint): void {
    this.execute('MsgRequestExit', { owner: toBech32(person), tranche: market1, shares: shares.toString() });
  }

  shares(person: Uint8Array): bigint {
    return this.keeper.store.shares(this.ctx, marketTranche(1), person);
  }

  async block(afterMs = 1_000n): Promise<void> {
    this.module.endBlock(this.ctx);
    await this.bench.nextBlock(afterMs);
  }

  async days(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await this.block(dayMs);
  }

  /** INV-I3 and the module's own identity. */
  check(): void {
    const { ctx, keeper } = this;
    assert.equal(keeper.totalBalance(ctx), keeper.recount(ctx));
    assert.equal(keeper.totalBalance(ctx), keeper.moduleBalance(ctx));
    for (const tranche of keeper.store.tranches(ctx)) {
      assert.ok(tranche.junior >= 0n && tranche.senior >= 0n);
      assert.equal(balanceOf(tranche), tranche.totalIn - tranche.totalOut);
    }
  }
}

const market1 = { kind: TrancheKind.TRANCHE_KIND_MARKET, number: 1 };
const coin = (amount: bigint, denom = collateralDenom) => ({ denom, amount: amount.toString() });

let world: World;
beforeEach(async () => {
  world = await World.open();
});

function refuses(work: () => unknown, code: string, text: RegExp): void {
  assert.throws(work, (error) => {
    assert.ok(error instanceof AppError, String(error));
    assert.equal(`${error.codespace}/${error.code}`, code, error.message);
    assert.match(error.message, text);
    return true;
  });
}

describe('a deficit', () => {
  const fill = (amount = 1_000n): void => {
    for (const id of [1, 2, 3, 4]) world.give(marketTranche(id), amount);
    for (const name of ['A', 'B', 'C'] as const) world.give(classTranche(name), amount);
    world.give(globalTranche, amount);
  };
  /** What each of market, class and global tranche lost. */
  const pay = (marketId: number, deficit: bigint): readonly bigint[] => {
    const name = classes[marketId]!;
    const ids = [marketTranche(marketId), ...(name === 'D' ? [] : [classTranche(name)]), globalTranche];
    const before = ids.map((id) => world.balance(id));
    const paid = world.keeper.pay(world.ctx, marketId, deficit, perps);
    const lost = ids.map((id, index) => before[index]! - world.balance(id));
    assert.equal(
      paid,
      lost.reduce((sum, each) => sum + each, 0n),
    );
    return lost;
  };

  test('draws on the market, then on the class, then on all, each up to its share of one event', () => {
    fill();
    assert.deepEqual(pay(1, 400n), [400n, 0n, 0n]);
    assert.deepEqual(pay(1, 200n), [100n, 100n, 0n]);
    assert.deepEqual(pay(1, 10_000n), [0n, 50n, 50n]);
    assert.deepEqual(pay(1, 10_000n), [0n, 0n, 0n]);
  });

  test('INV-C2 of class C takes a quarter of its class in 24 hours, and nothing of the others', async () => {
    fill();
    const drawn = [pay(3, 10_000n)];
    await world.block();
    drawn.push(pay(3, 10_000n));
    await world.block();
    drawn.push(pay(3, 10_000n));
    assert.deepEqual(drawn, [
      [500n, 150n, 0n],
      [250n, 100n, 0n],
      [50n, 0n, 0n],
    ]);
  });

  test('INV-C1 of class D moves no tranche but its own', () => {
    fill();
    const before = [...world.keeper.store.tranches(world.ctx)];
    assert.deepEqual(pay(4, 10_000n), [500n, 0n]);
    const changed = [...world.keeper.store.tranches(world.ctx)].filter((each, index) => each !== before[index]);
    assert.deepEqual(
      changed.map(({ id }) => id),
      [marketTranche(4)],
    );
  });

  test('of class B takes half as much of the global tranche in a day as one of class A', async () => {
    fill();
    const total = async (marketId: number): Promise<bigint> => {
      let sum = 0n;
      for (let i = 0; i < 5; i++) {
        sum += pay(marketId, 10_000n)[2]!;
        await world.block();
      }
      return sum;
    };
    assert.equal(await total(2), 50n);
    assert.equal(await total(1), 50n, 'the rest of 10 %');
  });

  test('of a market that nobody listed is paid by nobody', () => {
    fill();
    assert.equal(world.keeper.pay(world.ctx, 9, 5n, perps), 0n);
  });

  test('is nothing when it is zero or less', () => {
    fill();
    assert.deepEqual([world.keeper.pay(world.ctx, 1, 0n, perps), world.keeper.pay(world.ctx, 1, -5n, perps)], [0n, 0n]);
  });

  test('that fails in a branch leaves no trace, also not of the event', () => {
    fill();
    assert.throws(
      () =>
        world.ctx.atomically((ctx) => {
          world.keeper.pay(ctx, 1, 400n, perps);
          throw new Error('later step');
        }),
      /later step/,
    );
    assert.deepEqual(pay(1, 500n), [500n, 0n, 0n]);
  });

  test('costs depositors nothing while the junior slice lasts', () => {
    world.give(marketTranche(1), 200n * usdc);
    world.deposit(ann, 300n * usdc);
    pay(1, 150n * usdc);
    assert.deepEqual([world.keeper.tranche(world.ctx, marketTranche(1))!.senior], [300n * usdc]);
    pay(1, 100n * usdc);
    assert.equal(world.keeper.tranche(world.ctx, marketTranche(1))!.senior, 250n * usdc);
  });
});

describe('fees', () => {
  test('feed the three tranches of a market with 3, 5 and 2 % until they have their targets', () => {
    const { keeper } = world;
    for (const id of [marketTranche(1), classTranche('A'), globalTranche]) keeper.setTarget(world.ctx, id, 1_000n);
    assert.equal(keeper.contributeFees(world.ctx, 1, perps, 10_000n), 1_000n);
    assert.deepEqual(
      [marketTranche(1), classTranche('A'), globalTranche].map((id) => world.balance(id)),
      [300n, 500n, 200n],
    );
    world.give(classTranche('A'), 750n);
    assert.equal(keeper.contributeFees(world.ctx, 1, perps, 10_000n), 300n + 250n + 200n);
    world.give(classTranche('A'), 1_000n);
    assert.equal(keeper.contributeFees(world.ctx, 1, perps, 10_000n), 300n + 200n);
    world.check();
  });
});

describe('an exit', () => {
  beforeEach(() => {
    world.give(marketTranche(1), 1_000n * usdc);
    world.deposit(ann, 1_000n * usdc);
    world.deposit(ben, 3_000n * usdc);
  });

  test('is paid at the first epoch after 14 days, at the price of that day', async () => {
    const before = world.wallet(ann);
    world.requestExit(ann, world.shares(ann) / 2n);
    await world.days(14);
    assert.equal(world.wallet(ann), before);
    // Income of the fortnight is for those who are on their way out, too.
    world.keeper.contribute(world.ctx, 1, perps, 500n * usdc);
    await world.days(2);
    const got = world.wallet(ann) - before;
    assert.ok(got >= 549_999_999n && got <= 550_000_000n, String(got));
    world.check();
  });

  test('and those who stay lose the same for each share while it cools down', async () => {
    world.requestExit(ann, world.shares(ann));
    await world.days(10);
    world.keeper.pay(world.ctx, 1, 2_500n * usdc, perps);
    const { shares, senior } = world.keeper.tranche(world.ctx, marketTranche(1))!;
    assert.equal((senior * world.shares(ann)) / shares, (senior * world.shares(ben)) / shares / 3n);
    world.check();
  });

  test('waits while its market does not trade normally', async () => {
    const before = world.wallet(ann);
    world.requestExit(ann, world.shares(ann) / 10n);
    world.calm = false;
    await world.days(20);
    assert.equal(world.wallet(ann), before);
    world.calm = true;
    await world.days(2);
    assert.ok(world.wallet(ann) > before);
  });

  test('of many at once lets a fifth out each day, everybody in proportion', async () => {
    const wallets = [world.wallet(ann), world.wallet(ben)] as const;
    world.requestExit(ann, world.shares(ann));
    world.requestExit(ben, world.shares(ben));
    await world.days(16);
    const got = [world.wallet(ann) - wallets[0], world.wallet(ben) - wallets[1]] as const;
    assert.ok(got[0] > 199n * usdc && got[0] <= 200n * usdc, String(got[0]));
    assert.ok(got[1] > 599n * usdc && got[1] <= 600n * usdc, String(got[1]));
    assert.equal([...world.keeper.store.exits(world.ctx)].length, 2, 'the rest waits for the next epoch');
    await world.days(1);
    assert.ok(world.wallet(ann) - wallets[0] > 359n * usdc);
    world.check();
  });

  test('can be taken back, and asking for more begins anew', async () => {
    world.requestExit(ann, 5n);
    await world.days(10);
    world.requestExit(ann, 6n);
    const [exit] = [...world.keeper.store.exits(world.ctx)];
    assert.equal(exit!.shares, 11n);
    assert.equal(exit!.readyMs, world.ctx.block.timeMs + 14n * dayMs);
    assert.deepEqual(world.execute('MsgCancelExit', { owner: toBech32(ann), tranche: market1 }) !== undefined, true);
    assert.deepEqual([...world.keeper.store.exits(world.ctx)], []);
    await world.days(16);
    world.check();
  });

  test('is shown with what it is worth', () => {
    world.requestExit(ann, 7n);
    const request = QuerySharesRequest.encode({ owner: toBech32(ann) }).finish();
    const { holdings } = QuerySharesResponse.decode(
      world.router.query(world.ctx, '/plimsoll.insurance.v1.Query/Shares', request),
    );
    assert.deepEqual(
      holdings.map(({ value, exit }) => [value, exit?.shares]),
      [['1000000000', '7']],
    );
  });
});

describe('refused', () => {
  const owner = toBech32(ann);
  const cases: readonly (readonly [string, string, object, string, RegExp])[] = [
    ['a gift of another coin', 'MsgContribute', { contributor: owner, tranche: market1, amount: coin(1n, 'uplim') }, 'insurance/4', /"uplim"; only uusdc/],
    ['a gift of nothing', 'MsgContribute', { contributor: owner, tranche: market1, amount: coin(0n) }, 'sdk/10', /amount: "0"/],
    ['a gift to no tranche', 'MsgContribute', { contributor: owner, amount: coin(1n) }, 'insurance/3', /expected a market/],
    ['a gift to a class without tranche', 'MsgContribute', { contributor: owner, tranche: { kind: 2, number: 4 }, amount: coin(1n) }, 'insurance/3', /1 \(A\) to 3 \(C\)/],
    ['a gift to an unknown market', 'MsgContribute', { contributor: owner, tranche: { kind: 1, number: 8 }, amount: coin(1n) }, 'insurance/3', /market 8: tranche not found/],
    ['a small deposit', 'MsgDeposit', { owner, tranche: market1, amount: coin(9_999_999n) }, 'insurance/6', /9999999; at least 10000000/],
    ['a deposit that leaves too little junior', 'MsgDeposit', { owner, tranche: market1, amount: coin(10n * usdc) }, 'insurance/7', /market 1 takes 0 more while its junior slice is 0/],
    ['an exit of nothing', 'MsgRequestExit', { owner, tranche: market1, shares: '0' }, 'insurance/8', /"0"/],
    ['an exit of more than there is', 'MsgRequestExit', { owner, tranche: market1, shares: '1' }, 'insurance/9', /held are 0/],
    ['taking nothing back', 'MsgCancelExit', { owner, tranche: market1 }, 'insurance/10', /asked for nothing of market 1/],
    ['parameters by anybody', 'MsgUpdateParams', { authority: owner, params: defaultParams }, 'insurance/2', /authority/],
    ['an event cap above a half', 'MsgUpdateParams', { authority, params: { ...defaultParams, classEventCapPpm: 500_001 } }, 'insurance/5', /class_event_cap_ppm: 500001; expected 0 to 500000/],
    ['no skin in the game', 'MsgUpdateParams', { authority, params: { ...defaultParams, juniorSharePpm: 99_999 } }, 'insurance/5', /junior_share_ppm/],
  ]; // prettier-ignore
  for (const [what, name, message, code, text] of cases)
    test(what, () => refuses(() => world.execute(name, message), code, text));
});

describe('queries and genesis', () => {
  test('a tranche tells what it could pay, what its shares cost and what they earned', async () => {
    world.give(marketTranche(1), 1_000n * usdc);
    world.deposit(ann, 1_000n * usdc);
    await world.days(2);
    world.keeper.contribute(world.ctx, 1, perps, 100n * usdc);
    const answer = QueryTrancheResponse.decode(
      world.router.query(
        world.ctx,
        '/plimsoll.insurance.v1.Query/Tranche',
        QueryTrancheRequest.encode(market1).finish(),
      ),
    );
    assert.equal(answer.available, '1050000000');
    assert.equal(answer.sharePrice, '1049999');
    assert.equal(answer.yieldPpm, 49_999n);
    assert.equal(answer.depositRoom, (9n * 1_050n * usdc - 1_050n * usdc).toString());
  });

  test('comes out as it went in, in the middle of an epoch', async () => {
    world.give(marketTranche(1), 1_000n * usdc);
    world.deposit(ann, 1_000n * usdc);
    world.deposit(ben, 1_000n * usdc);
    world.requestExit(ann, world.shares(ann));
    await world.days(15);
    world.module.endBlock(world.ctx);
    assert.equal([...world.keeper.store.payouts(world.ctx)].length, 1);
    const state = world.module.exportGenesis(world.ctx);
    const other = await World.open();
    world.module.validateGenesis(state);
    other.bank.mint(other.ctx, moduleAddress(moduleName), collateralDenom, world.keeper.totalBalance(world.ctx));
    other.module.initGenesis(other.ctx, state);
    assert.deepEqual(other.module.exportGenesis(other.ctx), state);
    other.check();
  });

  test('is refused when the account holds another sum', async () => {
    world.give(marketTranche(1), 5n);
    const state = world.module.exportGenesis(world.ctx);
    const other = await World.open();
    assert.throws(() => other.module.initGenesis(other.ctx, state), /sum to 5uusdc, the module account holds 0uusdc/);
  });
});

test('INV-I1..I4 whatever happens, the account holds what the tranches say and no depositor gains from another', async () => {
  const person = fc.integer({ min: 0, max: 2 });
  const step = fc.oneof(
    fc.record({ kind: fc.constant('deposit' as const), person, amount: fc.bigInt({ min: 10n, max: 500n }) }),
    fc.record({ kind: fc.constant('exit' as const), person, percent: fc.bigInt({ min: 1n, max: 100n }) }),
    fc.record({ kind: fc.constant('loss' as const), amount: fc.bigInt({ min: 1n, max: 400n }) }),
    fc.record({ kind: fc.constant('income' as const), amount: fc.bigInt({ min: 1n, max: 200n }) }),
    fc.record({ kind: fc.constant('day' as const) }),
    fc.record({ kind: fc.constant('fortnight' as const) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30 }), async (steps) => {
      world = await World.open();
      world.give(marketTranche(1), 1_000n * usdc);
      const price = (): readonly [bigint, bigint] => {
        const { shares, senior } = world.keeper.tranche(world.ctx, marketTranche(1))!;
        return [senior + 1n, shares + 1_000_000n];
      };
      for (const each of steps) {
        const [assets, shares] = price();
        try {
          if (each.kind === 'deposit') world.deposit(people[each.person]!, each.amount * usdc);
          else if (each.kind === 'exit') {
            const held = world.shares(people[each.person]!);
            world.requestExit(people[each.person]!, (held * each.percent) / 100n);
          } else if (each.kind === 'loss') world.keeper.pay(world.ctx, 1, each.amount * usdc, perps);
          else if (each.kind === 'income') world.keeper.contribute(world.ctx, 1, perps, each.amount * usdc);
          else await world.days(each.kind === 'day' ? 1 : 14);
        } catch (error) {
          if (!(error instanceof AppError)) throw error;
        }
        world.check();
        const [assetsAfter, sharesAfter] = price();
        if (each.kind !== 'loss')
          assert.ok(assetsAfter * shares >= assets * sharesAfter, `${each.kind} lowered the price`);
      }
    }),
    { numRuns: runs },
  );
});
