import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exportGenesis } from '../app/export.js';
import { fromBech32 } from '../runtime/crypto/address.js';
import type { GenesisDoc } from '../runtime/engine/genesis-doc.js';
import { delegateMessage, keys, plim, stakedState, stakingChain, undelegateMessage } from './support/staking.js';

const [alice, bob] = keys as [(typeof keys)[0], (typeof keys)[0]];

for (const [what, forZeroHeight] of [
  ['goes on at the next height', false],
  ['begins anew at height 1', true],
] as const) {
  test(`an exported chain by stake ${what}: the same stake votes, unbonds and earns`, async () => {
    const chain = await stakingChain(await stakedState([1_000n]));
    await chain.block([chain.sign(bob, [delegateMessage(bob, alice, 500n * plim)])]);
    await chain.block([chain.sign(bob, [undelegateMessage(bob, alice, 200n * plim)])]);
    for (let count = 0; count < 4; count++) await chain.block();
    const { staking, bank } = chain.plimsoll.keepers;
    const before = chain.plimsoll.app.queryContext();
    const genesis = exportGenesis(chain.plimsoll, before, chain.engine.genesis, forZeroHeight);
    const next = await stakingChain(genesis.app_state, undefined, JSON.parse(JSON.stringify(genesis)) as GenesisDoc);
    const now = next.plimsoll.app.queryContext();
    assert.equal(next.engine.height, BigInt(genesis.initial_height));
    assert.equal(staking.bondedTokens(now), staking.bondedTokens(before));
    assert.equal(bank.supply(now, 'uplim'), bank.supply(before, 'uplim'));
    assert.equal(next.engine.validators.total, 1_300n);
    // The rest of the unbonding time passes, and the stake is paid back.
    await next.block([], 22n * 86_400_000n);
    await next.block();
    const paid = next.plimsoll.app.queryContext();
    const purse = (from: typeof now) => bank.balance(from, fromBech32(bob.address), 'uplim');
    assert.equal(purse(paid) - purse(now), 200n * plim);
    await next.block([next.sign(bob, [delegateMessage(bob, alice, 100n * plim)])]);
    await next.close();
    await chain.close();
  });
}
