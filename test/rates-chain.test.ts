import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { QueryMarketRatesRequest, QueryMarketRatesResponse } from '../gen/plimsoll/perps/v1/query.js';
import type { MarketRates } from '../gen/plimsoll/perps/v1/rates.js';
import { Side, SolvencyClass } from '../gen/plimsoll/perps/v1/types.js';
import type { AppState } from '../app/genesis.js';
import { demoAccounts } from '../cmd/plimsolld/devnet/demo.js';
import { keyFromMnemonic } from '../cmd/plimsolld/keyring/keyring.js';
import { audit } from '../x/perps/block/identities.js';
import { eventsOf } from './support/orders.js';
import { usdc } from './support/amounts.js';
import { SetPrices, testChain, type TestChain } from './support/chain.js';
import { acceptCollateral, depositOf, stableAsset } from './support/collateral.js';
import { deposit, order } from './support/messages.js';

const btc = 100_000_000n;
const demoKeys = demoAccounts.map(({ mnemonic }) => keyFromMnemonic(mnemonic));
const percent = (value: number): string => Math.round(value * 10_000_000).toString();

interface PerpsGenesis {
  readonly markets: { maintenance_rate_ppm: number; opening_rate_ppm: number }[];
}
interface OracleGenesis {
  readonly statistics: Record<string, unknown>[];
}

/** What the chain says of market 1, as a client asks. */
async function ratesOf(chain: TestChain): Promise<MarketRates> {
  const { value } = await chain.plimsoll.app.query({
    path: '/plimsoll.perps.v1.Query/MarketRates',
    data: QueryMarketRatesRequest.encode({ marketId: 1 }).finish(),
    height: 0n,
    prove: false,
  });
  return QueryMarketRatesResponse.decode(value).rates!;
}

function assertSolvent(chain: TestChain): void {
  const ctx = chain.plimsoll.app.queryContext();
  assert.deepEqual(audit(ctx, chain.plimsoll.perpsDeps).violations, []);
}

const listAtFloor = (state: AppState): void => {
  for (const market of (state['perps'] as unknown as PerpsGenesis).markets) {
    market.maintenance_rate_ppm = 12_500;
    market.opening_rate_ppm = 12_500;
  }
};

