import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fundVault, type AppState } from '../app/genesis.js';
import { demoAccounts } from '../cmd/plimsolld/devnet/demo.js';
import { keyFromMnemonic, type SigningKey } from '../cmd/plimsolld/keyring/keyring.js';
import { MsgCancelExit, MsgDeposit, MsgFundProtocol, MsgRequestExit } from '../gen/plimsoll/backstop/v1/tx.js';
import type { TxMessage } from '../runtime/codec/tx.js';
import { fromBech32 } from '../runtime/crypto/address.js';
import { exportAppState } from '../app/genesis.js';
import { audit } from '../x/perps/block/identities.js';
import { btc, usdc } from './support/amounts.js';
import { testChain, type TestChain } from './support/chain.js';
import { coin } from './support/messages.js';
import { openPositions } from './support/positions.js';

const dayMs = 86_400_000n;
const [long, short, third] = demoAccounts.map(({ mnemonic }) => keyFromMnemonic(mnemonic).address) as [
  string,
  string,
  string,
];

const tx = <T>(name: string, type: { encode(value: T): { finish(): Uint8Array } }, value: T): TxMessage => ({
  typeName: `plimsoll.backstop.v1.${name}`,
  bytes: type.encode(value).finish(),
});
const enter = ({ address: owner }: SigningKey, amount: bigint, number = 1): TxMessage =>
  tx('MsgDeposit', MsgDeposit, { owner, number, amount: coin(amount) });
const leave = ({ address: owner }: SigningKey, shares: bigint): TxMessage =>
  tx('MsgRequestExit', MsgRequestExit, { owner, number: 1, shares: shares.toString() });
const stay = ({ address: owner }: SigningKey): TxMessage => tx('MsgCancelExit', MsgCancelExit, { owner, number: 1 });

/** Cooldowns of a day: the least that governance may set. */
function shortCooldown(state: AppState): void {
  (state['backstop'] as { params: { cooldown_ms: string } }).params.cooldown_ms = dayMs.toString();
}

/** Runs transactions; their codes, and the log of the first that failed. */
async function run(chain: TestChain, key: SigningKey, ...messages: TxMessage[]): Promise<string> {
  const { results } = await chain.block([chain.sign(key, messages)]);
  const { code, log } = results.txResults.at(-1)!;
  return code === 0 ? 'ok' : log;
}

const store = (chain: TestChain) => chain.plimsoll.keepers.backstop.store;
const sharesOf = (chain: TestChain, { address }: SigningKey): bigint =>
  store(chain).shares(chain.plimsoll.app.queryContext(), 1, fromBech32(address));
const vaultOf = (chain: TestChain) => store(chain).vault(chain.plimsoll.app.queryContext(), 1);
const standing = (chain: TestChain) => {
  const ctx = chain.plimsoll.app.queryContext();
  return chain.plimsoll.keepers.backstop.accounts.standing(ctx, 1);
};
const wallet = (chain: TestChain, { address }: SigningKey): bigint =>
  chain.plimsoll.keepers.bank.balance(chain.plimsoll.app.queryContext(), fromBech32(address), 'uusdc');
function check(chain: TestChain): void {
  const ctx = chain.plimsoll.app.queryContext();
  assert.deepEqual(audit(ctx, chain.plimsoll.perpsDeps).violations, []);
  assert.equal(chain.plimsoll.keepers.perps.ledger(ctx).haltedReason, '');
}

describe('owners of a vault', () => {
  test('enter at its price, wait out the cooldown, and leave together at an epoch', async () => {
    const chain = await testChain({ change: shortCooldown });
    try {
      const [alice, bob] = chain.keys as [SigningKey, SigningKey];
      for (let i = 0; i < 3; i++) await chain.block();
      assert.match(await run(chain, alice, enter(alice, usdc(9))), /at least 10000000/);
      assert.match(await run(chain, alice, enter(alice, usdc(10), 5)), /expected a class from 1 \(A\) to 4 \(D\)/);
      assert.equal(await run(chain, alice, enter(alice, usdc(1_000))), 'ok');
      assert.equal(await run(chain, bob, enter(bob, usdc(3_000))), 'ok');
      const funder = bob.address;
      const gift = tx('MsgFundProtocol', MsgFundProtocol, { funder, number: 1, amount: coin(usdc(1_000)) });
      assert.equal(await run(chain, bob, gift), 'ok');
      assert.equal(sharesOf(chain, bob), 3n * sharesOf(chain, alice));
      assert.equal(vaultOf(chain).protocolShares, sharesOf(chain, alice));
      assert.equal(standing(chain).worth, usdc(5_000));

      const before = wallet(chain, alice);
      assert.match(await run(chain, alice, leave(alice, sharesOf(chain, alice) + 1n)), /held are/);
      assert.equal(await run(chain, alice, leave(alice, sharesOf(chain, alice))), 'ok');
      assert.equal(await run(chain, alice, stay(alice), leave(alice, sharesOf(chain, alice))), 'ok');
      assert.match(await run(chain, bob, stay(bob)), /asked for nothing/);
      // The cooldown ends within a day; the epoch behind it lets a fifth of the vault out, 1,000 USDC: all of hers.
      for (const afterMs of [dayMs, 1_000n, dayMs, 1_000n, 1_000n]) await chain.block([], afterMs);
      assert.equal(sharesOf(chain, alice), 0n);
      assert.ok(wallet(chain, alice) - before <= usdc(1_000) && wallet(chain, alice) - before >= usdc(1_000) - 2n);
      assert.equal(vaultOf(chain).totalOut, wallet(chain, alice) - before);
      check(chain);
    } finally {
      await chain.close();
    }
  });

  test('bear what a takeover loses by half its margin at once, and get it back when it is sold', async () => {
    const chain = await testChain({
      change: (state) => {
        openPositions(state, [
          { owner: long, quantity: btc(1), equity: usdc(900) },
          { owner: third, quantity: btc(99), equity: usdc(1_000_000) },
          { owner: short, quantity: -btc(100), equity: usdc(1_000_000) },
        ]);
        fundVault(state, 1, usdc(1_000_000));
      },
    });
    try {
      for (let i = 0; i < 6; i++) await chain.block();
      // 0.84616 BTC, 50,769.6 USDC: a margin of 1,269.24, and a payment of 634.62.
      const { worth, maintenanceMargin } = standing(chain);
      assert.deepEqual([worth, maintenanceMargin], [usdc(1_000_634.62), usdc(1_269.24)]);
      const carol = chain.keys[3]!;
      assert.equal(await run(chain, carol, enter(carol, usdc(1_000))), 'ok');
      const priced = usdc(1_000_634.62) - usdc(634.62);
      assert.equal(sharesOf(chain, carol), (usdc(1_000) * (usdc(1_000_000) * 1_000_000n + 1_000_000n)) / (priced + 1n));
      check(chain);
    } finally {
      await chain.close();
    }
  });
});

