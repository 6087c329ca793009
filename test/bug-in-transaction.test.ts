import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SigningKey } from '../cmd/plimsolld/keyring/keyring.js';
import { fromBech32 } from '../runtime/crypto/address.js';
import { silentLogger } from '../runtime/log.js';
import { StoreError } from '../runtime/store/errors.js';
import { subaccountKey } from '../x/perps/subaccount-key.js';
import { usdc } from './support/amounts.js';
import { testChain, type TestChain } from './support/chain.js';
import { deposit } from './support/messages.js';

const keyOf = ({ address }: SigningKey): string => subaccountKey(fromBech32(address), 0);
const cashOf = (chain: TestChain, key: SigningKey): bigint =>
  chain.plimsoll.keepers.perps.account(chain.plimsoll.app.queryContext(), keyOf(key)).cash;
const sequenceOf = (chain: TestChain, { address }: SigningKey): bigint =>
  chain.plimsoll.keepers.auth.account(chain.plimsoll.app.queryContext(), fromBech32(address))!.sequence;

/** A chain on which a deposit to this account ends, after its coins have moved, in an error that nobody registered. */
async function broken(error: () => Error): Promise<TestChain> {
  const chain = await testChain({ logger: silentLogger });
  for (let i = 0; i < 4; i++) await chain.block();
  const [alice] = chain.keys;
  for (const { keepers } of chain.apps) {
    const store = keepers.perps;
    const set = store.setSubaccount.bind(store);
    store.setSubaccount = (to, key, state) => {
      if (key === keyOf(alice!)) throw error();
      set(to, key, state);
    };
  }
  return chain;
}

describe('a bug that a transaction meets', () => {
  test('fails this transaction and leaves its fee and sequence; the others of the block execute', async () => {
    const chain = await broken(() => new TypeError('no such thing'));
    const [alice, bob] = chain.keys as readonly [SigningKey, SigningKey];
    const bank = () =>
      chain.plimsoll.keepers.bank.balance(chain.plimsoll.app.queryContext(), fromBech32(alice.address), 'uusdc');
    const before = [bank(), sequenceOf(chain, alice)] as const;
    const { results } = await chain.block([
      chain.sign(alice, [deposit(alice, usdc(100))]),
      chain.sign(bob, [deposit(bob, usdc(100))]),
    ]);
    const [failed, done] = results.txResults.slice(-2);
    assert.deepEqual(
      [failed!.codespace, failed!.code, failed!.log],
      ['undefined', 1, 'failed to execute message; message index: 0: internal error'],
    );
    assert.ok(failed!.gasUsed > 0n);
    assert.equal(done!.code, 0);
    assert.deepEqual([cashOf(chain, alice), cashOf(chain, bob)], [0n, usdc(100)]);
    assert.deepEqual([bank(), sequenceOf(chain, alice)], [before[0], before[1] + 1n]);
    await chain.close();
  });

  for (const [what, error] of [
    ['an exhausted stack', () => new RangeError('Maximum call stack size exceeded')],
    ['a damaged store', () => new StoreError('corrupt', 'log of version 7 is missing')],
  ] as const)
    test(`${what} is none: the node stops`, async () => {
      const chain = await broken(error);
      const [alice] = chain.keys as readonly [SigningKey];
      const { height } = chain.engine;
      await assert.rejects(chain.block([chain.sign(alice, [deposit(alice, usdc(100))])]), error());
      assert.equal(chain.plimsoll.app.queryContext().block.height, height);
      await chain.close();
    });
});
