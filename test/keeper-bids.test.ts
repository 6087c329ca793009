import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Side } from '../gen/plimsoll/perps/v1/types.js';
import { createApp } from '../app/app.js';
import { exportGenesis } from '../app/export.js';
import { mounts } from '../app/mounts.js';
import { demoAccounts } from '../cmd/plimsolld/devnet/demo.js';
import { keyFromMnemonic } from '../cmd/plimsolld/keyring/keyring.js';
import { fromBech32 } from '../runtime/crypto/address.js';
import { VirtualClock } from '../runtime/engine/clock.js';
import { ConsensusKey } from '../runtime/engine/consensus-key.js';
import { EmbeddedEngine } from '../runtime/engine/engine.js';
import type { GenesisDoc } from '../runtime/engine/genesis-doc.js';
import { silentLogger } from '../runtime/log.js';
import { keyBytes, u64 } from '../runtime/store/key.js';
import { openStore } from '../runtime/store/index.js';
import { audit } from '../x/perps/block/identities.js';
import { residualAges } from '../x/perps/block/residual-ages.js';
import { keeperBids } from '../x/perps/keeper-bids/store.js';
import { equity, health, initialMargin, maintenanceMargin, usableEquity } from '../x/perps/margin/index.js';
import { freeCollateral } from '../x/perps/msgs/common.js';
import { subaccountKey } from '../x/perps/subaccount-key.js';
import { btc, usdc } from './support/amounts.js';
import { chainId, SetPrices, testChain, type TestChain } from './support/chain.js';
import { deposit, keeperBid, order, withdraw } from './support/messages.js';
import { cancelAll, cancelKeeperBid, eventsOf } from './support/orders.js';
import { openPositions, type OpeningPosition } from './support/positions.js';

const addresses = demoAccounts.map(({ mnemonic }) => keyFromMnemonic(mnemonic).address);
const [long, short] = addresses as [string, string];
const keyOf = (owner: string, number = 0): string => subaccountKey(fromBech32(owner), number);

/** A chain that begins with these positions, at 60,000 USD and a maintenance rate of 2.5 %, and has a price. */
async function chainWith(positions: readonly OpeningPosition[]): Promise<TestChain> {
  const chain = await testChain({ change: (state) => openPositions(state, positions) });
  for (let i = 0; i < 3; i++) await chain.block();
  return chain;
}

/** One account that fails when the price falls, and one against it that does not. */
const pair = (equityOfLong: number): OpeningPosition[] => [
  { owner: long, quantity: btc(1), equity: usdc(equityOfLong) },
  { owner: short, quantity: -btc(1), equity: usdc(40_000) },
];

function standing(chain: TestChain, owner: string, number = 0) {
  const ctx = chain.plimsoll.app.queryContext();
  const { perps } = chain.plimsoll.keepers;
  const account = perps.account(ctx, keyOf(owner, number));
  const markets = perps.markets(ctx);
  const own = { equity: equity(account, markets), maintenanceMargin: maintenanceMargin(account, markets) };
  return {
    ...own,
    health: health(own) ?? 0n,
    quantity: account.positions[0]?.quantity ?? 0n,
    covered: usableEquity(account, markets) >= initialMargin(account, [], markets),
    free: freeCollateral(ctx, chain.plimsoll.perpsDeps, account),
  };
}

function assertSound(chain: TestChain): void {
  const ctx = chain.plimsoll.app.queryContext();
  assert.deepEqual(audit(ctx, chain.plimsoll.perpsDeps).violations, []);
  assert.equal(chain.plimsoll.keepers.perps.ledger(ctx).haltedReason, '');
}

/** A block whose transactions all succeed. */
async function succeed(chain: TestChain, txs: readonly Uint8Array[]) {
  const { results } = await chain.block(txs);
  for (const { code, log } of results.txResults) assert.equal(code, 0, log);
  return results;
}

interface Fill {
  readonly subaccount: { readonly owner: string; readonly number: number };
  readonly keeper: { readonly owner: string; readonly number: number };
  readonly remaining: string;
  readonly side: string;
  readonly quantity: string;
  readonly price: string;
  readonly discount_ppm: number;
  readonly notional: string;
}

