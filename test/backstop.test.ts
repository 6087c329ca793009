import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fundVault } from '../app/genesis.js';
import { demoAccounts } from '../cmd/plimsolld/devnet/demo.js';
import { keyFromMnemonic } from '../cmd/plimsolld/keyring/keyring.js';
import { MsgCancelAllOrders, MsgWithdraw } from '../gen/plimsoll/perps/v1/tx.js';
import { Side } from '../gen/plimsoll/perps/v1/types.js';
import { fromBech32, toBech32 } from '../runtime/crypto/address.js';
import { audit } from '../x/perps/block/identities.js';
import { subaccountKey } from '../x/perps/subaccount-key.js';
import { vaultOwner } from '../x/perps/vaults/account.js';
import { btc, usd, usdc } from './support/amounts.js';
import { testChain, type TestChain } from './support/chain.js';
import { coin, deposit, message, order } from './support/messages.js';
import { eventsOf } from './support/orders.js';
import { openPositions } from './support/positions.js';

const [long, short, third, maker] = demoAccounts.map(({ mnemonic }) => keyFromMnemonic(mnemonic).address) as [
  string,
  string,
  string,
  string,
];

/** Alice long 1 BTC of 60,000 USDC with so much equity; her margin is 2.5 %: 1,500. Others make the open interest large. */
const withAlice = (equity: number, vault: number, others = 1_000_000): Promise<TestChain> =>
  testChain({
    change: (state) => {
      openPositions(state, [
        { owner: long, quantity: btc(1), equity: usdc(equity) },
        { owner: third, quantity: btc(99), equity: usdc(others) },
        { owner: short, quantity: -btc(100), equity: usdc(1_000_000) },
      ]);
      if (vault > 0) fundVault(state, 1, usdc(vault));
    },
  });

const accountOf = (chain: TestChain, key: string) =>
  chain.plimsoll.keepers.perps.account(chain.plimsoll.app.queryContext(), key);
const vaultOf = (chain: TestChain) => {
  const ctx = chain.plimsoll.app.queryContext();
  return chain.plimsoll.keepers.backstop.accounts.standing(ctx, 1);
};

/** Blocks until a block has an event of a name, ten at most; its events. */
async function until(chain: TestChain, name: string): Promise<Record<string, unknown>[]> {
  for (let i = 0; i < 10; i++) {
    const { results } = await chain.block();
    const found = eventsOf(results, name);
    if (found.length > 0) return found;
  }
  throw new Error(`ten blocks without ${name}`);
}

const aliceKey = subaccountKey(fromBech32(long), 0);

describe('a failing account that the book does not close', () => {
  test('is brought to target health by the vault, which is paid half the margin of what it takes', async () => {
    const chain = await withAlice(900, 1_000_000);
    try {
      const [taken] = await until(chain, 'EventBackstopTakeover');
      // 900 - 750 f = 1.15 * 1,500 (1 - f): f = 825 / 975.
      assert.equal(taken!['quantity'], '84616000');
      assert.equal(taken!['notional'], '50769600000');
      assert.equal(taken!['payment'], '634620000');
      assert.equal(taken!['health_ppm'], 600_000);
      const alice = accountOf(chain, aliceKey);
      assert.equal(alice.positions[0]!.quantity, btc(1) - 84_616_000n);
      const vault = vaultOf(chain);
      assert.equal(vault.worth, usdc(1_000_634.62));
      assert.deepEqual(
        vault.positions.map(({ quantity }) => quantity),
        [84_616_000n],
      );
      const ctx = chain.plimsoll.app.queryContext();
      assert.deepEqual(audit(ctx, chain.plimsoll.perpsDeps).violations, []);
      const state = chain.plimsoll.keepers.backstop.store.vault(ctx, 1);
      assert.deepEqual([state.payments, state.taken], [usdc(634.62), usdc(50_769.6)]);
    } finally {
      await chain.close();
    }
  });

  for (const [what, equity] of [
    ['too ill', 590],
    ['not ill enough', 1_010],
  ] as const)
    test(`stays where it is when it is ${what}`, async () => {
      const chain = await withAlice(equity, 1_000_000);
      try {
        for (let i = 0; i < 6; i++) {
          const { results } = await chain.block();
          assert.deepEqual(eventsOf(results, 'EventBackstopTakeover'), []);
        }
        assert.equal(accountOf(chain, aliceKey).positions[0]!.quantity, btc(1));
      } finally {
        await chain.close();
      }
    });

  test('is taken no further than a fifth of what the vault is worth', async () => {
    const chain = await withAlice(900, 100_000);
    try {
      const [taken] = await until(chain, 'EventBackstopTakeover');
      // 20,000 of 60,000 USDC for one BTC, in steps of 0.00001.
      assert.equal(taken!['quantity'], '33333000');
      assert.equal(vaultOf(chain).positions[0]!.notional, usdc(19_999.8));
    } finally {
      await chain.close();
    }
  });
});

