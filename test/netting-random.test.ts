import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AppState } from '../app/genesis.js';
import { toBech32 } from '../runtime/crypto/address.js';
import { audit } from '../x/perps/block/identities.js';
import { equity, health, initialMargin, maintenanceMargin, usableEquity } from '../x/perps/margin/index.js';
import { subaccountId } from '../x/perps/subaccount-key.js';
import type { StoredAccount } from '../x/perps/types.js';
import { btc, usdc } from './support/amounts.js';
import { testChain, type TestChain } from './support/chain.js';
import { accountOf, amountOf, perpsEvents } from './support/events.js';
import { openPositions } from './support/positions.js';

const numRuns = Number(process.env['PLIMSOLL_FC_RUNS'] ?? 5);

/** A long and a short against each other, with equity in ppm of notional, and what each asks for in milli-bitcoin; zero for all. */
const pair = fc.record({
  milliBtc: fc.integer({ min: 20, max: 2_000 }),
  equityPpm: fc.tuple(fc.integer({ min: 26_000, max: 120_000 }), fc.integer({ min: 26_000, max: 120_000 })),
  asks: fc.tuple(fc.option(fc.nat(2_500)), fc.option(fc.nat(2_500))),
});
const scenario = fc.record({
  pairs: fc.array(pair, { minLength: 2, maxLength: 10 }),
  /** How far the mark stands from the oracle price, ppb: at most half the floor of class A. */
  basis: fc.integer({ min: -6_000_000, max: 6_000_000 }),
  /** Per mille of the price; the first stops the market. */
  moves: fc.array(fc.integer({ min: -25, max: 25 }), { minLength: 1, maxLength: 3 }),
  fall: fc.boolean(),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

/** Addresses in no order of their making. */
function addressOf(index: number): string {
  const bytes = Buffer.alloc(20);
  bytes.writeUInt32BE(Math.imul(index + 1, 0x9e3779b1) >>> 0, 0);
  return toBech32(bytes);
}

/** A chain with breakers on which these people hold positions and have asked to net them. */
async function chainOf({ pairs, basis }: Scenario): Promise<TestChain> {
  const sides = pairs.flatMap(({ milliBtc, equityPpm, asks }, index) =>
    equityPpm.map((share, side) => ({
      owner: addressOf(2 * index + side),
      quantity: (side === 0 ? 1n : -1n) * btc(milliBtc / 1_000),
      equity: (usdc(60 * milliBtc) * BigInt(share)) / 1_000_000n,
      asks: asks[side]!,
    })),
  );
  return testChain({
    breakers: true,
    change(state: AppState) {
      openPositions(state, sides);
      const perps = state['perps'] as { netting: unknown; mark: unknown; markets: { status: string }[] };
      perps.markets[0]!.status = 'MARKET_STATUS_REDUCE_ONLY';
      const since = `${Date.parse('2026-01-01T00:00:00Z')}`;
      perps.mark = {
        states: [{ market_id: 1, basis_ppb: `${basis}`, basis_time_ms: since, current: { market_id: 1 } }],
      };
      perps.netting = {
        requests: sides
          .filter(({ asks }) => asks !== null)
          .map(({ owner, quantity, asks }) => ({
            subaccount: { owner, number: 0 },
            market_id: 1,
            side: quantity > 0n ? 'SIDE_SELL' : 'SIDE_BUY',
            quantity: `${btc(asks! / 1_000)}`,
            placed_height: '0',
          })),
      };
    },
  });
}

/** Everybody by name, as the store has them, with the margins of the newest marks. */
function peopleOf(chain: TestChain) {
  const ctx = chain.plimsoll.app.queryContext();
  const { perps } = chain.plimsoll.keepers;
  const markets = perps.markets(ctx);
  const stand = (account: StoredAccount) => ({
    equity: equity(account, markets),
    maintenanceMargin: maintenanceMargin(account, markets),
  });
  const name = ({ key }: StoredAccount): string => `${subaccountId(key).owner}/${subaccountId(key).number}`;
  return {
    markets,
    stand,
    covered: (account: StoredAccount) => usableEquity(account, markets) >= initialMargin(account, [], markets),
    accounts: new Map([...perps.allAccounts(ctx)].map((account) => [name(account), account])),
  };
}

test('INV-L1, INV-L4, ID-1 to ID-4 whoever nets: positions only shrink, equity changes hands to the quantum, nobody ends below zero or in worse health', async () => {
  let closes = 0;
  let liquidations = 0;
  await fc.assert(
    fc.asyncProperty(scenario, async (drawn) => {
      const chain = await chainOf(drawn);
      try {
        let price = 60_000;
        for (const move of [drawn.fall ? -31 : 31, ...drawn.moves]) {
          price = Math.round(price * (1 + move / 1_000));
          chain.prices.set({ 'BTC-USD': `${price}`, 'ETH-USD': '3000' });
          for (let i = 0; i < 2; i++) {
            const before = peopleOf(chain).accounts;
            const { results } = await chain.block();
            const { accounts: after, markets, stand, covered } = peopleOf(chain);
            assert.deepEqual(audit(chain.plimsoll.app.queryContext(), chain.plimsoll.perpsDeps).violations, []);
            const events = [...perpsEvents(results)];
            const others = new Set(
              events
                .filter(({ name }) => /Liquidation|Deleveraged|Haircut|Bankruptcy|Takeover/.test(name))
                .map(({ fields }) => (fields['subaccount'] === undefined ? '' : accountOf(fields))),
            );
            liquidations += others.size;
            let net = 0n;
            let moved = 0n;
            for (const { name, fields } of events) {
              if (name !== 'EventNetted') continue;
              closes++;
              const who = accountOf(fields);
              const quantity = (fields['side'] === 'SIDE_BUY' ? 1n : -1n) * amountOf(fields, 'quantity');
              const held = amountOf(fields, 'position_quantity');
              net += quantity;
              assert.ok(quantity * held < 0n && quantity * quantity <= held * held);
              assert.equal(amountOf(fields, 'price'), markets(1).oraclePrice);
              if (others.has(who)) continue;
              const [old, now] = [before.get(who)!, after.get(who)!];
              assert.equal(old.positions[0]!.quantity, held);
              assert.equal(now.positions[0]?.quantity ?? 0n, held + quantity);
              moved += now.cash - old.cash;
              // At the marks of this block, with and without the close.
              const [without, within] = [stand(old), stand(now)];
              assert.ok(within.equity >= 0n);
              const [was, is] = [health(without), health(within)];
              assert.ok(covered(now) || is === undefined || is >= was!, `${who}: health from ${was} to ${is}`);
            }
            assert.equal(net, 0n);
            // A quantum for each account that bought or sold at most, which is dust.
            if (others.size === 0) assert.ok(moved <= 0n && moved >= -BigInt(after.size), `${moved}`);
          }
        }
      } finally {
        await chain.close();
      }
    }),
    {
      numRuns,
      // Everybody wants out, with a mark as far above as it goes; the first long could not pay for it.
      examples: [
        [
          {
            pairs: [
              { milliBtc: 1_000, equityPpm: [32_000, 120_000], asks: [0, 0] },
              { milliBtc: 777, equityPpm: [90_000, 90_000], asks: [500, 0] },
            ],
            basis: 6_000_000,
            moves: [5],
            fall: true,
          },
        ],
      ],
    },
  );
  assert.ok(closes > 4, `${closes} closes, ${liquidations} touched by the waterfall`);
});
