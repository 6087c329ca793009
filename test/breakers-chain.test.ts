import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MarketMode, Trigger } from '../gen/plimsoll/perps/v1/breakers.js';
import { Side } from '../gen/plimsoll/perps/v1/types.js';
import type { SigningKey } from '../cmd/plimsolld/keyring/keyring.js';
import { breakerStore } from '../x/perps/breakers/store.js';
import { btc, usd, usdc } from './support/amounts.js';
import { testChain, type TestChain } from './support/chain.js';
import { marketFor } from './support/markets.js';
import { deposit, order } from './support/messages.js';
import { cancel, eventsOf, idsOf, positionOf } from './support/orders.js';

const { SIDE_BUY: buy, SIDE_SELL: sell } = Side;
type Key = SigningKey;

/** A chain with breakers and a class A market, on which alice and bob hold 1,000,000 USDC each. */
async function started(): Promise<TestChain> {
  const chain = await testChain({ markets: [marketFor('BTC-USD', 'A', usdc(1_000_000))], breakers: true });
  for (let i = 0; i < 4; i++) await chain.block();
  await chain.block(chain.keys.slice(0, 2).map((key) => chain.sign(key, [deposit(key, usdc(1_000_000))])));
  return chain;
}

const stateOf = (chain: TestChain) => breakerStore.market(chain.plimsoll.app.queryContext(), 1);
const modeOf = (chain: TestChain): string => MarketMode[stateOf(chain)?.mode ?? 1]!.replace('MARKET_MODE_', '');
const causesOf = (chain: TestChain): string[] =>
  (stateOf(chain)?.active ?? []).map(({ trigger }) => Trigger[trigger]!.replace('TRIGGER_', ''));

/** Blocks of a second each until the market is in a mode. */
async function until(chain: TestChain, mode: string, most: number): Promise<number> {
  for (let blocks = 0; blocks < most; blocks++) {
    if (modeOf(chain) === mode) return blocks;
    await chain.block();
  }
  assert.fail(`not ${mode} after ${most} blocks: ${modeOf(chain)} by ${causesOf(chain).join(', ')}`);
}

const outcome = (
  results: { readonly txResults: readonly { readonly code: number; readonly log: string }[] },
  index = 1,
) => results.txResults[index]!;

describe('B1: a price that falls too fast', () => {
  test('stops the market for an auction that trades at one price and re-opens it', async () => {
    const chain = await started();
    const [alice, bob] = chain.keys as [Key, Key];
    await chain.block([
      chain.sign(alice, [order(alice, buy, btc(1), usd(60_000))]),
      chain.sign(bob, [order(bob, sell, btc(1), usd(60_000), { clientId: 1n })]),
    ]);
    assert.equal(positionOf(chain, alice), btc(1));
    // 2.9 % is under the floor of class A, 3 % is not.
    chain.prices.set({ 'BTC-USD': '58260' });
    await chain.block();
    await chain.block();
    assert.equal(modeOf(chain), 'NORMAL');
    chain.prices.set({ 'BTC-USD': '58199' });
    await chain.block();
    const { results } = await chain.block();
    assert.equal(modeOf(chain), 'AUCTION');
    assert.deepEqual(causesOf(chain), ['VELOCITY']);
    const [told] = eventsOf(results, 'EventBreaker');
    assert.deepEqual([told!['trigger'], told!['limit']], ['TRIGGER_VELOCITY', '30000000']);

    // Orders cross and wait, also those that would end with their block.
    await chain.block([
      chain.sign(alice, [order(alice, buy, btc(0.5), usd(58_300), { clientId: 2n })]),
      chain.sign(bob, [order(bob, sell, btc(0.2), usd(58_100), { clientId: 2n })]),
    ]);
    assert.equal(positionOf(chain, alice), btc(1));
    assert.deepEqual(idsOf(chain, alice).open, [2n]);
    // Margin is half as much again: 100 BTC need 8.7 million, which nobody has.
    const waited = await until(chain, 'NORMAL', 70);
    assert.ok(waited >= 57 && waited <= 66, `${waited} blocks`);
    assert.equal(positionOf(chain, alice), btc(1.2), 'at one price');
    assert.deepEqual(causesOf(chain), []);
    assert.equal(stateOf(chain), undefined, 'a market in which nothing holds leaves no trace');
    await chain.close();
  });

  test('a cancel in the last five seconds is taken, and waits for the end; who rested before leaves at once (INV-X1)', async () => {
    const chain = await started();
    const [alice] = chain.keys as [Key];
    await chain.block([chain.sign(alice, [order(alice, buy, btc(0.1), usd(50_000), { clientId: 1n })])]);
    chain.prices.set({ 'BTC-USD': '55000' });
    await chain.block();
    await chain.block();
    assert.equal(modeOf(chain), 'AUCTION');
    await chain.block([chain.sign(alice, [order(alice, buy, btc(0.1), usd(54_000), { clientId: 2n })])]);
    const { endMs } = stateOf(chain)!.auction!;
    while (chain.plimsoll.app.queryContext().block.timeMs < endMs - 5_000n) await chain.block();
    const { results } = await chain.block([
      chain.sign(alice, [cancel(alice, 1n)]),
      chain.sign(alice, [cancel(alice, 2n)]),
    ]);
    assert.deepEqual([outcome(results, 1).code, outcome(results, 2).code], [0, 0]);
    assert.deepEqual(idsOf(chain, alice).open, [2n]);
    await until(chain, 'NORMAL', 80);
    assert.deepEqual(idsOf(chain, alice).open, []);
    await chain.close();
  });
});
