import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { Params } from '../../gen/plimsoll/insurance/v1/insurance.js';
import {
  QueryTrancheRequest,
  QueryTrancheResponse,
  QueryTranchesResponse,
} from '../../gen/plimsoll/insurance/v1/query.js';
import { AppError } from '../../runtime/baseapp/errors.js';
import { Router } from '../../runtime/baseapp/router.js';
import { Workbench, testBlock } from '../../runtime/baseapp/testing/workbench.js';
import { moduleAddress, toBech32 } from '../../runtime/crypto/address.js';
import { AuthKeeper } from '../auth/keeper.js';
import { AuthModule } from '../auth/module.js';
import { BankKeeper } from '../bank/keeper.js';
import { BankModule } from '../bank/module.js';
import { InsuranceKeeper, collateralDenom, moduleName } from './keeper.js';
import { InsuranceModule, defaultParams } from './module.js';

const authority = toBech32(moduleAddress('gov'));
const giver = new Uint8Array(20).fill(7);
const none = new Uint8Array(0);

interface World {
  readonly bench: Workbench;
  readonly bank: BankKeeper;
  readonly keeper: InsuranceKeeper;
  readonly module: InsuranceModule;
  readonly router: Router;
}

async function open(): Promise<World> {
  const bench = await Workbench.open([
    { name: 'auth', kind: 'committed' },
    { name: 'bank', kind: 'committed' },
    { name: 'insurance', kind: 'committed' },
    { name: 'transient_insurance', kind: 'transient' },
  ]);
  const auth = new AuthKeeper();
  const bank = new BankKeeper(auth, [moduleName]);
  const keeper = new InsuranceKeeper(bank);
  const module = new InsuranceModule(keeper, bench.registry, authority);
  const router = new Router(bench.registry);
  module.register(router);
  const ctx = bench.context();
  for (const each of [new AuthModule(auth, bench.registry, [moduleName]), new BankModule(bank, bench.registry)]) {
    each.initGenesis(ctx, each.defaultGenesis());
  }
  return { bench, bank, keeper, module, router };
}

let world: World;
beforeEach(async () => {
  world = await open();
});

function refuses(work: () => unknown, code: string, text: RegExp): void {
  assert.throws(work, (error) => {
    assert.ok(error instanceof AppError, String(error));
    assert.equal(`${error.codespace}/${error.code}`, code, error.message);
    assert.match(error.message, text);
    return true;
  });
}

const seeded = (): void => {
  const { bench, bank, keeper, module } = world;
  module.initGenesis(bench.context(), module.defaultGenesis());
  bank.mint(bench.context(), giver, collateralDenom, 5_000n);
  keeper.openTranche(bench.context(), 1);
  keeper.contributeFrom(bench.context(), 1, giver, 1_000n);
};

describe('Contribute', () => {
  const give = (changes: object = {}): unknown =>
    world.router.execute(world.bench.context(), 'plimsoll.insurance.v1.MsgContribute', {
      contributor: toBech32(giver),
      marketId: 1,
      amount: { denom: collateralDenom, amount: '250' },
      ...changes,
    });

  test('adds to the tranche', () => {
    seeded();
    give();
    assert.equal(world.keeper.balance(world.bench.context(), 1), 1_250n);
    assert.equal(world.bank.balance(world.bench.context(), giver, collateralDenom), 3_750n);
  });

  const bad: readonly (readonly [what: string, changes: object, code: string, text: RegExp])[] = [
    ['from no address', { contributor: 'plim1xyz' }, 'sdk/7', /contributor/],
    ['to a market without tranche', { marketId: 8 }, 'insurance/3', /market_id: 8: tranche not found/],
    ['without amount', { amount: undefined }, 'insurance/4', /only uusdc is taken/],
    ['of another coin', { amount: { denom: 'uplim', amount: '1' } }, 'insurance/4', /"uplim"; only uusdc/],
    ['of nothing', { amount: { denom: collateralDenom, amount: '0' } }, 'sdk/10', /amount: "0"/],
    ['of less than nothing', { amount: { denom: collateralDenom, amount: '-1' } }, 'sdk/10', /amount: "-1"/],
    ['of more than there is', { amount: { denom: collateralDenom, amount: '4001' } }, 'sdk/5', /4000uusdc/],
  ];
  for (const [what, changes, code, text] of bad) {
    test(`${what} is refused`, () => {
      seeded();
      refuses(() => give(changes), code, text);
      assert.equal(world.keeper.balance(world.bench.context(), 1), 1_000n);
    });
  }
});

