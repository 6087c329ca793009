import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  QueryAccountRiskRequest,
  QueryAccountRiskResponse,
  QueryAccountsAtRiskRequest,
  QueryAccountsAtRiskResponse,
  QueryLiquidationHistogramRequest,
  QueryLiquidationHistogramResponse,
  QueryMarketRiskRequest,
  QueryMarketRiskResponse,
  QueryMarketRisksRequest,
  QueryMarketRisksResponse,
  QueryStressReportRequest,
  QueryStressReportResponse,
  QueryStressScenariosRequest,
  QueryStressScenariosResponse,
} from '../gen/plimsoll/perps/v1/stress_query.js';
import { Side } from '../gen/plimsoll/perps/v1/types.js';
import type { AppState } from '../app/genesis.js';
import { exportGenesis } from '../app/export.js';
import { mounts } from '../app/mounts.js';
import { createApp } from '../app/app.js';
import { EmbeddedEngine } from '../runtime/engine/engine.js';
import { VirtualClock } from '../runtime/engine/clock.js';
import { ConsensusKey } from '../runtime/engine/consensus-key.js';
import type { GenesisDoc } from '../runtime/engine/genesis-doc.js';
import { silentLogger } from '../runtime/log.js';
import { openStore } from '../runtime/store/index.js';
import { concentration, equity } from '../x/perps/margin/index.js';
import { basisOf } from '../x/perps/stress/chain/basis.js';
import { stressStore } from '../x/perps/stress/chain/store.js';
import { all } from '../x/perps/stress/derived/liquidation-map.js';
import { notional, positionValue } from '../x/perps/units/index.js';
import { eventsOf } from './support/orders.js';
import { btc, usd, usdc } from './support/amounts.js';
import { SetPrices, chainId, testChain, type TestChain } from './support/chain.js';
import { deposit, order } from './support/messages.js';

const minuteMs = 60_000n;

interface StressParamsJson {
  sweep_accounts_per_block: number;
  uninsured_open_interest_a: string;
}
const stressParams = (state: AppState): StressParamsJson =>
  (state['perps'] as unknown as { params: { stress: StressParamsJson } }).params.stress;

/** Three accounts that hold BTC and ETH at ten to fifteen times what they have; the chain stands at half past an hour. */
async function leveraged(change: (state: AppState) => void = () => undefined): Promise<TestChain> {
  const chain = await testChain({ change });
  const [alice, bob, carol] = chain.keys;
  for (let count = 0; count < 4; count++) await chain.block();
  await chain.block([
    chain.sign(alice!, [deposit(alice!, usdc(6_000))]),
    chain.sign(bob!, [deposit(bob!, usdc(100_000))]),
    chain.sign(carol!, [deposit(carol!, usdc(5_000))]),
  ]);
  await chain.block([
    chain.sign(alice!, [order(alice!, Side.SIDE_BUY, btc(1), usd(60_000))]),
    chain.sign(bob!, [order(bob!, Side.SIDE_SELL, btc(1.5), usd(60_000))]),
    chain.sign(carol!, [order(carol!, Side.SIDE_BUY, btc(0.5), usd(60_000))]),
  ]);
  await chain.block([
    chain.sign(bob!, [order(bob!, Side.SIDE_SELL, btc(10), usd(3_000), { marketId: 2, clientId: 2n })]),
    chain.sign(carol!, [order(carol!, Side.SIDE_BUY, btc(10), usd(3_000), { marketId: 2, clientId: 2n })]),
  ]);
  return chain;
}

/** Goes on to the first block of the next hour. */
async function nextHour(chain: TestChain, path: readonly (readonly [string, string])[] = []) {
  const hour = BigInt(chain.engine.timeMs) / (60n * minuteMs);
  let block;
  for (let index = 0; BigInt(chain.engine.timeMs) / (60n * minuteMs) === hour; index++) {
    const [bitcoin, ether] = path[index % Math.max(1, path.length)] ?? ['60000', '3000'];
    chain.prices.set({ 'BTC-USD': bitcoin, 'ETH-USD': ether });
    block = await chain.block([], 5n * minuteMs);
  }
  return block!;
}

