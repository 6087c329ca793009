import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addBalance, type AppState } from '../app/genesis.js';
import { moduleAddress, toBech32 } from '../runtime/crypto/address.js';
import { audit } from '../x/perps/block/identities.js';
import { discountCap } from '../x/perps/keeper-bids/clearing.js';
import { initialMargin, usableEquity } from '../x/perps/margin/index.js';
import { subaccountId } from '../x/perps/subaccount-key.js';
import { btc, usdc } from './support/amounts.js';
import { testChain, type TestChain } from './support/chain.js';
import { eventsOf } from './support/orders.js';
import { openPositions } from './support/positions.js';

const numRuns = Number(process.env['PLIMSOLL_FC_RUNS'] ?? 5);

interface Trader {
  readonly milliBtc: number;
  /** Equity of the long and of the short against it, ppm of notional. */
  readonly equityPpm: readonly [number, number];
}

interface Keeper {
  readonly cash: number;
  /** Notional and discount in steps of 5 basis points; buys when the first number is positive. */
  readonly bids: readonly (readonly [number, number])[];
}

const trader: fc.Arbitrary<Trader> = fc.record({
  milliBtc: fc.integer({ min: 20, max: 2_000 }),
  equityPpm: fc.tuple(fc.integer({ min: 26_000, max: 120_000 }), fc.integer({ min: 26_000, max: 120_000 })),
});
const keeper: fc.Arbitrary<Keeper> = fc.record({
  cash: fc.integer({ min: 100, max: 20_000 }),
  bids: fc.array(
    fc.tuple(
      fc.oneof(fc.integer({ min: 1_000, max: 200_000 }), fc.integer({ min: -200_000, max: -1_000 })),
      fc.integer({ min: 0, max: 25 }),
    ),
    { minLength: 1, maxLength: 4 },
  ),
});
const scenario = fc.record({
  traders: fc.array(trader, { minLength: 2, maxLength: 10 }),
  keepers: fc.array(keeper, { minLength: 1, maxLength: 5 }),
  moves: fc.array(fc.integer({ min: -80, max: 80 }), { minLength: 2, maxLength: 5 }),
});

/** Addresses in no order of their making. */
function addressOf(index: number): string {
  const bytes = Buffer.alloc(20);
  bytes.writeUInt32BE(Math.imul(index + 1, 0x9e3779b1) >>> 0, 0);
  return toBech32(bytes);
}

function chainOf(traders: readonly Trader[], keepers: readonly Keeper[]): Promise<TestChain> {
  return testChain({
    change(state: AppState) {
      openPositions(
        state,
        traders.flatMap(({ milliBtc, equityPpm }, index) =>
          equityPpm.map((share, side) => ({
            owner: addressOf(2 * index + side),
            quantity: (side === 0 ? 1n : -1n) * btc(milliBtc / 1_000),
            equity: (usdc(60 * milliBtc) * BigInt(share)) / 1_000_000n,
          })),
        ),
      );
      const perps = state['perps'] as { subaccounts: unknown[]; keeper_bids: unknown };
      const bids: unknown[] = [];
      for (const [index, { cash, bids: own }] of keepers.entries()) {
        const subaccount = { owner: addressOf(1_000 + index), number: 0 };
        perps.subaccounts.push({ id: subaccount, cash: `${usdc(cash)}`, underwater_height: '0' });
        addBalance(state, toBech32(moduleAddress('perps')), 'uusdc', usdc(cash));
        for (const [at, [worth, steps]] of own.entries()) {
          const notional = `${usdc(Math.abs(worth))}`;
          bids.push({
            subaccount,
            market_id: 1,
            client_id: `${at + 1}`,
            side: worth > 0 ? 'SIDE_BUY' : 'SIDE_SELL',
            max_notional: notional,
            remaining: notional,
            min_discount_ppm: 500 * steps,
            placed_height: '0',
          });
        }
      }
      perps.keeper_bids = { bids };
    },
  });
}

interface Named {
  readonly owner: string;
  readonly number: number;
}
const nameOf = ({ owner, number }: Named): string => `${owner}/${number}`;

