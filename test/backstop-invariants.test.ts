import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fundVault } from '../app/genesis.js';
import { demoMarkets } from '../cmd/plimsolld/devnet/demo.js';
import { toBech32 } from '../runtime/crypto/address.js';
import { audit } from '../x/perps/block/identities.js';
import { classDefaults } from '../x/perps/params.js';
import { vaultKey, vaultOwner } from '../x/perps/vaults/account.js';
import { testChain } from './support/chain.js';
import { eventsOf } from './support/orders.js';
import { openPositions, type OpeningPosition } from './support/positions.js';

const numRuns = Number(process.env['PLIMSOLL_FC_RUNS'] ?? 4);
const usdc = 1_000_000n;
const marks = [60_000, 3_000] as const;
const owner = toBech32(vaultOwner);

/** Two that hold the same size against each other; health of each, ppm of maintenance margin. */
const pair = fc.record({
  market: fc.constantFrom(1, 2),
  lots: fc.integer({ min: 1_000, max: 200_000 }),
  health: fc.tuple(fc.integer({ min: 350_000, max: 3_000_000 }), fc.integer({ min: 350_000, max: 3_000_000 })),
});
const system = fc.record({
  pairs: fc.array(pair, { minLength: 4, maxLength: 15 }),
  /** Worth of the vaults of class A and B, USDC. */
  vaults: fc.tuple(fc.integer({ min: 100, max: 2_000_000 }), fc.integer({ min: 100, max: 2_000_000 })),
  /** A vault that holds a position too large for it already, as if prices had moved: health, ppm. */
  failing: fc.boolean(),
  moves: fc.array(fc.tuple(fc.integer({ min: -60, max: 90 }), fc.integer({ min: -60, max: 90 })), {
    minLength: 1,
    maxLength: 3,
  }),
});

interface Named {
  readonly owner: string;
  readonly number: number;
}

test('INV-B1 no vault ends a block in debt, INV-B2 none takes of another, INV-B3 payments stay within their bounds', async () => {
  let takeovers = 0;
  let vaultsFailed = 0;
  await fc.assert(
    fc.asyncProperty(system, async ({ pairs, vaults, failing, moves }) => {
      const [btc, eth] = demoMarkets(100_000n * usdc) as [
        ReturnType<typeof demoMarkets>[0],
        ReturnType<typeof demoMarkets>[0],
      ];
      const chain = await testChain({
        // Classes A and B, each with a vault of its own.
        markets: [btc, { ...eth, market: { ...eth.market, ...classDefaults.B } }],
        change: (state) => {
          const positions: OpeningPosition[] = [];
          const open = (market: number, quantity: bigint, healths: readonly number[], names: readonly string[]) => {
            const worth = (quantity * BigInt(marks[market - 1]!) * usdc) / 10n ** 8n;
            const margin = (worth * (market === 1 ? 25_000n : 50_000n)) / 1_000_000n;
            for (const [at, sign] of [1n, -1n].entries())
              positions.push({
                owner: names[at]!,
                number: names[at] === owner ? 2 : 0,
                marketId: market,
                quantity: sign * quantity,
                equity: (margin * BigInt(healths[at]!)) / 1_000_000n,
              });
          };
          for (const [index, { market, lots, health }] of pairs.entries())
            open(market, BigInt(lots) * 10_000n, health, [nameOf(2 * index + 1), nameOf(2 * index + 2)]);
          // The vault of class B itself at a health that vaults would take over.
          if (failing) open(2, 10n ** 10n, [500_000, 5_000_000], [owner, nameOf(1_001)]);
          openPositions(state, positions);
          fundVault(state, 1, BigInt(vaults[0]) * usdc);
          if (!failing) fundVault(state, 2, BigInt(vaults[1]) * usdc);
          else {
            const { vaults: funded } = state['backstop'] as { vaults: object[] };
            funded.push({ ...funded[0], number: 2 });
          }
        },
      });
      try {
        const { perps } = chain.plimsoll.keepers;
        const step = async (): Promise<void> => {
          const { results } = await chain.block();
          for (const fields of eventsOf(results, 'EventBackstopTakeover')) {
            takeovers++;
            const { subaccount, vault } = fields as unknown as { subaccount: Named; vault: Named };
            assert.notEqual(subaccount.owner, owner);
            assert.deepEqual(vault, { owner, number: fields['market_id'] });
            const [payment, share, margin] = ['payment', 'equity_share', 'margin_share'].map((name) =>
              BigInt(fields[name] as string),
            ) as [bigint, bigint, bigint];
            assert.ok(payment >= 0n && payment <= share && payment <= margin / 2n, `${payment}`);
            const health = fields['health_ppm'] as number;
            assert.ok(health >= 400_000 && health < 670_000);
          }
          for (const name of ['EventLiquidation', 'EventBankruptcy'])
            for (const { subaccount } of eventsOf(results, name) as unknown as { subaccount: Named }[])
              if (subaccount.owner === owner) vaultsFailed++;
          const ctx = chain.plimsoll.app.queryContext();
          for (const number of [1, 2]) {
            const { worth } = chain.plimsoll.keepers.backstop.accounts.standing(ctx, number);
            assert.ok(worth >= 0n, `vault ${number} ends with ${worth}`);
            // Each class's vault holds its own class's market only.
            for (const { marketId } of perps.positionsOf(ctx, vaultKey(number))) assert.equal(marketId, number);
          }
        };
        for (let i = 0; i < 4; i++) await step();
        const at = [...marks] as number[];
        for (const move of moves) {
          for (const market of [0, 1]) at[market] = Math.round(at[market]! * (1 + move[market]! / 100));
          chain.prices.set({ 'BTC-USD': `${at[0]}`, 'ETH-USD': `${at[1]}` });
          for (let i = 0; i < 3; i++) await step();
        }
        const ctx = chain.plimsoll.app.queryContext();
        assert.deepEqual(audit(ctx, chain.plimsoll.perpsDeps).violations, []);
        assert.equal(perps.ledger(ctx).haltedReason, '');
      } finally {
        await chain.close();
      }
    }),
    {
      numRuns,
      examples: [
        [
          {
            pairs: [
              { market: 1, lots: 10_000, health: [600_000, 3_000_000] },
              { market: 1, lots: 200_000, health: [2_000_000, 3_000_000] },
              { market: 2, lots: 200_000, health: [3_000_000, 550_000] },
              { market: 2, lots: 200_000, health: [3_000_000, 2_000_000] },
            ],
            vaults: [1_000_000, 1_000_000],
            failing: true,
            moves: [[-60, 90]],
          },
        ],
      ],
    },
  );
  assert.ok(takeovers > 0 && vaultsFailed > 0, `${takeovers} takeovers, ${vaultsFailed} vaults liquidated`);
});

/** A different address for each number, in no order. */
function nameOf(number: number): string {
  const address = Buffer.alloc(20);
  address.writeUInt32BE(Math.imul(number, 0x9e3779b1) >>> 0, 0);
  return toBech32(address);
}