/** Sums and targets as section 12.3 says them, account by account and scenario by scenario. */
function bruteForce(chain: TestChain) {
  const ctx = chain.plimsoll.app.queryContext();
  const { keeper } = chain.plimsoll.perpsDeps;
  const basis = basisOf(ctx, chain.plimsoll.perpsDeps);
  const markets = keeper.markets(ctx);
  const number = basis.markets[0]!.shocksPpm.length;
  const sums = new Map<number, bigint[]>([
    [1, Array.from({ length: number }, () => 0n)],
    [2, Array.from({ length: number }, () => 0n)],
  ]);
  const alone: bigint[][] = Array.from({ length: number }, () => []);
  for (const account of keeper.allAccounts(ctx)) {
    if (account.positions.length === 0) continue;
    for (let k = 0; k < number; k++) {
      let scaled = -equity(account, markets) * 1_000_000n;
      const losses = account.positions.map(({ marketId, quantity }) => {
        const market = markets(marketId);
        const size = notional(market, quantity);
        const thin = basis.scenarios[k]?.thinBook === true;
        const depthUnit = thin ? market.depthUnit / 2n : market.depthUnit;
        const cost = (size * 1_000n + 999_999n) / 1_000_000n + concentration({ ...market, depthUnit } as never, size);
        const shock = basis.markets.find((each) => each.marketId === marketId)!.shocksPpm[k]!;
        return [marketId, -positionValue(market, quantity) * shock + cost * 1_000_000n] as const;
      });
      for (const [, loss] of losses) scaled += loss;
      if (scaled <= 0n) continue;
      const whole = (scaled + 999_999n) / 1_000_000n;
      alone[k]!.push(whole);
      const adverse = losses.filter(([, loss]) => loss > 0n);
      const total = adverse.reduce((sum, [, loss]) => sum + loss, 0n);
      // Within a quantum: rounding of parts is the sweep's own affair.
      for (const [id, loss] of adverse) sums.get(id)![k]! += (whole * loss) / total;
    }
  }
  return { sums, alone };
}

const close = (a: bigint, b: bigint, by: bigint): boolean => (a > b ? a - b : b - a) <= by;

