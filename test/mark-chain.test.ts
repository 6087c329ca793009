import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MarketStatus, Side } from '../gen/plimsoll/perps/v1/types.js';
import type { SigningKey } from '../cmd/plimsolld/keyring/keyring.js';
import { fromBech32 } from '../runtime/crypto/address.js';
import { stepBasis } from '../x/perps/mark/index.js';
import { markState } from '../x/perps/mark/store.js';
import { subaccountKey } from '../x/perps/subaccount-key.js';
import { ppb } from '../x/perps/types.js';
import { btc, usdc } from './support/amounts.js';
import { SetPrices, testChain, type TestChain } from './support/chain.js';
import { marketFor } from './support/markets.js';
import { deposit, order, withdraw } from './support/messages.js';

const usd = usdc;
const { SIDE_BUY: buy, SIDE_SELL: sell } = Side;

/** A class A market whose impact notional is 10,000 USDC: what 500 USDC of margin carries. */
function thinMarket(status = MarketStatus.MARKET_STATUS_NORMAL) {
  const listed = marketFor('BTC-USD', 'A', usdc(1_000_000));
  return { ...listed, market: { ...listed.market, depthUnit: usdc(50_000).toString(), status } };
}

/** A chain with prices, on which alice, bob and carol hold 100,000 USDC. */
async function started(status?: MarketStatus): Promise<TestChain> {
  const chain = await testChain({ markets: [thinMarket(status)] });
  for (let i = 0; i < 4; i++) await chain.block();
  await chain.block(chain.keys.slice(0, 3).map((key) => chain.sign(key, [deposit(key, usdc(100_000))])));
  return chain;
}

const now = (chain: TestChain) => {
  const ctx = chain.plimsoll.app.queryContext();
  const { perps } = chain.plimsoll.keepers;
  return { ...perps.marketState(ctx, 1), ...markState(ctx, 1)!, view: perps.marketView(ctx, 1) };
};

const quoteBoth = (chain: TestChain, key: SigningKey, bid: number, ask: number, firstId: bigint): Uint8Array =>
  chain.sign(key, [
    order(key, buy, btc(0.5), usd(bid), { clientId: firstId }),
    order(key, sell, btc(0.5), usd(ask), { clientId: firstId + 1n }),
  ]);