describe('what a vault holds', () => {
  test('is offered five basis points above the mark, then sold on the book in small parts', async () => {
    const chain = await withAlice(900, 1_000_000);
    try {
      const bob = chain.keys[3]!;
      assert.equal(bob.address, maker);
      await until(chain, 'EventBackstopTakeover');
      const { results } = await chain.block([chain.sign(bob, [deposit(bob, usdc(100_000))])]);
      const [placed] = eventsOf(results, 'EventOrderPlaced') as { order: { price: string; quantity: string } }[];
      // Nobody traded: a smallest order of 5 USDC in each block.
      assert.deepEqual([placed!.order.price, placed!.order.quantity], [usd(60_030).toString(), '8000']);
      const filled = await chain.block([
        chain.sign(bob, [order(bob, Side.SIDE_BUY, btc(1), usd(60_030), { clientId: 7n })]),
      ]);
      const fills = eventsOf(filled.results, 'EventFill').filter(
        ({ subaccount }) => (subaccount as { number: number }).number === 1,
      );
      assert.deepEqual(
        fills.map(({ quantity, price }) => [quantity, price]),
        [['8000', usd(60_030).toString()]],
      );
      // Half a minute later it takes what the book pays.
      for (let i = 0; i < 3; i++) await chain.block([], 15_000n);
      const before = vaultOf(chain).positions[0]!.quantity;
      const last = await chain.block();
      const ioc = eventsOf(last.results, 'EventOrderPlaced') as { order: { price: string } }[];
      assert.ok(BigInt(ioc[0]!.order.price) < usd(60_000), ioc[0]!.order.price);
      assert.ok(vaultOf(chain).positions[0]!.quantity < before);
    } finally {
      await chain.close();
    }
  });
});

test('T-A5 a short that was dumped on a vault costs it its own position and no other vault anything, whatever the pump', async () => {
  const chain = await testChain({
    change: (state) => {
      openPositions(state, [
        { owner: long, quantity: btc(1), equity: usdc(3_000_000) },
        { owner: third, quantity: btc(9), equity: usdc(3_000_000) },
        // 540,000 USDC short with 60 % of the margin of 13,500: whoever withdrew what he could.
        { owner: short, quantity: -btc(9), equity: usdc(8_100) },
        { owner: maker, quantity: -btc(1), equity: usdc(1_000_000) },
      ]);
      fundVault(state, 1, usdc(1_000_000));
      fundVault(state, 2, usdc(1_000_000));
    },
  });
  try {
    const [taken] = await until(chain, 'EventBackstopTakeover');
    // 3 % of an open interest of 600,000, for its part of half the margin: at most 225 of 18,000.
    assert.equal(taken!['notional'], usdc(18_000).toString());
    const before = vaultOf(chain);
    assert.equal(before.worth - usdc(1_000_000), BigInt(taken!['payment'] as string));
    chain.prices.set({ 'BTC-USD': '240000', 'ETH-USD': '3000' });
    for (let i = 0; i < 4; i++) await chain.block();
    const ctx = chain.plimsoll.app.queryContext();
    const lost = before.worth - vaultOf(chain).worth;
    assert.ok(lost > 0n && lost <= 3n * usdc(18_000), `${lost}`);
    const { accounts } = chain.plimsoll.keepers.backstop;
    assert.equal(accounts.standing(ctx, 2).worth, usdc(1_000_000));
    assert.deepEqual(audit(ctx, chain.plimsoll.perpsDeps).violations, []);
  } finally {
    await chain.close();
  }
});