describe('the hourly stress test', () => {
  test('INV-S2 finds what a brute force over the state finds, and sets the targets of the tranches', async () => {
    const chain = await leveraged();
    assert.equal(stressStore.report(chain.plimsoll.app.queryContext()), undefined);
    const swings = [
      ['60000', '3000'],
      ['60600', '3060'],
      ['59400', '2910'],
    ] as const;
    const { results } = await nextHour(chain, swings);
    assert.equal(eventsOf(results, 'EventStressReport').length, 1);
    const ctx = chain.plimsoll.app.queryContext();
    const report = stressStore.report(ctx)!;
    assert.equal(report.accounts, 3n);
    assert.ok(report.history >= 3 && report.scenarios >= 24);
    const { sums, alone } = bruteForce(chain);
    for (const id of [1, 2]) {
      const found = report.tranches.find(({ kind, number }) => kind === 1 && number === id)!;
      const worst = [...sums.get(id)!].sort((a, b) => (a > b ? -1 : 1)).slice(0, 6);
      assert.ok(worst[0]! > 0n, `somebody is short in market ${id}`);
      assert.ok(close(BigInt(found.worst[0]!.shortfall), worst[0]!, 3n), `${found.worst[0]!.shortfall} ${worst[0]}`);
      const mean = (worst.reduce((sum, each) => sum + each, 0n) + 5n) / 6n;
      assert.ok(close(BigInt(found.expectedShortfall), mean, 3n), `${found.expectedShortfall} ${mean}`);
      assert.equal(
        chain.plimsoll.keepers.insurance.tranche(ctx, { kind: 'market', number: id })!.target,
        BigInt(found.wanted),
      );
    }
    const pairs = alone.map((list) =>
      [...list]
        .sort((a, b) => (a > b ? -1 : 1))
        .slice(0, 2)
        .reduce((a, b) => a + b, 0n),
    );
    const ofClass = report.tranches.find(({ kind, number }) => kind === 2 && number === 1)!;
    assert.equal(
      BigInt(ofClass.coverTwo),
      pairs.reduce((most, pair) => (pair > most ? pair : most), 0n),
    );
    assert.equal(
      chain.plimsoll.keepers.insurance.tranche(ctx, { kind: 'class', number: 1 })!.target,
      BigInt(ofClass.wanted),
    );
    await chain.close();
  });

  test('INV-S4 over a chain of its own history ES is not below VaR, and both are of the size of what prices did', async () => {
    const chain = await leveraged();
    const crash = [
      ['60000', '3000'],
      ['57500', '2875'],
      ['60000', '3000'],
    ] as const;
    await nextHour(chain, crash);
    const report = stressStore.report(chain.plimsoll.app.queryContext())!;
    assert.ok(BigInt(report.expectedShortfall) >= BigInt(report.valueAtRisk));
    await chain.close();
  });

  test('positions near liquidation are counted by distance: what backstops may be asked to take over', async () => {
    const chain = await leveraged();
    await nextHour(chain);
    const { markets } = stressStore.report(chain.plimsoll.app.queryContext())!;
    const [bitcoin] = markets;
    // Alice is long 60,000 with 6,000: (6,000 - 1,500) / 58,500 is 7.6 %. Carol, 60,000 of two markets with 5,000, 30,000 in this one, and bob are further.
    assert.deepEqual(
      bitcoin!.bands.map(({ distancePpm, longs, shorts }) => [distancePpm, BigInt(longs) / usdc(1), shorts]),
      [
        [20_000, 0n, '0'],
        [50_000, 0n, '0'],
        [100_000, 60_000n, '0'],
      ],
    );
    assert.equal(bitcoin!.positions, 3n);
    assert.equal(BigInt(bitcoin!.notional), usdc(180_000));
    assert.deepEqual(bitcoin!.largest.map(BigInt), [usdc(90_000), usdc(60_000), usdc(30_000)]);
    await chain.close();
  });

  test('a round takes as many blocks as its bound wants, and survives an export in its middle', async () => {
    const chain = await leveraged((state) => {
      stressParams(state).sweep_accounts_per_block = 1;
    });
    await nextHour(chain);
    let ctx = chain.plimsoll.app.queryContext();
    assert.deepEqual([stressStore.sweep(ctx)!.running, stressStore.sweep(ctx)!.accounts], [true, 1n]);
    assert.equal(stressStore.report(ctx), undefined);
    const genesis = JSON.parse(
      JSON.stringify(exportGenesis(chain.plimsoll, ctx, chain.engine.genesis, false)),
    ) as GenesisDoc;
    for (let count = 0; count < 2; count++) await chain.block();
    ctx = chain.plimsoll.app.queryContext();
    assert.deepEqual([stressStore.sweep(ctx)!.running, stressStore.basis(ctx)], [false, undefined]);
    const expected = stressStore.report(ctx)!;
    assert.equal(expected.accounts, 3n);
    await chain.close();

    const store = await openStore({ mounts });
    const prices = new SetPrices({ 'BTC-USD': '60000', 'ETH-USD': '3000' });
    const plimsoll = createApp({ store, chainId, prices, logger: silentLogger });
    const clock = new VirtualClock(BigInt(Date.parse(genesis.genesis_time)));
    const validator = ConsensusKey.fromSeed(Buffer.alloc(32, 7));
    const engine = await EmbeddedEngine.open({ app: plimsoll.app, genesis, validator, clock, logger: silentLogger });
    for (let count = 0; count < 3; count++) {
      clock.set(clock.nowMs() + 1_000n);
      await engine.produceBlock();
    }
    const report = stressStore.report(plimsoll.app.queryContext())!;
    const { hour, startedMs, accounts, scenarios, history, markets } = expected;
    assert.deepEqual(
      [report.hour, report.startedMs, report.accounts, report.scenarios, report.history, report.markets],
      [hour, startedMs, accounts, scenarios, history, markets],
    );
    // An exported chain begins a minute later: only that minute's funding tells them apart.
    for (const [index, { wanted }] of report.tranches.entries())
      assert.ok(close(BigInt(wanted), BigInt(expected.tranches[index]!.wanted), usdc(1)));
    await engine.stop();
    await store.close();
  });
});

