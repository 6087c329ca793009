import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AppState } from '../app/genesis.js';
import { demoAccounts, demoMarkets } from '../cmd/plimsolld/devnet/demo.js';
import { keyFromMnemonic, type SigningKey } from '../cmd/plimsolld/keyring/keyring.js';
import { MsgPlaceKeeperBid } from '../gen/plimsoll/perps/v1/keeper_bids.js';
import { Side } from '../gen/plimsoll/perps/v1/types.js';
import { fromBech32 } from '../runtime/crypto/address.js';
import { subaccountKey } from '../x/perps/subaccount-key.js';
import { btc, usd, usdc } from './support/amounts.js';
import { testChain, type TestChain } from './support/chain.js';
import { deposit, message, order } from './support/messages.js';
import { openPositions, type OpeningPosition } from './support/positions.js';

const [alice, bob, carol] = demoAccounts.map(({ mnemonic }) => keyFromMnemonic(mnemonic).address) as [
  string,
  string,
  string,
];

/** Caps of 3,000,000 USDC: one account may open 600,000, 10 BTC. Both markets are of one cluster. */
async function smallMarkets(positions: readonly OpeningPosition[] = []): Promise<TestChain> {
  const markets = demoMarkets(1_000_000_000_000n).map((each) => ({
    ...each,
    market: { ...each.market, openInterestCap: usdc(3_000_000).toString(), cluster: 7 },
  }));
  const change = (state: AppState): void => {
    if (positions.length > 0) openPositions(state, positions);
  };
  const chain = await testChain({ markets, change });
  for (let i = 0; i < 3; i++) await chain.block();
  return chain;
}

/** Runs a transaction of a key; its log, empty when it succeeded. */
async function run(chain: TestChain, key: SigningKey, ...messages: Parameters<TestChain['sign']>[1]): Promise<string> {
  const { results } = await chain.block([chain.sign(key, messages)]);
  return results.txResults.at(-1)!.log;
}

const positionOf = (chain: TestChain, owner: string, market = 1): bigint =>
  chain.plimsoll.keepers.perps.position(chain.plimsoll.app.queryContext(), subaccountKey(fromBech32(owner), 0), market)
    ?.quantity ?? 0n;

describe('one account', () => {
  test('opens no more than a fifth of a market by all its orders together, and closes what it likes', async () => {
    const chain = await smallMarkets();
    try {
      const key = chain.keys[0]!;
      assert.equal(await run(chain, key, deposit(key, usdc(1_000_000))), '');
      const buy = (size: number, clientId: bigint) => order(key, Side.SIDE_BUY, btc(size), usd(59_000), { clientId });
      assert.equal(await run(chain, key, buy(6, 1n)), '');
      assert.match(
        await run(chain, key, buy(5, 2n)),
        /quantity: the position could reach 660000000000; at most 600000000000, 200000 ppm of the market's open-interest cap/,
      );
      assert.equal(await run(chain, key, buy(4, 3n)), '');
      const sell = order(key, Side.SIDE_SELL, btc(10), usd(61_000), { clientId: 4n });
      assert.equal(await run(chain, key, sell), '');
    } finally {
      await chain.close();
    }
  });

  test('fills no further when the mark went up since it asked, and keeps what outgrew the limit', async () => {
    const chain = await smallMarkets([
      { owner: alice, quantity: btc(5), equity: usdc(1_000_000) },
      { owner: bob, quantity: -btc(5), equity: usdc(1_000_000) },
    ]);
    try {
      const [first, second, third] = chain.keys as [SigningKey, SigningKey, SigningKey];
      assert.equal(third.address, carol);
      assert.equal(await run(chain, first, order(first, Side.SIDE_BUY, btc(5), usd(59_900), { clientId: 1n })), '');
      // 20 % up: 600,000 are 8.33 BTC. Her bid still stands for five more.
      chain.prices.set({ 'BTC-USD': '72000', 'ETH-USD': '3000' });
      for (let i = 0; i < 3; i++) await chain.block();
      await run(chain, third, deposit(third, usdc(3_000_000)));
      const sold = order(third, Side.SIDE_SELL, btc(5), usd(59_900), { clientId: 2n });
      assert.equal(await run(chain, third, sold), '');
      assert.equal(positionOf(chain, alice), 833_333_000n);
      // Another 20 %: she is over it, is not closed for it, and may sell.
      chain.prices.set({ 'BTC-USD': '86000', 'ETH-USD': '3000' });
      for (let i = 0; i < 3; i++) await chain.block();
      assert.equal(positionOf(chain, alice), 833_333_000n);
      assert.match(
        await run(chain, first, order(first, Side.SIDE_BUY, btc(1), usd(86_000), { clientId: 3n })),
        /too large a part of the market/,
      );
      assert.equal(await run(chain, second, order(second, Side.SIDE_BUY, btc(2), usd(86_000), { clientId: 4n })), '');
      assert.equal(await run(chain, first, order(first, Side.SIDE_SELL, btc(1), usd(86_000), { clientId: 5n })), '');
      assert.ok(positionOf(chain, alice) < 833_333_000n);
    } finally {
      await chain.close();
    }
  });

  test('whose position outgrew a market opens nothing more in its cluster on that side', async () => {
    // 1,260,000 long of caps of 6,000,000 together: more than 1,200,000.
    const chain = await smallMarkets([
      { owner: alice, quantity: btc(21), equity: usdc(1_000_000) },
      { owner: bob, quantity: -btc(21), equity: usdc(1_000_000) },
    ]);
    try {
      const [first, second] = chain.keys as [SigningKey, SigningKey];
      const eth = (key: SigningKey, side: Side, clientId: bigint) =>
        order(key, side, btc(10), usd(3_000), { marketId: 2, clientId });
      assert.match(
        await run(chain, first, eth(first, Side.SIDE_BUY, 1n)),
        /positions of cluster 7 could reach 1290000000000 on balance; at most 1200000000000/,
      );
      assert.equal(await run(chain, first, eth(first, Side.SIDE_SELL, 2n)), '');
      assert.equal(await run(chain, second, eth(second, Side.SIDE_BUY, 3n)), '');
    } finally {
      await chain.close();
    }
  });

  test('bids as a keeper for no more either', async () => {
    const chain = await smallMarkets();
    try {
      const key = chain.keys[0]!;
      assert.equal(await run(chain, key, deposit(key, usdc(1_000_000))), '');
      const bid = (notional: bigint, clientId: bigint) =>
        message('MsgPlaceKeeperBid', MsgPlaceKeeperBid, {
          owner: key.address,
          subaccountNumber: 0,
          marketId: 1,
          clientId,
          side: Side.SIDE_BUY,
          maxNotional: notional.toString(),
          minDiscountPpm: 0,
        });
      assert.equal(await run(chain, key, bid(usdc(500_000), 1n)), '');
      assert.match(await run(chain, key, bid(usdc(200_000), 2n)), /max_notional: the position could reach/);
    } finally {
      await chain.close();
    }
  });
});