describe('UpdateParams', () => {
  const update = (params: Params | undefined, by = authority): unknown =>
    world.router.execute(world.bench.context(), 'plimsoll.insurance.v1.MsgUpdateParams', { authority: by, params });

  test('changes the caps, for governance only', () => {
    seeded();
    const changed = { eventCapPpm: 100_000, windowCapPpm: 200_000 };
    refuses(() => update(changed, toBech32(giver)), 'insurance/2', /authority/);
    update(changed);
    assert.equal(world.keeper.available(world.bench.context(), 1), 100n);
  });

  const bad: readonly (readonly [params: Params | undefined, text: RegExp])[] = [
    [undefined, /params: missing/],
    [{ eventCapPpm: 500_001, windowCapPpm: 800_000 }, /event_cap_ppm: 500001; at most 500000/],
    [{ eventCapPpm: 500_000, windowCapPpm: 499_999 }, /window_cap_ppm: 499999; expected event_cap_ppm to 1000000/],
    [{ eventCapPpm: 500_000, windowCapPpm: 1_000_001 }, /window_cap_ppm: 1000001/],
  ];
  for (const [params, text] of bad) {
    test(`refuses ${text.source}`, () => {
      seeded();
      refuses(() => update(params), 'insurance/5', text);
    });
  }
});

describe('queries', () => {
  test('a tranche with what it would let out now', () => {
    seeded();
    const request = QueryTrancheRequest.encode({ marketId: 1 }).finish();
    const answer = world.router.query(world.bench.context(), '/plimsoll.insurance.v1.Query/Tranche', request);
    const { tranche, available } = QueryTrancheResponse.decode(answer);
    assert.deepEqual([tranche!.balance, tranche!.totalIn, available], ['1000', '1000', '500']);
  });

  test('a tranche that does not exist', () => {
    seeded();
    const request = QueryTrancheRequest.encode({ marketId: 2 }).finish();
    const ask = (): unknown =>
      world.router.query(world.bench.context(), '/plimsoll.insurance.v1.Query/Tranche', request);
    refuses(ask, 'sdk/22', /tranche of market 2 not found/);
  });

  test('all tranches in market order', () => {
    seeded();
    for (const id of [300, 2]) world.keeper.openTranche(world.bench.context(), id);
    const answer = world.router.query(world.bench.context(), '/plimsoll.insurance.v1.Query/Tranches', none);
    assert.deepEqual(
      QueryTranchesResponse.decode(answer).tranches.map(({ marketId }) => marketId),
      [1, 2, 300],
    );
  });
});

describe('genesis', () => {
  const params = { event_cap_ppm: defaultParams.eventCapPpm, window_cap_ppm: defaultParams.windowCapPpm };
  const tranche = {
    market_id: 1,
    balance: '700',
    window_start_ms: (testBlock.timeMs - 1_000n).toString(),
    window_opening: '1000',
    window_paid: '300',
    total_in: '1000',
    total_out: '300',
  };
  const second = { ...tranche, market_id: 2, balance: '50' };

  test('comes out as it went in, caps half used included', () => {
    const { bench, bank, keeper, module } = world;
    bank.mint(bench.context(), moduleAddress(moduleName), collateralDenom, 750n);
    const state = { params, tranches: [tranche, second] };
    module.validateGenesis(state);
    module.initGenesis(bench.context(), state);
    assert.deepEqual(module.exportGenesis(bench.context()), state);
    assert.equal(keeper.totalBalance(bench.context()), 750n);
    assert.equal(keeper.available(bench.context(), 1), 500n);
    assert.equal(keeper.available(bench.context(), 2), 50n);
  });

  for (const held of [749n, 751n]) {
    test(`INV-I3 is refused when the account holds ${held} and the tranches sum to 750`, () => {
      const { bench, bank, module } = world;
      bank.mint(bench.context(), moduleAddress(moduleName), collateralDenom, held);
      assert.throws(
        () => module.initGenesis(bench.context(), { params, tranches: [tranche, second] }),
        new Error(`insurance.tranches: balances sum to 750uusdc, the module account holds ${held}uusdc`),
      );
    });
  }

  const bad: readonly (readonly [what: string, state: unknown, text: RegExp])[] = [
    ['without parameters', { tranches: [] }, /insurance.params: missing/],
    ['with bad parameters', { params: { ...params, event_cap_ppm: 600_000 } }, /event_cap_ppm: 600000/],
    ['with a market twice', { params, tranches: [tranche, tranche] }, /tranches\[1\].market_id: 1 is listed twice/],
    ['without balance', { params, tranches: [{ market_id: 1 }] }, /tranches\[0\].balance: "" is not an amount/],
    ['with a negative balance', { params, tranches: [{ ...tranche, balance: '-1' }] }, /tranches\[0\].balance: "-1"/],
    [
      'with a bad window',
      { params, tranches: [second, { ...tranche, window_paid: '1.5' }] },
      /\[1\].window_paid: "1.5"/,
    ],
    ['with a bad total', { params, tranches: [{ ...tranche, total_in: 'all' }] }, /\[0\].total_in: "all"/],
    ['with an unknown field', { params, pools: [] }, /pools/],
  ];
  for (const [what, state, text] of bad) {
    test(`${what} is refused`, () => assert.throws(() => world.module.validateGenesis(state), text));
  }
});