const fillsOf = (results: Parameters<typeof eventsOf>[0]): Fill[] =>
  eventsOf(results, 'EventKeeperFill') as unknown as Fill[];

/** Sets the price and produces blocks until it is the mark: it is voted, then it holds. */
async function moveTo(chain: TestChain, price: number) {
  chain.prices.set({ 'BTC-USD': `${price}`, 'ETH-USD': '3000' });
  await chain.block();
  return (await chain.block()).results;
}

describe('keepers of failing positions', () => {
  test('an empty book and a crash: bids take the residual in the block in which it fails, at one discount', async () => {
    const chain = await chainWith(pair(4_000));
    try {
      const [keeper, other] = [chain.keys[2]!, chain.keys[3]!];
      await succeed(chain, [
        chain.sign(keeper, [
          deposit(keeper, usdc(20_000)),
          keeperBid(keeper, Side.SIDE_BUY, usdc(15_000), 500),
          keeperBid(keeper, Side.SIDE_BUY, usdc(15_000), 3_000, { clientId: 2n }),
        ]),
        chain.sign(other, [deposit(other, usdc(20_000)), keeperBid(other, Side.SIDE_BUY, usdc(60_000), 1_000)]),
      ]);
      // At 57,000: equity 1,000 against a margin of 1,425. Health 0.70: no second block of grace, and slices of 20,000.
      const results = await moveTo(chain, 57_000);
      const fills = fillsOf(results);
      // The first bid asks 5 basis points, the other keeper's 10, which both get; 30 were too much in the first block.
      assert.deepEqual(
        fills.map((fill) => [fill.keeper.owner, fill.side, fill.quantity, fill.price, fill.discount_ppm]),
        [
          [keeper.address, 'SIDE_BUY', '26315000', '56943000000', 1_000],
          [other.address, 'SIDE_BUY', '8772000', '56943000000', 1_000],
        ],
      );
      assert.deepEqual(
        fills.map(({ notional, remaining }) => [notional, remaining]),
        [
          ['14999550000', '450000'],
          ['5000040000', '54999960000'],
        ],
      );
      // 10 basis points of 0.35087 BTC are 19.999590 USDC; the penalty at health 0.70 is what is missing besides.
      const [penalty] = eventsOf(results, 'EventLiquidationPenalty') as { penalty: string; closed_notional: string }[];
      assert.equal(penalty!.closed_notional, '19999590000');
      const failed = standing(chain, long);
      assert.equal(failed.quantity, btc(1) - 35_087_000n);
      assert.equal(failed.equity, usdc(1_000) - 19_999_590n - BigInt(penalty!.penalty));
      assert.equal(standing(chain, keeper.address).equity, usdc(20_000) + 14_999_550n);
      assert.equal(standing(chain, other.address).equity, usdc(20_000) + 5_000_040n);
      assert.deepEqual(eventsOf(results, 'EventBankruptcy'), []);
      // What was left of the first bid was less than a step.
      const ctx = chain.plimsoll.app.queryContext();
      assert.deepEqual([...keeperBids.all(ctx)].map(([{ clientId }]) => clientId).sort(), [1n, 2n]);
      assertSound(chain);
    } finally {
      await chain.close();
    }
  });

  test('shorts are taken over above the mark', async () => {
    const chain = await chainWith([
      { owner: long, quantity: btc(1), equity: usdc(40_000) },
      { owner: short, quantity: -btc(1), equity: usdc(4_000) },
    ]);
    try {
      const keeper = chain.keys[2]!;
      await succeed(chain, [
        chain.sign(keeper, [deposit(keeper, usdc(50_000)), keeperBid(keeper, Side.SIDE_SELL, usdc(100_000), 1_000)]),
      ]);
      const [fill] = fillsOf(await moveTo(chain, 63_000));
      assert.equal(fill!.price, '63063000000');
      assert.equal(fill!.side, 'SIDE_SELL');
      assert.equal(standing(chain, keeper.address).quantity, -BigInt(fill!.quantity));
      assert.ok(standing(chain, keeper.address).equity > usdc(50_000));
      assertSound(chain);
    } finally {
      await chain.close();
    }
  });

  test('who is nearly well waits five blocks for the book; then the ceiling rises by m/20 a block', async () => {
    const chain = await chainWith(pair(4_280));
    try {
      const keeper = chain.keys[2]!;
      // 1 % in a market whose ceiling is 0.125 % in the first block: reached in the eighth.
      await succeed(chain, [
        chain.sign(keeper, [
          deposit(keeper, usdc(50_000)),
          keeperBid(keeper, Side.SIDE_BUY, usdc(100_000), 10_000),
          keeperBid(keeper, Side.SIDE_BUY, usdc(1_000), 0, { clientId: 2n }),
        ]),
      ]);
      // Health 0.90: liquidated from the second block on.
      assert.deepEqual(fillsOf(await moveTo(chain, 57_000)), []);
      const discounts: number[][] = [];
      for (let age = 0; age < 8; age++)
        discounts.push(fillsOf((await chain.block()).results).map(({ discount_ppm }) => discount_ppm));
      // At age 5 nobody waits for the book any more: the small bid fills at mark, where it asked to.
      assert.deepEqual(discounts, [[], [], [], [], [], [0], [], [10_000]]);
      assertSound(chain);
    } finally {
      await chain.close();
    }
  });

  test('keepers who agree to ask the most earn at most the cap, and the failing account pays it', async () => {
    const chain = await chainWith(pair(3_855));
    try {
      const cartel = [chain.keys[2]!, chain.keys[3]!];
      await succeed(
        chain,
        cartel.map((keeper) =>
          chain.sign(keeper, [deposit(keeper, usdc(50_000)), keeperBid(keeper, Side.SIDE_BUY, usdc(100_000), 12_500)]),
        ),
      );
      const insurance = () => chain.plimsoll.keepers.insurance.totalBalance(chain.plimsoll.app.queryContext());
      const before = insurance();
      // Equity 855 against 1,425: health 0.60 and 1.5 % of notional. The cap is 1.25 %.
      const fills = fillsOf(await moveTo(chain, 57_000));
      for (let age = 1; age < 10 && fills.length === 0; age++) fills.push(...fillsOf((await chain.block()).results));
      assert.equal(fills.length, 2);
      const earned = cartel.map(({ address }) => standing(chain, address).equity - usdc(50_000));
      const notional = fills.reduce((sum, fill) => sum + BigInt(fill.notional), 0n);
      const most = (notional * 12_500n) / 1_000_000n;
      const all = earned.reduce((sum, each) => sum + each, 0n);
      assert.ok(all <= most && all >= most - 4n, `${all} of ${most}`);
      assert.ok(standing(chain, long).equity >= 0n);
      assert.ok(insurance() >= before);
      assertSound(chain);
    } finally {
      await chain.close();
    }
  });

  test('nobody pays more than his equity: bids that ask more than it stay, and nothing is taken of a bankrupt', async () => {
    const chain = await chainWith(pair(3_285));
    try {
      const keeper = chain.keys[2]!;
      await succeed(chain, [
        chain.sign(keeper, [deposit(keeper, usdc(50_000)), keeperBid(keeper, Side.SIDE_BUY, usdc(100_000), 5_500)]),
      ]);
      // Equity 285 of 57,000: half a per cent.
      const fills = fillsOf(await moveTo(chain, 57_000));
      for (let age = 1; age < 12; age++) fills.push(...fillsOf((await chain.block()).results));
      assert.deepEqual(fills, []);
      const results = await moveTo(chain, 56_500);
      assert.equal(eventsOf(results, 'EventBankruptcy').length, 1);
      assert.deepEqual(fillsOf(results), []);
      assertSound(chain);
    } finally {
      await chain.close();
    }
  });

  test('whoever owns both sides gains nothing: what the keeper earns the failing account pays, and a penalty besides', async () => {
    const chain = await chainWith(pair(3_855));
    try {
      const owner = chain.keys[0]!;
      await succeed(chain, [
        chain.sign(owner, [
          deposit(owner, usdc(50_000), 1),
          keeperBid(owner, Side.SIDE_BUY, usdc(100_000), 1_000, { subaccountNumber: 1 }),
        ]),
      ]);
      const insurance = () => chain.plimsoll.keepers.insurance.totalBalance(chain.plimsoll.app.queryContext());
      const before = insurance();
      const fills = fillsOf(await moveTo(chain, 57_000));
      assert.deepEqual(
        fills.map(({ subaccount, keeper }) => [subaccount.number, keeper.number]),
        [[0, 1]],
      );
      // At the new mark both had 855 and 50,000.
      const after = standing(chain, long).equity + standing(chain, long, 1).equity;
      assert.ok(after < usdc(50_855), `${after}`);
      assert.ok(insurance() > before);
      // Nor is the rest riskier than it was.
      assert.ok(standing(chain, long).health >= 600_000n);
      assertSound(chain);
    } finally {
      await chain.close();
    }
  });

  test('a keeper takes what its margin carries when the price has come, and no more', async () => {
    const chain = await chainWith([
      { owner: long, quantity: btc(1), equity: usdc(3_855) },
      { owner: short, quantity: -btc(2), equity: usdc(80_000) },
      // The keeper is long itself, and loses in the same crash.
      { owner: addresses[2]!, quantity: btc(1), equity: usdc(9_300) },
    ]);
    try {
      const keeper = chain.keys[2]!;
      await succeed(chain, [chain.sign(keeper, [keeperBid(keeper, Side.SIDE_BUY, usdc(60_000), 0)])]);
      const [fill] = fillsOf(await moveTo(chain, 57_000));
      assert.ok(BigInt(fill!.notional) > usdc(1_000) && BigInt(fill!.notional) < usdc(56_000), fill!.notional);
      assert.ok(standing(chain, keeper.address).covered);
      assertSound(chain);
    } finally {
      await chain.close();
    }
  });

  test("a failing keeper's bids end with its orders", async () => {
    const chain = await chainWith([
      { owner: long, quantity: btc(1), equity: usdc(3_855) },
      { owner: short, quantity: -btc(2), equity: usdc(80_000) },
      { owner: addresses[2]!, quantity: btc(1), equity: usdc(4_000) },
    ]);
    try {
      const keeper = chain.keys[2]!;
      await succeed(chain, [chain.sign(keeper, [keeperBid(keeper, Side.SIDE_BUY, usdc(10_000), 0)])]);
      const results = await moveTo(chain, 57_000);
      assert.deepEqual(
        eventsOf(results, 'EventKeeperBidEnded').map(({ reason }) => reason),
        ['KEEPER_BID_END_LIQUIDATION'],
      );
      assert.deepEqual(fillsOf(results), []);
      assertSound(chain);
    } finally {
      await chain.close();
    }
  });
});