/** All accounts by name, as the store has them. */
function accountsOf(chain: TestChain) {
  const ctx = chain.plimsoll.app.queryContext();
  const { perps } = chain.plimsoll.keepers;
  return new Map([...perps.allAccounts(ctx)].map((account) => [nameOf(subaccountId(account.key)), account]));
}

type Results = Awaited<ReturnType<TestChain['block']>>['results'];

/** Names in a field of all events of a kind. */
const namesIn = (results: Results, event: string, field = 'subaccount'): string[] =>
  eventsOf(results, event).map((attributes) => nameOf(attributes[field] as Named));

test('INV-L6 keepers and failing accounts alone change hands; one discount, never above the cap, and never a deficit by it', async () => {
  let fills = 0;
  let shared = 0;
  await fc.assert(
    fc.asyncProperty(scenario, async ({ traders, keepers, moves }) => {
      const chain = await chainOf(traders, keepers);
      try {
        for (let i = 0; i < 3; i++) await chain.block();
        let price = 60_000;
        for (const move of moves) {
          price = Math.round(price * (1 + move / 1_000));
          chain.prices.set({ 'BTC-USD': `${price}`, 'ETH-USD': '3000' });
          for (let i = 0; i < 4; i++) {
            const before = accountsOf(chain);
            const { results } = await chain.block();
            const after = accountsOf(chain);
            const ctx = chain.plimsoll.app.queryContext();
            assert.deepEqual(audit(ctx, chain.plimsoll.perpsDeps).violations, []);

            const failing = namesIn(results, 'EventLiquidationStarted');
            const keepersNow = namesIn(results, 'EventKeeperFill', 'keeper');
            const counterparties = [...namesIn(results, 'EventDeleveraged'), ...namesIn(results, 'EventHaircut')];
            const touched = new Set([...failing, ...keepersNow, ...counterparties]);
            for (const [name, { cash, positions }] of before) {
              if (touched.has(name)) continue;
              assert.equal(after.get(name)!.cash, cash);
              assert.deepEqual(after.get(name)!.positions, positions);
            }
            // Whoever is taken over is failing, and is not made bankrupt by it.
            const taken = namesIn(results, 'EventKeeperFill');
            const bankrupt = namesIn(results, 'EventBankruptcy');
            for (const name of taken) assert.ok(failing.includes(name) && !bankrupt.includes(name));
            for (const name of keepersNow) assert.ok(!failing.includes(name));

            const markets = chain.plimsoll.keepers.perps.markets(ctx);
            const bySide = new Map<unknown, Set<unknown>>();
            for (const { side, discount_ppm: discount } of eventsOf(results, 'EventKeeperFill')) {
              bySide.set(side, (bySide.get(side) ?? new Set()).add(discount));
              assert.ok(BigInt(discount as number) <= discountCap(markets(1)));
              fills++;
            }
            for (const discounts of bySide.values()) assert.equal(discounts.size, 1);
            if (new Set(keepersNow).size > 1) shared++;
            // A fill leaves its keeper with the margin that opening asks for.
            for (const name of keepersNow) {
              if (counterparties.includes(name)) continue;
              const account = after.get(name)!;
              const had = before.get(name)!.positions[0]?.quantity ?? 0n;
              const has = account.positions[0]?.quantity ?? 0n;
              if (has * has < had * had) continue;
              assert.ok(usableEquity(account, markets) >= initialMargin(account, [], markets));
            }
          }
        }
      } finally {
        await chain.close();
      }
    }),
    {
      numRuns,
      // Two keepers share a crash in every run of this test.
      examples: [
        [
          {
            traders: [{ milliBtc: 1_000, equityPpm: [60_000, 120_000] }],
            keepers: [
              { cash: 20_000, bids: [[10_000, 1]] },
              { cash: 20_000, bids: [[10_000, 1]] },
            ],
            moves: [-45, 0],
          },
        ],
      ],
    },
  );
  assert.ok(fills > 0 && shared > 0, `${fills} fills, ${shared} blocks with several keepers`);
});