describe('mark price on the chain (section 7.2)', () => {
  test('follows the oracle until the market has a book on both sides and a trade', async () => {
    const chain = await started();
    const [alice, bob] = chain.keys as [SigningKey, SigningKey];
    assert.equal(now(chain).markPrice, usd(60_000));
    await chain.block([quoteBoth(chain, bob, 60_200, 60_240, 1n)]);
    await chain.block();
    assert.equal(now(chain).bookPrice, undefined, 'nothing has traded yet');
    assert.equal(now(chain).markPrice, usd(60_000));
    await chain.block([chain.sign(alice, [order(alice, buy, btc(0.01), usd(60_240))])]);
    assert.equal(now(chain).lastClearingPrice, usd(60_240));
    await chain.block();
    // Median of 60,200, 60,240 and the trade. The basis steps one second towards 0.4 %.
    assert.equal(now(chain).bookPrice, usd(60_240));
    let basis = stepBasis(ppb(0n), usd(60_240), usd(60_000), ppb(6_250_000n), 1n);
    assert.equal(now(chain).basis, basis);
    assert.equal(now(chain).markPrice, usd(60_000) + (usd(60_000) * basis) / 1_000_000_000n);
    for (let i = 0; i < 9; i++) await chain.block();
    basis = stepBasis(ppb(0n), usd(60_240), usd(60_000), ppb(6_250_000n), 10n);
    assert.equal(now(chain).basis, basis);
    // One side leaves: the market has no price of its own, and what it said fades.
    await chain.block([chain.sign(alice, [order(alice, buy, btc(0.49), usd(60_240), { clientId: 2n })])]);
    const peak = now(chain).basis;
    await chain.block();
    assert.equal(now(chain).bookPrice, undefined);
    assert.equal(now(chain).basis, stepBasis(peak, undefined, usd(60_000), ppb(6_250_000n), 1n));
    assert.ok(now(chain).basis < peak);
    await chain.close();
  });

  test('a book cut into more prices than a block reads gives no price', async () => {
    const listed = thinMarket();
    const chain = await testChain({
      markets: [listed],
      change: (state) => {
        (state['perps'] as { params: { mark: { max_impact_levels: number } } }).params.mark.max_impact_levels = 3;
      },
    });
    for (let i = 0; i < 4; i++) await chain.block();
    await chain.block(chain.keys.slice(0, 2).map((key) => chain.sign(key, [deposit(key, usdc(100_000))])));
    const [alice, bob] = chain.keys as [SigningKey, SigningKey];
    await chain.block([
      chain.sign(alice, [order(alice, buy, btc(0.01), usd(60_000))]),
      chain.sign(bob, [order(bob, sell, btc(0.01), usd(60_000))]),
    ]);
    /** Three bids at three prices. */
    const bids = (best: number, quantity: number, firstId: bigint) =>
      [0, 1, 2].map((i) => order(bob, buy, btc(quantity), usd(best - i), { clientId: firstId + BigInt(i) }));
    const ask = order(bob, sell, btc(0.2), usd(60_010), { clientId: 20n });
    await chain.block([chain.sign(bob, [...bids(59_990, 0.06, 10n), ask])]);
    await chain.block();
    assert.equal(now(chain).bookPrice, usd(60_000), 'three prices of 3,600 USDC hold 10,000');
    await chain.block([chain.sign(bob, bids(59_995, 0.05, 30n))]);
    await chain.block();
    assert.equal(now(chain).bookPrice, undefined, 'the first three now hold 9,000 only');
    await chain.close();
  });

  test('a stale oracle keeps the mark; a price that comes back marks again', async () => {
    const chain = await started();
    chain.prices.set({ 'BTC-USD': '61000' });
    await chain.block();
    await chain.block();
    assert.equal(now(chain).markPrice, usd(61_000));
    chain.prices.set({});
    for (let i = 0; i < 40; i++) await chain.block();
    const { markPrice, average } = now(chain);
    assert.equal(markPrice, usd(61_000));
    const { timeMs } = chain.plimsoll.app.queryContext().block;
    assert.ok(average.untilMs < timeMs, 'a stale market is not marked');
    assert.equal(now(chain).funding.minute, timeMs / 60_000n, 'the clock of funding goes on, and nothing is caught up');
    chain.prices.set({ 'BTC-USD': '58000' });
    await chain.block();
    await chain.block();
    assert.equal(now(chain).markPrice, usd(58_000));
    assert.equal(now(chain).average.untilMs, chain.plimsoll.app.queryContext().block.timeMs);
    await chain.close();
  });

  test('perpetuals elsewhere count when most validators know them, within the band', async () => {
    class WithPerp extends SetPrices {
      override prices() {
        return super.prices().map((each) => ({ ...each, perpPrice: '65000' }));
      }
    }
    const chain = await testChain({ markets: [thinMarket()], prices: new WithPerp({ 'BTC-USD': '60000' }) });
    for (let i = 0; i < 4; i++) await chain.block();
    // Alone with the basis it has the oracle price beside it: the median of 60,000, 60,375 and 60,000.
    assert.equal(now(chain).markPrice, usd(60_000));
    await chain.block(chain.keys.slice(0, 2).map((key) => chain.sign(key, [deposit(key, usdc(100_000))])));
    const [alice, bob] = chain.keys as [SigningKey, SigningKey];
    await chain.block([quoteBoth(chain, bob, 60_200, 60_240, 1n)]);
    await chain.block([chain.sign(alice, [order(alice, buy, btc(0.01), usd(60_240))])]);
    await chain.block();
    // Now three opinions: the basis that just began, the book at 60,240, and 60,375, the end of the band.
    assert.equal(now(chain).markPrice, usd(60_240));
    await chain.close();
  });

  test('the book of a halted market says nothing, and nothing accrues in it', async () => {
    const chain = await started(MarketStatus.MARKET_STATUS_HALTED);
    for (let i = 0; i < 130; i++) await chain.block();
    chain.prices.set({ 'BTC-USD': '61000' });
    await chain.block();
    await chain.block();
    const { markPrice, bookPrice, fundingIndex, funding } = now(chain);
    assert.equal(markPrice, usd(61_000));
    assert.equal(bookPrice, undefined);
    assert.equal(fundingIndex, 0n);
    const minute = chain.plimsoll.app.queryContext().block.timeMs / 60_000n;
    assert.equal(funding.minute, minute, 'its clock goes on: re-opening catches nothing up');
    await chain.close();
  });
});

test('a spike cannot be withdrawn, a dip at once cannot either (section 7.3)', async () => {
  const chain = await started();
  const [alice, bob] = chain.keys as [SigningKey, SigningKey];
  await chain.block([
    chain.sign(alice, [order(alice, buy, btc(1), usd(60_000))]),
    chain.sign(bob, [order(bob, sell, btc(1), usd(60_000))]),
  ]);
  // Five minutes at 60,000, then 66,000.
  for (let i = 0; i < 300; i++) await chain.block();
  chain.prices.set({ 'BTC-USD': '66000' });
  await chain.block();
  await chain.block();
  const { view } = now(chain);
  assert.equal(view.markPrice, usd(66_000));
  assert.equal(view.highPrice, usd(66_000));
  assert.ok(view.lowPrice < usd(60_100));
  const spot = await chain.block([chain.sign(alice, [withdraw(alice, usdc(100_000))])]);
  assert.match(spot.results.txResults[1]!.log, /insufficient free collateral/);
  // Equity itself, which decides on liquidation, is at the mark.
  const ctx = chain.plimsoll.app.queryContext();
  const { perps } = chain.plimsoll.keepers;
  const { cash } = perps.account(ctx, subaccountKey(fromBech32(alice.address), 0));
  assert.equal(cash, usdc(40_000) - usdc(24));
  await chain.close();
});
