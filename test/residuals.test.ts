import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyFromMnemonic } from '../cmd/plimsolld/keyring/keyring.js';
import { demoAccounts } from '../cmd/plimsolld/devnet/demo.js';
import { fromBech32 } from '../runtime/crypto/address.js';
import { residualAges } from '../x/perps/block/residual-ages.js';
import { subaccountKey } from '../x/perps/subaccount-key.js';
import { btc, usdc } from './support/amounts.js';
import { testChain } from './support/chain.js';
import { deposit } from './support/messages.js';
import { openPositions } from './support/positions.js';

const [long, short] = demoAccounts.map(({ mnemonic }) => keyFromMnemonic(mnemonic).address) as [string, string];

test('an account that no book closes grows older by a block each, and is forgotten when it recovers', async () => {
  const chain = await testChain({
    // 60,000 USDC of BTC at a maintenance rate of 2.5 %: 1,500.
    change: (state) =>
      openPositions(state, [
        { owner: long, quantity: btc(1), equity: usdc(1_350) },
        { owner: short, quantity: -btc(1), equity: usdc(30_000) },
      ]),
  });
  try {
    const ages = () => [...residualAges.all(chain.plimsoll.app.queryContext())];
    const key = subaccountKey(fromBech32(long), 0);
    const state = () => chain.plimsoll.keepers.perps.marketState(chain.plimsoll.app.queryContext(), 1);
    // While nothing can be priced no close is tried.
    for (await chain.block(); state().oracleTimeMs === 0n; await chain.block()) assert.deepEqual(ages(), []);
    assert.deepEqual(ages(), [[key, 1n]]);
    await chain.block();
    assert.deepEqual(ages(), [[key, 2n]]);
    const exported = chain.plimsoll.modules.find(({ name }) => name === 'perps')!;
    const json = exported.exportGenesis(chain.plimsoll.app.queryContext()) as {
      keeper_bids: { residual_ages: unknown };
    };
    assert.deepEqual(json.keeper_bids.residual_ages, [{ subaccount: { owner: long, number: 0 }, blocks: '2' }]);
    await chain.block([chain.sign(chain.keys[0]!, [deposit(chain.keys[0]!, usdc(1_000))])]);
    assert.deepEqual(ages(), []);
  } finally {
    await chain.close();
  }
});