describe('a bid', () => {
  test('goes with an exported chain, with the ages of residual accounts and every index', async () => {
    const chain = await chainWith(pair(4_280));
    try {
      const keeper = chain.keys[2]!;
      await succeed(chain, [
        chain.sign(keeper, [
          deposit(keeper, usdc(50_000)),
          keeperBid(keeper, Side.SIDE_BUY, usdc(100_000), 12_000),
          keeperBid(keeper, Side.SIDE_SELL, usdc(2_000), 0, { clientId: 2n }),
          keeperBid(keeper, Side.SIDE_BUY, usdc(30_000), 500, { clientId: 3n, marketId: 2 }),
        ]),
      ]);
      await moveTo(chain, 57_000);
      for (let i = 0; i < 3; i++) await chain.block();
      const ctx = chain.plimsoll.app.queryContext();
      const genesis = JSON.parse(
        JSON.stringify(exportGenesis(chain.plimsoll, ctx, chain.engine.genesis, false)),
      ) as GenesisDoc;
      const store = await openStore({ mounts });
      const next = createApp({ store, chainId, prices: new SetPrices({}), logger: silentLogger });
      const clock = new VirtualClock(BigInt(Date.parse(genesis.genesis_time)) + 60_000n);
      const validator = ConsensusKey.fromSeed(Buffer.alloc(32, 7));
      const engine = await EmbeddedEngine.open({ app: next.app, genesis, validator, clock, logger: silentLogger });
      await engine.produceBlock();
      const entriesOf = (from: typeof ctx) =>
        [...from.committed.store('perps').range('\x48', '\x4c')].map(([key, value]) => [key, Buffer.from(value)]);
      const entries = entriesOf(ctx);
      // An age, three bids with their places, and the counts of three sides.
      assert.equal(entries.length, 1 + 3 + 3 + 3);
      const imported = entriesOf(next.app.queryContext());
      assert.deepEqual(imported.slice(1), entries.slice(1));
      // The account is a block older there.
      assert.deepEqual([residualAges.of(ctx, keyOf(long)), imported[0]], [3n, [entries[0]![0], keyBytes(u64(4n))]]);
      await engine.stop();
      await store.close();
    } finally {
      await chain.close();
    }
  });

  test('keeps initial margin free until it ends', async () => {
    const chain = await chainWith(pair(40_000));
    try {
      const keeper = chain.keys[2]!;
      await succeed(chain, [
        chain.sign(keeper, [deposit(keeper, usdc(10_000)), keeperBid(keeper, Side.SIDE_BUY, usdc(100_000), 500)]),
      ]);
      // 5 % of 99,999.6 in whole steps, and the taker fee that an order would pay.
      const { free } = standing(chain, keeper.address);
      assert.ok(free >= usdc(4_959) && free <= usdc(4_961), `${free}`);
      const send = async (...messages: Parameters<TestChain['sign']>[1][]) => {
        const { results } = await chain.block(messages.map((each) => chain.sign(keeper, each)));
        return results.txResults.slice(1).map(({ code }) => code);
      };
      assert.deepEqual(
        await send(
          [withdraw(keeper, usdc(4_962))],
          [order(keeper, Side.SIDE_BUY, btc(2), usdc(60_000))],
          [keeperBid(keeper, Side.SIDE_SELL, usdc(300_000), 500, { clientId: 2n })],
          [keeperBid(keeper, Side.SIDE_BUY, usdc(1_000), 500)],
          [keeperBid(keeper, Side.SIDE_BUY, usdc(1_000), 700, { clientId: 2n })],
          [keeperBid(keeper, Side.SIDE_BUY, usdc(1_000), 13_000, { clientId: 2n })],
          [keeperBid(keeper, Side.SIDE_BUY, usdc(999), 500, { clientId: 2n })],
          [keeperBid(keeper, Side.SIDE_UNSPECIFIED, usdc(1_000), 500, { clientId: 2n })],
          [keeperBid(keeper, Side.SIDE_BUY, usdc(1_000), 500, { marketId: 9 })],
          [cancelKeeperBid(keeper, 7n)],
        ),
        [6, 22, 22, 141, 142, 142, 142, 142, 4, 140],
      );
      // Either side may fill: the larger counts.
      assert.deepEqual(
        await send(
          [keeperBid(keeper, Side.SIDE_SELL, usdc(50_000), 500, { clientId: 2n })],
          [cancelKeeperBid(keeper, 1n)],
        ),
        [0, 0],
      );
      assert.ok(standing(chain, keeper.address).free > usdc(7_400));
      assert.deepEqual(await send([cancelAll(keeper)]), [0]);
      assert.equal(standing(chain, keeper.address).free, usdc(10_000));
      assertSound(chain);
    } finally {
      await chain.close();
    }
  });

  test('gives its place to one that asks less when the side is full', async () => {
    const chain = await testChain({
      change(state) {
        openPositions(state, pair(40_000));
        const { params } = state['perps'] as { params: { keeper_bids: { max_bids_per_side: number } } };
        params.keeper_bids.max_bids_per_side = 2;
      },
    });
    try {
      for (let i = 0; i < 3; i++) await chain.block();
      const keeper = chain.keys[2]!;
      const bid = (clientId: bigint, discount: number) =>
        keeperBid(keeper, Side.SIDE_BUY, usdc(1_000), discount, { clientId });
      await succeed(chain, [
        chain.sign(keeper, [deposit(keeper, usdc(10_000)), bid(1n, 3_000), bid(2n, 2_000), bid(3n, 2_500)]),
      ]);
      const { results } = await chain.block([chain.sign(keeper, [bid(4n, 2_500)])]);
      assert.equal(results.txResults[1]!.code, 143);
      const ctx = chain.plimsoll.app.queryContext();
      assert.deepEqual(
        [...keeperBids.all(ctx)].map(([{ clientId }]) => clientId),
        [2n, 3n],
      );
    } finally {
      await chain.close();
    }
  });
});
