import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AppState } from '../app/genesis.js';
import { demoAccounts, demoMarkets } from '../cmd/plimsolld/devnet/demo.js';
import { keyFromMnemonic, type SigningKey } from '../cmd/plimsolld/keyring/keyring.js';
import { fromBech32, toBech32 } from '../runtime/crypto/address.js';
import { freeCollateral } from '../x/perps/msgs/common.js';
import { subaccountKey } from '../x/perps/subaccount-key.js';
import { withdrawalStore } from '../x/perps/withdrawals/store.js';
import { audit } from '../x/perps/block/identities.js';
import { btc, usd, usdc } from './support/amounts.js';
import { testChain, type TestChain } from './support/chain.js';
import { withdraw } from './support/messages.js';
import { positionOf } from './support/orders.js';
import { openPositions } from './support/positions.js';

const [alice, bob, carol, dave] = demoAccounts.map(({ mnemonic }) => keyFromMnemonic(mnemonic)) as [
  SigningKey,
  SigningKey,
  SigningKey,
  SigningKey,
];
const startMs = BigInt(Date.parse('2026-01-01T00:00:00Z'));
const never = `${startMs + 86_400_000n}`;

/** A market in which one trigger holds for a day. */
const held = (trigger: string, mode: string, more: Record<string, unknown> = {}) => ({
  market_id: 1,
  mode: `MARKET_MODE_${mode}`,
  active: [
    {
      trigger: `TRIGGER_${trigger}`,
      mode: `MARKET_MODE_${mode}`,
      since_ms: `${startMs}`,
      until_ms: never,
      figure: '0',
      limit: '0',
      margin_factor_ppm: 0,
      level: '',
      ...(more['active'] as object | undefined),
    },
  ],
  settlement_price: `${usd(60_000)}`,
  ...(more['market'] as object | undefined),
});

const states = {
  NORMAL: undefined,
  REDUCE_ONLY: held('UNCLEARED', 'REDUCE_ONLY'),
  AUCTION: held('REOPEN', 'AUCTION', {
    active: { until_ms: '0', margin_factor_ppm: 1_500_000 },
    market: {
      auction: {
        start_ms: `${startMs}`,
        end_ms: `${startMs + 60_000n}`,
        length_ms: '60000',
        start_height: '1',
      },
    },
  }),
  HALTED: held('FAULT', 'HALTED'),
  SETTLEMENT: held('SETTLEMENT', 'SETTLEMENT', {
    active: { until_ms: '0' },
    market: { settlement: { price: `${usd(60_000)}`, since_ms: `${startMs}`, done: false } },
  }),
  'FUND_GLOBAL (B5)': held('FUND_GLOBAL', 'NORMAL', {
    active: { margin_factor_ppm: 1_250_000, level: '1000000000000000' },
  }),
} as const;

/**
 * Alice is long and bob short 1 BTC, carol long and dave short 20 ETH in a
 * market of the same class that is not in trouble: 12 M USDC are held, so
 * that each bucket holds a million. Small accounts that come before them
 * keep settlement busy for ten blocks.
 */
async function chainIn(state: keyof typeof states): Promise<TestChain> {
  const small = toBech32(Buffer.alloc(20, 0));
  const chain = await testChain({
    markets: demoMarkets(usdc(1_000_000)),
    breakers: true,
    change(app: AppState) {
      const perps = app['perps'] as { params: { breakers: Record<string, unknown> }; breakers?: unknown };
      perps.params.breakers['settled_per_block'] = 1;
      const of = (key: SigningKey, marketId: number, quantity: bigint) => ({
        owner: key.address,
        marketId,
        quantity,
        equity: usdc(3_000_000),
      });
      openPositions(app, [
        of(alice, 1, btc(1)),
        of(bob, 1, -btc(1)),
        of(carol, 2, btc(20)),
        of(dave, 2, -btc(20)),
        ...Array.from({ length: 10 }, (_, number) => ({
          owner: small,
          number,
          marketId: 2,
          quantity: number % 2 === 0 ? btc(1) : -btc(1),
          equity: usdc(1_000),
        })),
      ]);
      const market = states[state];
      if (market !== undefined) perps.breakers = { markets: [market], last_block_ms: '0' };
    },
  });
  for (let i = 0; i < 4; i++) await chain.block();
  return chain;
}

const bankOf = (chain: TestChain, { address }: SigningKey): bigint =>
  chain.plimsoll.keepers.bank.balance(chain.plimsoll.app.queryContext(), fromBech32(address), 'uusdc');
const freeOf = (chain: TestChain, key: SigningKey): bigint => {
  const ctx = chain.plimsoll.app.queryContext();
  const { perpsDeps } = chain.plimsoll;
  return freeCollateral(ctx, perpsDeps, perpsDeps.keeper.account(ctx, subaccountKey(fromBech32(key.address), 0)));
};

/** What leaves at once of 1,000,000 USDC that are asked for: by alice in the market, by carol in another one of its class. */
const table: readonly (readonly [keyof typeof states, alice: number, carol: number, initialMargin: number])[] = [
  ['NORMAL', 1_000_000, 1_000_000, 3_000],
  ['REDUCE_ONLY', 1_000_000, 1_000_000, 3_000],
  ['AUCTION', 1_000_000, 1_000_000, 4_500],
  // A quarter of the class's bucket.
  ['HALTED', 250_000, 250_000, 3_000],
  ['SETTLEMENT', 0, 1_000_000, 3_000],
  // Half of both buckets.
  ['FUND_GLOBAL (B5)', 500_000, 500_000, 3_750],
];

describe('withdrawals in each state of a market (section 14.1), of 1,000,000 USDC each', () => {
  for (const [state, ofAlice, ofCarol, initialMargin] of table)
    test(`${state}: ${ofAlice} at once for who has a position there, ${ofCarol} for others of the class, initial margin ${initialMargin}`, async () => {
      for (const [key, atOnce] of [
        [alice, ofAlice],
        [carol, ofCarol],
      ] as const) {
        const chain = await chainIn(state);
        assert.equal(positionOf(chain, alice), btc(1));
        // The rate is rounded up: at most a few quanta more.
        const kept = usdc(3_000_000) - freeOf(chain, alice);
        assert.ok(kept >= usdc(initialMargin) && kept < usdc(initialMargin) + 10n, `${kept}`);
        const before = bankOf(chain, key);
        const { results } = await chain.block([chain.sign(key, [withdraw(key, usdc(1_000_000))])]);
        assert.equal(results.txResults[1]!.code, 0, results.txResults[1]!.log);
        assert.equal(bankOf(chain, key) - before, usdc(atOnce));
        const ctx = chain.plimsoll.app.queryContext();
        const queued = withdrawalStore.queued(ctx, subaccountKey(fromBech32(key.address), 0), 0)?.amount ?? 0n;
        assert.equal(queued, usdc(1_000_000 - atOnce), 'the rest waits');
        assert.deepEqual(audit(ctx, chain.plimsoll.perpsDeps).violations, []);
        await chain.close();
      }
    });
});