describe('a loss', () => {
  test('of a tenth in 24 hours closes the vault until the next epoch, and owners are told', async () => {
    const chain = await testChain({
      change: (state) => {
        openPositions(state, [
          { owner: long, quantity: btc(1), equity: usdc(900) },
          { owner: third, quantity: btc(99), equity: usdc(3_000_000) },
          { owner: short, quantity: -btc(100), equity: usdc(3_000_000) },
        ]);
        // It takes 0.66 BTC, 40,000 USDC: a fifth of what it is worth.
        fundVault(state, 1, usdc(200_000));
      },
    });
    try {
      for (let i = 0; i < 4; i++) await chain.block();
      assert.equal(standing(chain).positions[0]!.quantity, 66_666_000n);
      const closings = async (price: string): Promise<unknown[]> => {
        chain.prices.set({ 'BTC-USD': price, 'ETH-USD': '3000' });
        const closed: unknown[] = [];
        for (let i = 0; i < 3; i++) {
          const { results } = await chain.block();
          for (const { type, attributes } of results.events)
            if (type === 'plimsoll.backstop.v1.EventVaultClosed')
              closed.push(attributes.find(({ key }) => key === 'market_id')?.value);
        }
        return closed;
      };
      // 10 % of 40,000 are 4,000 of 200,000: 2 %.
      assert.deepEqual(await closings('54000'), []);
      // 26 % are 10,400: more than 5 % closes the market.
      assert.deepEqual(await closings('44000'), ['1']);
      assert.equal(chain.plimsoll.keepers.backstop.limits(chain.plimsoll.app.queryContext(), 1, 1), undefined);
      assert.notEqual(chain.plimsoll.keepers.backstop.limits(chain.plimsoll.app.queryContext(), 1, 2), undefined);
      // 52 % are 20,800: more than 10 % closes the vault.
      assert.deepEqual(await closings('28500'), ['0']);
      assert.equal(chain.plimsoll.keepers.backstop.limits(chain.plimsoll.app.queryContext(), 1, 2), undefined);
      // The epoch of the next day opens it; the loss still counts and closes it anew. After a day it does not.
      await chain.block([], dayMs);
      await chain.block();
      assert.notEqual(vaultOf(chain).closedUntilDay, 0n);
      await chain.block([], dayMs);
      await chain.block([], dayMs);
      await chain.block();
      assert.equal(vaultOf(chain).closedUntilDay, 0n);
      check(chain);
    } finally {
      await chain.close();
    }
  });
});

test('a vault that is exported is imported as it was', async () => {
  const change = (state: AppState): void => {
    openPositions(state, [
      { owner: long, quantity: btc(1), equity: usdc(900) },
      { owner: third, quantity: btc(99), equity: usdc(1_000_000) },
      { owner: short, quantity: -btc(100), equity: usdc(1_000_000) },
    ]);
    fundVault(state, 1, usdc(1_000_000));
  };
  const chain = await testChain({ change });
  try {
    for (let i = 0; i < 4; i++) await chain.block();
    const carol = chain.keys[3]!;
    assert.equal(await run(chain, carol, enter(carol, usdc(1_000))), 'ok');
    assert.equal(await run(chain, carol, leave(carol, 1_000_000n)), 'ok');
    const exported = exportAppState(chain.plimsoll.modules, chain.plimsoll.app.queryContext());
    const backstop = exported['backstop'] as {
      vaults: unknown[];
      markets: unknown[];
      shares: unknown[];
      exits: unknown[];
    };
    for (const list of ['vaults', 'markets', 'shares', 'exits'] as const) assert.equal(backstop[list].length, 1, list);
    const perps = exported['perps'] as { backstop: { holdings: { since_ms: string }[] } };
    assert.equal(perps.backstop.holdings.length, 1);
    const next = await testChain({
      change: (state) => {
        for (const name of Object.keys(exported)) if (name !== 'valset') state[name] = exported[name];
      },
    });
    try {
      await next.block();
      const again = exportAppState(next.plimsoll.modules, next.plimsoll.app.queryContext());
      assert.deepEqual(again['backstop'], exported['backstop']);
      const [held, had] = [again['perps'] as typeof perps, perps].map(({ backstop: { holdings } }) => holdings);
      assert.equal(held![0]!.since_ms, had![0]!.since_ms);
    } finally {
      await next.close();
    }
  } finally {
    await chain.close();
  }
});
