import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addMarket, defaultAppState, type AppState } from '../app/genesis.js';
import type { PlimsollApp } from '../app/app.js';
import { demoAccounts, demoMarkets } from '../cmd/plimsolld/devnet/demo.js';
import { keyFromMnemonic } from '../cmd/plimsolld/keyring/keyring.js';
import { Market } from '../gen/plimsoll/perps/v1/types.js';
import type { QuotedPrice } from '../x/oracle/price-source.js';
import { btc, usd, usdc } from './support/amounts.js';
import { Lockstep } from './support/lockstep.js';
import { eventsOf } from './support/orders.js';
import { openPositions } from './support/positions.js';

const [weak, strong] = demoAccounts.map(({ mnemonic }) => keyFromMnemonic(mnemonic).address) as [string, string];
const hourMs = 3_600_000n;

/** The weak account is long one bitcoin with 3,000 USDC, and lacks all margin at 57,500. */
function genesis({ modules, registry }: PlimsollApp): AppState {
  const state = defaultAppState(modules);
  for (const { market, tranche } of demoMarkets(usdc(1_000_000)))
    addMarket(state, market, registry.toJson('plimsoll.perps.v1.Market', Market.encode(market).finish()), tranche);
  openPositions(state, [
    { owner: weak, quantity: btc(1), equity: usdc(3_000) },
    { owner: strong, quantity: -btc(1), equity: usdc(100_000) },
  ]);
  return state;
}

test('T-A3 nobody is liquidated while 60 % of the power report a price after eight hours, and somebody is when the quorum is back', async () => {
  const quoted: { prices: readonly QuotedPrice[] }[] = Array.from({ length: 4 }, () => ({ prices: [] }));
  const sources = quoted.map((each) => ({ prices: () => each.prices }));
  /** The first so many validators report a price of bitcoin. */
  const report = (price: string, validators: number): void =>
    quoted.forEach((each, at) => (each.prices = at < validators ? [{ symbol: 'BTC-USD', price }] : []));
  const chain = await Lockstep.open('restart-1', [35n, 25n, 20n, 20n], sources, genesis);
  const { keepers, app } = chain.validators[0]!;
  const markNow = (): bigint => keepers.perps.marketState(app.queryContext(), 1).markPrice;
  report('60000', 4);
  await chain.blocks(5);
  assert.equal(markNow(), usd(60_000));

  report('57500', 2);
  let { results } = await chain.block({ afterMs: 8n * hourMs });
  for (let block = 0; block < 150; block++) {
    assert.deepEqual(eventsOf(results, 'EventLiquidation'), []);
    assert.equal(markNow(), usd(60_000));
    ({ results } = await chain.block());
  }

  report('57500', 3);
  let liquidated = 0;
  for (let block = 0; block < 150 && liquidated === 0; block++)
    liquidated = eventsOf((await chain.block()).results, 'EventLiquidation').length;
  assert.equal(liquidated, 1);
});