test('a side of which the vault could not take more asks a quarter more margin of what adds to it', async () => {
  const chain = await withAlice(30_000, 1_000_000, 400_000);
  try {
    const buyer = chain.keys[3]!;
    for (let i = 0; i < 4; i++) await chain.block();
    await chain.block([chain.sign(buyer, [deposit(buyer, usdc(3_500))])]);
    const place = async (side: Side, clientId: bigint): Promise<string> => {
      const price = side === Side.SIDE_BUY ? usd(59_000) : usd(61_000);
      const { results } = await chain.block([chain.sign(buyer, [order(buyer, side, btc(1), price, { clientId })])]);
      return results.txResults.at(-1)!.log;
    };
    // 5 % of 60,000 and the fee: 3,024 of the 3,500.
    assert.equal(await place(Side.SIDE_BUY, 1n), '');
    await chain.block([chain.sign(buyer, [message('MsgCancelAllOrders', MsgCancelAllOrders, MsgCancelAllOrders.fromPartial({ owner: buyer.address }))])]); // prettier-ignore
    // The stress test of the hour finds 99 BTC of longs, 5.94 M, within 5 % of their liquidation. A quarter of them is more
    // than twice what the vault may hold: 3 % of the open interest of 6 M.
    for (let i = 0; i < 14; i++) await chain.block([], 300_000n);
    for (let i = 0; i < 3; i++) await chain.block();
    assert.match(await place(Side.SIDE_BUY, 2n), /because the backstop could not take more of this side/);
    assert.equal(await place(Side.SIDE_SELL, 3n), '');
  } finally {
    await chain.close();
  }
});

test('the vault behind a class gets its fifth of a penalty, and its tranche the same while nobody owns it', async () => {
  for (const vault of [0, 1_000]) {
    const chain = await withAlice(1_350, vault);
    try {
      const buyer = chain.keys[3]!;
      for (let i = 0; i < 2; i++) await chain.block();
      await chain.block([chain.sign(buyer, [deposit(buyer, usdc(100_000))])]);
      const bid = chain.sign(buyer, [order(buyer, Side.SIDE_BUY, btc(1), usd(60_000))]);
      const { results } = await chain.block([bid]);
      const [charged] = eventsOf(results, 'EventLiquidationPenalty');
      const [penalty, tranche, fees, backstop] = ['penalty', 'to_insurance', 'to_fees', 'to_backstop'].map((name) =>
        BigInt(charged![name] as string),
      ) as [bigint, bigint, bigint, bigint];
      const fifth = penalty / 5n;
      assert.deepEqual([tranche + fees + backstop, backstop], [penalty, vault === 0 ? 0n : fifth]);
      assert.equal(tranche, (penalty * 3n) / 5n + (vault === 0 ? fifth : 0n));
    } finally {
      await chain.close();
    }
  }
});

test('nobody moves a vault by ordinary messages: there is no key to its account', async () => {
  const chain = await withAlice(900, 1_000_000);
  try {
    await chain.block();
    const [alice] = chain.keys as [(typeof chain.keys)[0]];
    const owner = { ...alice, address: toBech32(vaultOwner) };
    const tx = chain.sign(alice, [
      message('MsgWithdraw', MsgWithdraw, {
        owner: owner.address,
        subaccountNumber: 1,
        amount: coin(usdc(1)),
      }),
    ]);
    const { code, log } = await chain.engine.broadcastTx(tx);
    assert.notEqual(code, 0);
    assert.match(log, /account of module backstop/);
  } finally {
    await chain.close();
  }
});