/** Asks as a client does. */
async function ask<Q, R>(
  chain: TestChain,
  name: string,
  request: { encode(message: Q): { finish(): Uint8Array } },
  response: { decode(bytes: Uint8Array): R },
  message: Q,
): Promise<R> {
  const { value, code, log } = await chain.plimsoll.app.query({
    path: `/plimsoll.perps.v1.Query/${name}`,
    data: request.encode(message).finish(),
    height: 0n,
    prove: false,
  });
  assert.equal(code, 0, log);
  return response.decode(value);
}

describe('where positions would be liquidated', () => {
  const histogram = (chain: TestChain, marketId: number) =>
    ask(chain, 'LiquidationHistogram', QueryLiquidationHistogramRequest, QueryLiquidationHistogramResponse, {
      marketId,
    });

  test('INV-S1 the histogram sums to the open interest of each side after every block, and is what state alone says', async () => {
    const chain = await leveraged();
    const [alice, bob] = chain.keys;
    const { perpsDeps, app } = chain.plimsoll;
    for (const [step, bitcoin] of ['60000', '59500', '58900', '61000', '60500'].entries()) {
      chain.prices.set({ 'BTC-USD': bitcoin, 'ETH-USD': '3000' });
      const clientId = BigInt(10 + step);
      await chain.block([
        chain.sign(alice!, [order(alice!, Side.SIDE_BUY, btc(0.01), usd(62_000), { clientId })]),
        chain.sign(bob!, [order(bob!, Side.SIDE_SELL, btc(0.01), usd(57_000), { clientId })]),
      ]);
      const ctx = app.queryContext();
      for (const id of [1, 2]) {
        const { longQuanta, shortQuanta } = await histogram(chain, id);
        const state = chain.plimsoll.keepers.perps.marketState(ctx, id);
        assert.deepEqual([BigInt(longQuanta), BigInt(shortQuanta)], [state.longQuanta, state.shortQuanta]);
      }
      // Accounts that traded are as state says; others stand where the last look put them.
      const known = perpsDeps.liquidations!.read(ctx, perpsDeps);
      const fresh = all(ctx, perpsDeps, perpsDeps.keeper.markets(ctx));
      assert.deepEqual([...known.keys()].sort(), [...fresh.keys()].sort());
      const [first] = [...fresh.keys()].filter((key) => perpsDeps.keeper.position(ctx, key, 1)!.quantity > btc(1));
      assert.deepEqual(known.get(first!), fresh.get(first!));
    }
    await chain.close();
  });

  test('accounts near liquidation are listed nearest first, with what they may lose', async () => {
    const chain = await leveraged();
    const [alice, bob] = chain.keys;
    chain.prices.set({ 'BTC-USD': '57600', 'ETH-USD': '3000' });
    for (let count = 0; count < 2; count++) await chain.block();
    const { accounts } = await ask(chain, 'AccountsAtRisk', QueryAccountsAtRiskRequest, QueryAccountsAtRiskResponse, {
      withinPpm: 0,
      pagination: undefined,
    });
    const nearest = accounts[0]!;
    assert.equal(nearest.subaccount!.owner, alice!.address);
    // (3,576 - 1,440) / (57,600 * 0.975).
    assert.ok(nearest.distancePpm > 37_500 && nearest.distancePpm < 38_500, `${nearest.distancePpm}`);
    assert.ok(
      accounts.every(({ subaccount }) => subaccount!.owner !== bob!.address),
      'bob is far from it',
    );
    const { risk } = await ask(chain, 'AccountRisk', QueryAccountRiskRequest, QueryAccountRiskResponse, {
      owner: alice!.address,
      number: 0,
    });
    assert.deepEqual(risk, nearest);
    // A market is listed as if its rate had been measured: kappa * sigma over ten minutes is about 2.5 %.
    assert.ok(BigInt(risk!.valueAtRisk) > usdc(1_300) && BigInt(risk!.valueAtRisk) < usdc(1_600), risk!.valueAtRisk);
    await chain.close();
  });
});