describe('a market that turns wild', () => {
  test('INV-M1 opening rises at once; maintenance is announced, accounts at risk are named, and only then it rises', async () => {
    const chain = await testChain({
      prices: new SetPrices({ 'BTC-USD': '60000', 'ETH-USD': '3000', 'USDT-USD': '1' }),
      change: (state) => {
        listAtFloor(state);
        acceptCollateral(state, demoKeys, [stableAsset]);
      },
    });
    const [alice, bob, carol] = chain.keys;
    for (let i = 0; i < 4; i++) await chain.block();
    await chain.block([
      chain.sign(alice!, [deposit(alice!, usdc(1_530))]),
      chain.sign(bob!, [deposit(bob!, usdc(40_000))]),
      chain.sign(carol!, [deposit(carol!, usdc(1_530)), depositOf(carol!, 'uusdt', usdc(20))]),
    ]);
    await chain.block([
      chain.sign(alice!, [order(alice!, Side.SIDE_BUY, btc, 60_000_000_000n)]),
      chain.sign(carol!, [order(carol!, Side.SIDE_BUY, btc, 60_000_000_000n)]),
      chain.sign(bob!, [order(bob!, Side.SIDE_SELL, 2n * btc, 60_000_000_000n)]),
    ]);
    let before = await ratesOf(chain);
    assert.deepEqual([before.maintenancePpb, before.openingPpb], [percent(1.25), percent(1.25)]);
    const announcements: number[] = [];
    const atRisk: string[] = [];
    let liquidated: string | undefined;
    // Half an hour of half a per cent in each minute, then nothing: 29 seconds between blocks.
    for (let index = 0; index < 270 && liquidated === undefined; index++) {
      const wild = index < 62;
      const price = !wild ? '59900' : Math.floor((index * 29) / 60) % 2 === 0 ? '59900' : '59600';
      chain.prices.set({ 'BTC-USD': price, 'ETH-USD': '3000', 'USDT-USD': '1' });
      const { results } = await chain.block([], 29_000n);
      const now = Number(chain.engine.timeMs);
      for (const { schedule } of eventsOf(results, 'EventMaintenanceSchedule'))
        if (schedule !== null) announcements.push(now);
      for (const { subaccount } of eventsOf(results, 'EventAccountAtRisk'))
        atRisk.push((subaccount as { owner: string }).owner);
      const rates = await ratesOf(chain);
      if (BigInt(rates.maintenancePpb) > BigInt(before.maintenancePpb))
        assert.ok(now >= announcements[0]! + 600_000, `raised at ${now}, announced at ${announcements.join()}`);
      assert.ok(BigInt(rates.openingPpb) >= BigInt(rates.maintenancePpb), 'INV-M3');
      if (announcements.length === 1 && before.maintenancePpb === percent(1.25))
        assert.ok(BigInt(rates.openingPpb) > 12_500_000n, 'opening did not wait');
      if (eventsOf(results, 'EventLiquidation').length > 0) liquidated = rates.maintenancePpb;
      before = rates;
      if (index % 50 === 0) assertSolvent(chain);
    }
    assert.ok(announcements.length > 0, 'a raise was announced');
    assert.ok(atRisk.includes(alice!.address), 'alice was warned');
    assert.ok(atRisk.includes(carol!.address), 'carol was, with what her collateral is worth');
    assert.ok(!atRisk.includes(bob!.address), 'bob has enough');
    // 1,530 less a fee of 24 and a loss of 100 are 1,406 on 59,900: 2.35 %.
    assert.ok(liquidated !== undefined, 'prices stood, and the announced raise reached alice');
    assert.ok(BigInt(liquidated) > 23_400_000n && BigInt(liquidated) < 24_000_000n, liquidated);
    assertSolvent(chain);
    await chain.close();
  });
});

describe('a market whose statistics no longer carry its class', () => {
  test('is announced to fall, and falls after the notice', async () => {
    const chain = await testChain({
      change: (state) => {
        const thin = { pair_id: 1, hours: 200, depth_p10_usd: '10000000', dispersion_ppm: 200, sources_p10: 7 };
        (state['oracle'] as unknown as OracleGenesis).statistics.push(thin);
      },
    });
    await chain.block();
    const announced = await ratesOf(chain);
    assert.equal(announced.class, SolvencyClass.SOLVENCY_CLASS_A);
    assert.equal(announced.standing!.pending, SolvencyClass.SOLVENCY_CLASS_B);
    for (let hour = 0; hour < 25; hour++) await chain.block([], 3_600_000n);
    assert.equal((await ratesOf(chain)).class, SolvencyClass.SOLVENCY_CLASS_A, 'the notice is 26 hours');
    const changes = [];
    for (let hour = 0; hour < 2; hour++)
      changes.push(...eventsOf((await chain.block([], 3_600_000n)).results, 'EventSolvencyClass'));
    assert.deepEqual(
      changes.map(({ change, class: name }) => [change, name]),
      [['CLASS_CHANGE_DEMOTED', 'SOLVENCY_CLASS_B']],
    );
    const fallen = await ratesOf(chain);
    assert.deepEqual(
      [fallen.class, fallen.floorPpb, fallen.maintenanceCapPpb, fallen.openingCapPpb, fallen.horizonMinutes],
      [SolvencyClass.SOLVENCY_CLASS_B, percent(2.5), percent(5), percent(12.5), 20],
    );
    const ctx = chain.plimsoll.app.queryContext();
    assert.equal(chain.plimsoll.keepers.perps.market(ctx, 1)!.openInterestCap, usdc(200_000_000).toString());
    await chain.close();
  });
});
