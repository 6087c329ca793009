import assert from 'node:assert/strict';
import { subaccountKey } from '../../x/perps/subaccount-key.js';
import { base, quote, type AccountView } from '../../x/perps/types.js';
import { scenario, type Scenario } from './scenario.js';
import { Bulk } from './support/bulk.js';
import { listed } from './support/crowd.js';
import { wholeUsdc } from './support/outcome.js';

const usdc = 1_000_000n;
/** 60,000 USD in 10^-6; sizes count 10^-8. */
const mark = 60_000n * usdc;
/** Six USDC of BTC: one above the least order. */
const dustSize = 10_000n;
/** Thirty times its equity. */
const dustEquity = usdc / 5n;
const honest = 50;

/** Spread over the key space as addresses are. */
function keyAt(index: number): string {
  const address = Buffer.alloc(20);
  address.writeUInt32BE(Math.imul(index + 1, 0x9e3779b1) >>> 0, 0);
  address.writeUInt32BE(index, 16);
  return subaccountKey(address, 0);
}

const worth = (quantity: bigint): bigint => (quantity * mark) / 10n ** 8n;

function accountAt(index: number, quantity: bigint, equity: bigint): AccountView {
  const value = worth(quantity);
  const position = { marketId: 1, quantity: base(quantity), entryValue: quote(value), fundingIndex: 0n };
  return { key: keyAt(index), cash: quote(equity - value), positions: [position], collateral: [] };
}

/** Dust longs, and a few honest shorts on the other side. */
function* accounts(dust: number): Iterable<AccountView> {
  for (let index = 0; index < dust; index++) yield accountAt(index, dustSize, dustEquity);
  const share = (BigInt(dust) * dustSize) / BigInt(honest);
  for (let index = 0; index < honest; index++) {
    const last = index === honest - 1;
    const quantity = last ? BigInt(dust) * dustSize - share * BigInt(honest - 1) : share;
    yield accountAt(dust + index, -quantity, worth(quantity) / 4n);
  }
}

export const dust: readonly Scenario[] = [
  scenario({
    id: 'T-DUST',
    title: 'a million dust accounts go bankrupt in one block',
    source: 'risk-model 21.6: rounding and work, multiplied by accounts that cost next to nothing',
    expectation:
      'every one is resolved in the block that ruins it, the deficit is paid to the unit, and nothing is earned by rounding',
    async run(size) {
      const count = size === 'full' ? 1_000_000 : 1_000;
      const tranche = (BigInt(count) * 6n * usdc) / 100n;
      const bulk = await Bulk.open(listed([['BTC-USD', 'A', '60000']], tranche), new Map([[1, mark]]), accounts(count));
      try {
        const { perps } = bulk.app.keepers;
        const dustBefore = perps.ledger(bulk.store.at()).dust;
        // Under maintenance margin, with nobody to close them; then beyond bankruptcy; then nothing is left to do.
        for (const permille of [0n, -20n, -30n, 0n]) await bulk.block(permille);
        const { outcome } = bulk;
        const left = perps.marketView(bulk.store.at(), 1).openInterest;
        return {
          'dust accounts': count,
          'honest accounts': honest,
          'accounts resolved': outcome.liquidated.size,
          'most closes outside the book in one block': outcome.mostCloses,
          'deficit, USDC': wholeUsdc(outcome.deficit),
          'paid by insurance, USDC': wholeUsdc(outcome.insurance),
          'haircut, USDC': wholeUsdc(outcome.taken),
          overshoot: outcome.overshoot,
          'bad debt': Number(outcome.badDebt),
          'open interest left, USDC': wholeUsdc(left),
          'rounding kept by the exchange, millionths of a USDC': Number(
            perps.ledger(bulk.store.at()).dust - dustBefore,
          ),
        };
      } finally {
        await bulk.close();
      }
    },
    check(figures) {
      assert.equal(figures['accounts resolved'], figures['dust accounts']);
      assert.equal(figures['bad debt'], 0);
      assert.ok(Math.abs(figures.overshoot - 1) < 1e-4, `overshoot ${figures.overshoot}`);
      assert.equal(figures['open interest left, USDC'], 0);
      // A quantum for each fill at most.
      const rounding = figures['rounding kept by the exchange, millionths of a USDC'];
      assert.ok(rounding >= 0 && rounding <= figures['most closes outside the book in one block'], `${rounding}`);
    },
  }),
];
