import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exportAppState, fundVault, type AppState } from '../app/genesis.js';
import { demoAccounts, demoMarkets } from '../cmd/plimsolld/devnet/demo.js';
import { keyFromMnemonic, type SigningKey } from '../cmd/plimsolld/keyring/keyring.js';
import { Side } from '../gen/plimsoll/perps/v1/types.js';
import { audit } from '../x/perps/block/identities.js';
import { classDefaults } from '../x/perps/params.js';
import { btc, usd, usdc } from './support/amounts.js';
import { testChain, type TestChain } from './support/chain.js';
import { deposit, order } from './support/messages.js';
import { eventsOf } from './support/orders.js';
import { openPositions } from './support/positions.js';

const dayMs = 86_400_000n;
const [long, short, third] = demoAccounts.map(({ mnemonic }) => keyFromMnemonic(mnemonic).address) as [
  string,
  string,
  string,
];
/** Sizes of both markets are of 10^-8. */
const eth = btc;

/** Loadings that hold from the first block on: both markets move with the first factor. */
function setLoadings(state: AppState): void {
  const zero = { fast: '0', slow: '0' };
  (state['perps'] as { rates: unknown }).rates = {
    loadings: [1, 2].map((id) => ({
      market_id: id,
      rho_ppm: ['950000'],
      own: zero,
      with_index: zero,
      with_cluster: zero,
      cluster: zero,
    })),
  };
}

/** BTC of class A and ETH of class B in one cluster, a vault of a million each, and somebody long 20 ETH at a health of 60 %. */
function twoClasses(): Promise<TestChain> {
  const [first, second] = demoMarkets(1_000_000_000_000n);
  return testChain({
    markets: [
      { ...first!, market: { ...first!.market, cluster: 7 } },
      { ...second!, market: { ...second!.market, ...classDefaults.B, cluster: 7 } },
    ],
    change: (state) => {
      openPositions(state, [
        { owner: long, marketId: 2, quantity: eth(20), equity: usdc(1_800) },
        { owner: third, marketId: 2, quantity: eth(2_000), equity: usdc(3_000_000) },
        { owner: short, marketId: 2, quantity: -eth(2_020), equity: usdc(3_000_000) },
        { owner: third, number: 1, quantity: btc(100), equity: usdc(3_000_000) },
        { owner: short, number: 1, quantity: -btc(100), equity: usdc(3_000_000) },
      ]);
      setLoadings(state);
      for (const number of [1, 2]) fundVault(state, number, usdc(1_000_000));
    },
  });
}

const vaultOf = (chain: TestChain, number = 2) => {
  const ctx = chain.plimsoll.app.queryContext();
  return chain.plimsoll.keepers.backstop.accounts.standing(ctx, number);
};
const held = (chain: TestChain, market: number): bigint =>
  vaultOf(chain).positions.find(({ marketId }) => marketId === market)?.quantity ?? 0n;

test('INV-B2 a vault hedges what it took with a market of class A of its own account, and no other vault moves', async () => {
  const chain = await twoClasses();
  try {
    const maker = chain.keys[3] as SigningKey;
    for (let i = 0; i < 3; i++) await chain.block();
    await chain.block([chain.sign(maker, [deposit(maker, usdc(2_000_000))])]);
    for (let i = 0; i < 4 && held(chain, 2) === 0n; i++) await chain.block();
    const taken = held(chain, 2);
    // 0.84616 of 20 ETH, as in the example of one class.
    assert.equal(taken, 1_692_310_000n);
    const before = vaultOf(chain).maintenanceMargin;
    assert.equal(before, 2_538_465_000n);

    // At a price that costs more than five basis points with the fee nothing is sold.
    const bid = (price: number, clientId: bigint) => order(maker, Side.SIDE_BUY, btc(2), usd(price), { clientId });
    const far = await chain.block([chain.sign(maker, [bid(59_990, 1n)])]);
    const [wanted] = eventsOf(far.results, 'EventVaultHedge');
    assert.deepEqual([wanted!['market_id'], wanted!['limit_price']], [1, usd(59_994).toString()]);
    assert.equal(held(chain, 1), 0n);

    await chain.block([chain.sign(maker, [bid(59_995, 2n)])]);
    // Twice the size for half the margin rate, 0.8 of it: 81,231 USDC.
    const hedge = held(chain, 1);
    assert.ok(hedge < -btc(1.35) && hedge > -btc(1.36), `${hedge}`);
    const after = vaultOf(chain).maintenanceMargin;
    assert.ok(after * 10n <= before * 8n, `${after}`);
    assert.equal(vaultOf(chain, 1).worth, usdc(1_000_000));
    assert.deepEqual(vaultOf(chain, 1).positions, []);

    // It stays while what it hedges stays.
    for (let i = 0; i < 3; i++) await chain.block();
    assert.equal(held(chain, 1), hedge);
    const { backstop } = exportAppState(chain.plimsoll.modules, chain.plimsoll.app.queryContext())['perps'] as {
      backstop: { holdings: { market_id: number; hedge: boolean }[] };
    };
    assert.deepEqual(
      backstop.holdings.map(({ market_id, hedge: isHedge }) => [market_id, isHedge]),
      [
        [1, true],
        [2, false],
      ],
    );

    // A day later all of the inventory is sold, and the hedge after it.
    await chain.block([], dayMs);
    await chain.block();
    const rest = order(maker, Side.SIDE_BUY, eth(20), usd(2_990), { marketId: 2, clientId: 3n });
    await chain.block([chain.sign(maker, [rest])]);
    assert.equal(held(chain, 2), 0n);
    const asks = order(maker, Side.SIDE_SELL, btc(2), usd(60_100), { clientId: 4n });
    await chain.block([chain.sign(maker, [asks])]);
    assert.equal(held(chain, 1), 0n);

    const ctx = chain.plimsoll.app.queryContext();
    assert.equal(vaultOf(chain, 1).worth, usdc(1_000_000));
    assert.deepEqual(audit(ctx, chain.plimsoll.perpsDeps).violations, []);
    assert.equal(chain.plimsoll.keepers.perps.ledger(ctx).haltedReason, '');
  } finally {
    await chain.close();
  }
});