describe('the public figures of a market', () => {
  test('tell how long a breach lasted, and what insurance has of what it should', async () => {
    const chain = await leveraged();
    await nextHour(chain);
    // Alice fails with a health of a half, and bob's order buys nothing back: her close waits.
    chain.prices.set({ 'BTC-USD': '54800', 'ETH-USD': '3000' });
    const [, bob] = chain.keys;
    await chain.block([chain.sign(bob!, [order(bob!, Side.SIDE_BUY, btc(2), usd(54_700), { clientId: 9n })])]);
    for (let count = 0; count < 3; count++) await chain.block();
    const { risk } = await ask(chain, 'MarketRisk', QueryMarketRiskRequest, QueryMarketRiskResponse, { marketId: 1 });
    assert.ok(risk!.breaches >= 1n, `${risk!.breaches}`);
    assert.ok(risk!.latencyP99Blocks <= 4n, `${risk!.latencyP99Blocks}`);
    assert.equal(risk!.ticker, 'BTC-USD');
    assert.ok(BigInt(risk!.target) > 0n && risk!.trancheSharePpm > 1_000_000n);
    assert.equal(risk!.topTenSharePpm, 1_000_000n);
    assert.equal(BigInt(risk!.openInterestCap), usdc(100_000_000));
    const { risks } = await ask(chain, 'MarketRisks', QueryMarketRisksRequest, QueryMarketRisksResponse, {
      pagination: undefined,
    });
    assert.deepEqual(risks[0], risk);
    const { basis } = await ask(
      chain,
      'StressScenarios',
      QueryStressScenariosRequest,
      QueryStressScenariosResponse,
      {},
    );
    assert.ok(basis!.scenarios.length >= 24);
    const { report } = await ask(chain, 'StressReport', QueryStressReportRequest, QueryStressReportResponse, {});
    assert.equal(report!.accounts, 3n);
    await chain.close();
  });
});

describe('the open-interest cap', () => {
  test('is what half of the insurance pays for: 1,000,000 behind a class A market at 2.5 % carry 35,087,719 (15.4)', async () => {
    const chain = await testChain({
      change: (state) => {
        stressParams(state).uninsured_open_interest_a = '0';
      },
    });
    for (let count = 0; count < 3; count++) await chain.block();
    const { cap } = chain.plimsoll.keepers.perps.marketState(chain.plimsoll.app.queryContext(), 1).openInterestCap!;
    // 1,000,000 / 2 / (15 % * (12 % - 2.5 %)).
    assert.equal(cap / usdc(1), 35_087_719n);
    await chain.close();
  });

  test('is never below what a market may carry uninsured: 100,000,000 in class A', async () => {
    const chain = await testChain();
    for (let count = 0; count < 3; count++) await chain.block();
    const { cap } = chain.plimsoll.keepers.perps.marketState(chain.plimsoll.app.queryContext(), 1).openInterestCap!;
    assert.equal(cap, usdc(100_000_000));
    await chain.close();
  });
});
