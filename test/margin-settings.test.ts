import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MarginMode, MsgSetLeverage, MsgSetMarginMode } from '../gen/plimsoll/perps/v1/margin.js';
import { Side, TimeInForce } from '../gen/plimsoll/perps/v1/types.js';
import type { TxMessage } from '../runtime/codec/tx.js';
import { fromBech32 } from '../runtime/crypto/address.js';
import { subaccountKey } from '../x/perps/subaccount-key.js';
import { usd } from './support/amounts.js';
import { testChain, type TestChain } from './support/chain.js';
import { deposit, message, order } from './support/messages.js';

const btc = 100_000_000n;
const { SIDE_BUY, SIDE_SELL } = Side;

const leverage = (owner: string, times: number, changes: Partial<MsgSetLeverage> = {}): TxMessage =>
  message(
    'MsgSetLeverage',
    MsgSetLeverage,
    MsgSetLeverage.fromPartial({ owner, marketId: 1, leverage: times, ...changes }),
  );
const mode = (owner: string, wanted: MarginMode, subaccountNumber = 0): TxMessage =>
  message('MsgSetMarginMode', MsgSetMarginMode, { owner, subaccountNumber, mode: wanted });

/** A chain on which alice has 10,000 USDC and bob a million. */
async function open() {
  const chain = await testChain();
  for (let count = 0; count < 3; count++) await chain.block();
  const [alice, bob] = chain.keys as [TestChain['keys'][0], TestChain['keys'][0]];
  await chain.block([
    chain.sign(alice, [deposit(alice, usd(10_000))]),
    chain.sign(bob, [deposit(bob, usd(1_000_000))]),
  ]);
  const { perps } = chain.plimsoll.keepers;
  const key = subaccountKey(fromBech32(alice.address), 0);
  return {
    chain,
    alice,
    bob,
    settings: () => perps.subaccount(chain.plimsoll.app.queryContext(), key)?.settings,
    held: () => perps.position(chain.plimsoll.app.queryContext(), key, 1)?.quantity,
    /** Outcome of one message of alice in a block of its own. */
    async send(...messages: TxMessage[]): Promise<string> {
      const { results } = await chain.block([chain.sign(alice, messages)]);
      const { code, codespace } = results.txResults.at(-1)!;
      return code === 0 ? 'ok' : `${codespace}/${code}`;
    },
  };
}

describe('chosen leverage', () => {
  test('bounds what orders may open, and positions that are open bound the choice', async () => {
    const { chain, alice, bob, send, settings, held } = await open();
    const buy = (clientId: bigint, size: bigint): TxMessage =>
      order(alice, SIDE_BUY, size, usd(60_000), { clientId, timeInForce: TimeInForce.TIME_IN_FORCE_IOC });
    assert.equal(await send(leverage(alice.address, 2)), 'ok');
    assert.deepEqual(settings(), { mode: 'portfolio', leverages: [{ marketId: 1, leverage: 2n }] });
    // 24,000 of notional at two times need 12,000; 18,000 need 9,000.
    assert.equal(await send(buy(1n, (btc * 4n) / 10n)), 'perps/22');
    assert.equal(await send(leverage(alice.address, 3)), 'ok');
    await chain.block([
      chain.sign(bob, [order(bob, SIDE_SELL, btc, usd(60_000))]),
      chain.sign(alice, [buy(2n, (btc * 4n) / 10n)]),
    ]);
    assert.equal(held(), (btc * 4n) / 10n);
    assert.deepEqual(settings()?.leverages, [{ marketId: 1, leverage: 3n }], 'fills keep what was chosen');
    assert.equal(await send(leverage(alice.address, 2)), 'perps/22', 'less leverage than is used');
    assert.equal(await send(leverage(alice.address, 40)), 'ok');
    assert.equal(await send(leverage(alice.address, 3)), 'ok');
    assert.equal(await send(leverage(alice.address, 0)), 'ok');
    assert.deepEqual(settings()?.leverages, []);
    await chain.close();
  });

  test('never makes the margin of a market smaller', async () => {
    const { chain, alice, send } = await open();
    assert.equal(await send(leverage(alice.address, 100)), 'ok');
    // 240,000 of notional at 5 % need 12,000.
    assert.equal(await send(order(alice, SIDE_BUY, 4n * btc, usd(60_000))), 'perps/22');
    await chain.close();
  });

  test('bad input: the exact code, nothing changed', async () => {
    const { chain, alice, send, settings } = await open();
    const bad: readonly (readonly [TxMessage, string])[] = [
      [leverage(alice.address, 101), 'perps/100'],
      [leverage(alice.address, 4_294_967_295), 'perps/100'],
      [leverage(alice.address, 5, { marketId: 9 }), 'perps/4'],
      [leverage(alice.address, 5, { subaccountNumber: 128 }), 'perps/2'],
      [leverage(alice.address, 5, { subaccountNumber: 7 }), 'perps/3'],
      [mode(alice.address, MarginMode.MARGIN_MODE_UNSPECIFIED), 'perps/101'],
      [mode(alice.address, MarginMode.MARGIN_MODE_CROSS, 7), 'perps/3'],
    ];
    for (const [each, expected] of bad) assert.equal(await send(each), expected);
    assert.equal(settings(), undefined);
    await chain.close();
  });
});

describe('margin mode', () => {
  test('an isolated subaccount holds one market; others may become isolated when they hold one', async () => {
    const { chain, alice, send, settings } = await open();
    const { MARGIN_MODE_CROSS, MARGIN_MODE_ISOLATED, MARGIN_MODE_PORTFOLIO } = MarginMode;
    const small = (marketId: number, clientId: bigint): TxMessage =>
      order(alice, SIDE_BUY, marketId === 1 ? btc / 100n : btc * 10n, marketId === 1 ? usd(59_000) : usd(2_900), {
        marketId,
        clientId,
      });
    assert.equal(await send(mode(alice.address, MARGIN_MODE_ISOLATED)), 'ok');
    assert.equal(await send(small(1, 1n)), 'ok');
    assert.equal(await send(small(1, 2n)), 'ok');
    assert.equal(await send(small(2, 3n)), 'perps/102');
    assert.equal(await send(mode(alice.address, MARGIN_MODE_CROSS)), 'ok');
    assert.equal(await send(small(2, 3n)), 'ok');
    assert.equal(await send(mode(alice.address, MARGIN_MODE_ISOLATED)), 'perps/102');
    assert.equal(settings()?.mode, 'cross');
    assert.equal(await send(mode(alice.address, MARGIN_MODE_PORTFOLIO)), 'ok');
    assert.equal(settings()?.mode, 'portfolio');
    await chain.close();
  });

  test('what was chosen is exported and imported', async () => {
    const { chain, alice, send } = await open();
    await send(
      leverage(alice.address, 5, { marketId: 2 }),
      leverage(alice.address, 7),
      mode(alice.address, MarginMode.MARGIN_MODE_CROSS),
    );
    const module = chain.plimsoll.modules.find(({ name }) => name === 'perps')!;
    const exported = module.exportGenesis(chain.plimsoll.app.queryContext()) as {
      subaccounts: { margin?: unknown }[];
    };
    module.validateGenesis(exported as never);
    const chosen = exported.subaccounts
      .map(({ margin }) => margin)
      .filter((margin) => margin !== undefined && margin !== null);
    assert.deepEqual(chosen, [
      {
        mode: 'MARGIN_MODE_CROSS',
        leverages: [
          { market_id: 1, leverage: 7 },
          { market_id: 2, leverage: 5 },
        ],
      },
    ]);
    await chain.close();
  });
});
