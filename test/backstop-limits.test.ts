import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fundVault, type AppState } from '../app/genesis.js';
import { demoAccounts } from '../cmd/plimsolld/devnet/demo.js';
import { keyFromMnemonic, type SigningKey } from '../cmd/plimsolld/keyring/keyring.js';
import { MsgDeposit, MsgRequestExit } from '../gen/plimsoll/backstop/v1/tx.js';
import { Side } from '../gen/plimsoll/perps/v1/types.js';
import { fromBech32 } from '../runtime/crypto/address.js';
import { audit } from '../x/perps/block/identities.js';
import { ListedMarkets } from '../x/perps/listed-markets.js';
import { btc, usd, usdc } from './support/amounts.js';
import { testChain, type TestChain } from './support/chain.js';
import { coin, deposit, order } from './support/messages.js';
import { eventsOf } from './support/orders.js';
import { openPositions } from './support/positions.js';

const dayMs = 86_400_000n;
const [long, short, third] = demoAccounts.map(({ mnemonic }) => keyFromMnemonic(mnemonic).address) as [
  string,
  string,
  string,
];

/** Somebody long 1 BTC of 60,000 USDC, whose margin is 1,500, with so much equity; a vault of 1,000,000 behind it. */
const withFailing = (equity: number, change: (state: AppState) => void = () => undefined): Promise<TestChain> =>
  testChain({
    change: (state) => {
      openPositions(state, [
        { owner: long, quantity: btc(1), equity: usdc(equity) },
        { owner: third, quantity: btc(99), equity: usdc(1_000_000) },
        { owner: short, quantity: -btc(100), equity: usdc(1_000_000) },
      ]);
      fundVault(state, 1, usdc(1_000_000));
      change(state);
    },
  });

const vaultOf = (chain: TestChain) => {
  const ctx = chain.plimsoll.app.queryContext();
  return chain.plimsoll.keepers.backstop.accounts.standing(ctx, 1);
};

function check(chain: TestChain): void {
  const ctx = chain.plimsoll.app.queryContext();
  assert.deepEqual(audit(ctx, chain.plimsoll.perpsDeps).violations, []);
  assert.equal(chain.plimsoll.keepers.perps.ledger(ctx).haltedReason, '');
}

test('what a vault holds for a day is offered whole in the auction of each block', async () => {
  const chain = await withFailing(900);
  try {
    const maker = chain.keys[3]!;
    for (let i = 0; i < 4; i++) await chain.block();
    assert.equal(vaultOf(chain).positions[0]!.quantity, 84_616_000n);
    await chain.block([chain.sign(maker, [deposit(maker, usdc(100_000))])], dayMs);
    // Prices are as old as that block until the next one voted.
    await chain.block();
    const before = vaultOf(chain).positions[0]!.quantity;
    assert.ok(before > 84_000_000n);
    const bid = order(maker, Side.SIDE_BUY, btc(1), usd(59_700), { clientId: 7n });
    const { results } = await chain.block([chain.sign(maker, [bid])]);
    const sold = eventsOf(results, 'EventFill').filter(
      ({ subaccount }) => (subaccount as { number: number }).number === 1,
    );
    assert.deepEqual(
      sold.map(({ quantity: part, price }) => [part, price]),
      [[before.toString(), usd(59_700).toString()]],
    );
    assert.deepEqual(vaultOf(chain).positions, []);
    check(chain);
  } finally {
    await chain.close();
  }
});

test('nobody leaves a vault or a tranche while an account of its markets waits to be taken over', async () => {
  // A health of a third: too ill for the vault, and nobody bids.
  const chain = await withFailing(500, (state) => {
    (state['backstop'] as { params: { cooldown_ms: string } }).params.cooldown_ms = dayMs.toString();
  });
  try {
    const [alice, , , owner] = chain.keys as [SigningKey, SigningKey, SigningKey, SigningKey];
    for (let i = 0; i < 3; i++) await chain.block();
    const enter = MsgDeposit.encode({ owner: owner.address, number: 1, amount: coin(usdc(1_000)) }).finish();
    await chain.block([chain.sign(owner, [{ typeName: 'plimsoll.backstop.v1.MsgDeposit', bytes: enter }])]);
    const { store } = chain.plimsoll.keepers.backstop;
    const shares = () => store.shares(chain.plimsoll.app.queryContext(), 1, fromBech32(owner.address));
    const all = shares();
    const leave = MsgRequestExit.encode({ owner: owner.address, number: 1, shares: all.toString() }).finish();
    await chain.block([chain.sign(owner, [{ typeName: 'plimsoll.backstop.v1.MsgRequestExit', bytes: leave }])]);
    for (const afterMs of [1_000n, dayMs, 1_000n, dayMs, 1_000n]) await chain.block([], afterMs);
    assert.equal(shares(), all);
    const isCalm = (kind: 'market' | 'class' | 'global', number: number): boolean =>
      new ListedMarkets(chain.plimsoll.keepers.perps).isCalm(chain.plimsoll.app.queryContext(), { kind, number });
    assert.deepEqual([isCalm('market', 1), isCalm('class', 1), isCalm('global', 0)], [false, false, false]);
    assert.deepEqual([isCalm('market', 2), isCalm('class', 2)], [true, true]);

    await chain.block([chain.sign(alice, [deposit(alice, usdc(5_000))])]);
    assert.deepEqual([isCalm('market', 1), isCalm('class', 1), isCalm('global', 0)], [true, true, true]);
    for (const afterMs of [dayMs, 1_000n, 1_000n]) await chain.block([], afterMs);
    assert.equal(shares(), 0n);
    check(chain);
  } finally {
    await chain.close();
  }
});
