import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Side } from '../../gen/plimsoll/perps/v1/types.js';
import { usdc } from '../amounts.js';
import { inventoryOf, planBids, planHedge, type Limits, type MarketNow, type WantedBid } from './plan.js';

const { SIDE_BUY: buy, SIDE_SELL: sell } = Side;
/** BTC of the demo markets: sizes of 10^-8, prices of 10^-6 USD. */
const market = (position: bigint, changes: Partial<MarketNow> = {}): MarketNow => ({
  id: 1,
  baseExponent: -8,
  priceExponent: -6,
  tickSize: 100_000n,
  stepSize: 1_000n,
  markPrice: usdc('57000'),
  position,
  maxDiscountPpm: 12_500,
  ...changes,
});
const limits: Limits = {
  maxInventory: usdc('50000'),
  hedgeNotional: usdc('10000'),
  hedgeSlippagePpm: 2_000,
  minBid: usdc('1000'),
};
const bid = (side: Side, notional: string, minDiscountPpm = 1_000): WantedBid => ({
  marketId: 1,
  side,
  notional: usdc(notional),
  minDiscountPpm,
});
const open = (clientId: bigint, side: Side, remaining: string, minDiscountPpm = 1_000) => ({
  clientId,
  side,
  remaining: usdc(remaining).toString(),
  minDiscountPpm,
});

describe('bids', () => {
  test('are placed when they are missing, and stay while half is left', () => {
    const wanted = [bid(buy, '20000'), bid(sell, '20000')];
    assert.deepEqual(planBids(market(0n), wanted, [open(1n, buy, '10000')], limits), {
      cancel: [],
      place: [{ ...wanted[1]!, clientId: 2n }],
    });
  });

  test('are placed anew when less than half is left, and taken back when nobody wants them', () => {
    const wanted = [bid(buy, '20000')];
    assert.deepEqual(planBids(market(0n), wanted, [open(1n, buy, '9999'), open(7n, sell, '5000')], limits), {
      cancel: [7n, 1n],
      place: [{ ...wanted[0]!, clientId: 1n }],
    });
  });

  test('shrink with the room for inventory, and one that reduces it has more', () => {
    // 0.6 BTC long are 34,200 USDC.
    const holding = market(60_000_000n);
    assert.equal(inventoryOf(holding), usdc('34200'));
    const { place } = planBids(holding, [bid(buy, '20000'), bid(sell, '20000')], [], limits);
    assert.deepEqual(
      place.map(({ notional }) => notional),
      [usdc('15800'), usdc('20000')],
    );
    const full = planBids(market(100_000_000n), [bid(buy, '20000')], [open(1n, buy, '20000')], limits);
    assert.deepEqual(full, { cancel: [1n], place: [] });
  });

  test('never ask for more than the chain would grant', () => {
    const { place } = planBids(market(0n, { maxDiscountPpm: 12_499 }), [bid(buy, '20000', 20_000)], [], limits);
    assert.equal(place[0]!.minDiscountPpm, 12_000);
  });
});

describe('hedges', () => {
  test('close a part of the position within the slippage, on tick and step', () => {
    assert.deepEqual(planHedge(market(60_000_000n), limits), {
      side: sell,
      quantity: 17_543_000n,
      price: usdc('56886'),
    });
    assert.deepEqual(planHedge(market(-5_000_900n), limits), { side: buy, quantity: 5_000_000n, price: usdc('57114') });
  });

  test('are none without a position, a price or a whole step', () => {
    assert.equal(planHedge(market(0n), limits), undefined);
    assert.equal(planHedge(market(10_000n, { markPrice: 0n }), limits), undefined);
    assert.equal(planHedge(market(999n), limits), undefined);
  });
});
