import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DirectSecp256k1HdWallet, makeAuthInfoBytes, makeSignDoc, encodePubkey } from '@cosmjs/proto-signing';
import { encodeSecp256k1Pubkey } from '@cosmjs/amino';
import { fromBase64 } from '@cosmjs/encoding';
import { TxBody, TxRaw } from 'cosmjs-types/cosmos/tx/v1beta1/tx';
import { addressPrefix, plimsollRegistry } from '../client/index.js';
import { demoAccounts } from '../cmd/plimsolld/devnet/demo.js';
import { OrderType, Side, TimeInForce } from '../gen/plimsoll/perps/v1/types.js';
import { fromBech32 } from '../runtime/crypto/address.js';
import { usd } from './support/amounts.js';
import { chainId, testChain, type TestChain } from './support/chain.js';
import { deposit, order } from './support/messages.js';
import { idsOf } from './support/orders.js';

const { SIDE_BUY: buy } = Side;
type Key = TestChain['keys'][0];

async function open(): Promise<{ readonly chain: TestChain; readonly alice: Key }> {
  const chain = await testChain();
  for (let count = 0; count < 3; count++) await chain.block();
  const [alice] = chain.keys as [Key];
  await chain.block([chain.sign(alice, [deposit(alice, usd(100_000))])]);
  return { chain, alice };
}

const sequenceOf = ({ plimsoll }: TestChain, key: Key): bigint =>
  plimsoll.keepers.auth.account(plimsoll.app.queryContext(), fromBech32(key.address))!.sequence;

const bid = (key: Key, clientId: bigint) => order(key, buy, 1_000_000n, usd(59_000), { clientId });

/** What a node tells whoever sends it. */
async function checked(chain: TestChain, tx: Uint8Array): Promise<string> {
  const { code, codespace, log } = await chain.plimsoll.app.checkTx({ tx, type: 0 });
  return code === 0 ? 'ok' : `${codespace}/${code} ${log}`;
}

test('unordered transactions of one account do not wait for each other, and leave its sequence alone', async () => {
  const { chain, alice } = await open();
  const before = sequenceOf(chain, alice);
  const timeout = chain.engine.timeMs + 60_000n;
  const txs = [3n, 1n, 2n].map((clientId) =>
    chain.sign(alice, [bid(alice, clientId)], { sequence: 0n, unordered: true, timeoutMs: timeout + clientId }),
  );
  // An ordered one goes in between.
  txs.splice(1, 0, chain.sign(alice, [bid(alice, 4n)], { sequence: before }));
  const { results } = await chain.block(txs);
  assert.deepEqual(
    results.txResults.slice(-4).map(({ code }) => code),
    [0, 0, 0, 0],
  );
  assert.deepEqual(idsOf(chain, alice).open, [1n, 2n, 3n, 4n]);
  assert.equal(sequenceOf(chain, alice), before + 1n);
  await chain.close();
});

test('none runs twice: not in the block, not in a later one, not after its time', async () => {
  const { chain, alice } = await open();
  const sign = (clientId: bigint, timeoutMs: bigint) =>
    chain.sign(alice, [bid(alice, clientId)], { sequence: 0n, unordered: true, timeoutMs });
  const timeout = chain.engine.timeMs + 4_000n;
  const tx = sign(1n, timeout);
  const other = sign(2n, timeout);
  assert.equal((await chain.engine.broadcastTx(tx)).code, 0);
  // Another transaction with the same timeout is told so at once: the pair is taken.
  assert.match(await checked(chain, other), /^auth\/3 .*a nanosecond more or less is accepted/);
  await chain.block();
  assert.deepEqual(idsOf(chain, alice).open, [1n]);
  for (let count = 0; count < 3; count++) {
    assert.match(await checked(chain, tx), /^auth\/3 /);
    await chain.block();
  }
  await chain.block();
  assert.match(await checked(chain, tx), /^sdk\/42 /);
  assert.deepEqual(idsOf(chain, alice).open, [1n]);
  await chain.close();
});

test('each wrong one is refused with a reason', async () => {
  const { chain, alice } = await open();
  const now = chain.engine.timeMs;
  const sign = (changes: Parameters<TestChain['sign']>[2]) =>
    chain.sign(alice, [bid(alice, 1n)], { sequence: 0n, unordered: true, ...changes });
  const cases: readonly (readonly [Uint8Array, RegExp])[] = [
    [sign({}), /^sdk\/18 body.timeout_timestamp: an unordered transaction needs one/],
    [sign({ timeoutMs: now - 1n }), /^sdk\/42 body.timeout_timestamp/],
    [sign({ timeoutMs: now + 600_001n }), /^auth\/2 .*expected at most/],
    [sign({ timeoutMs: now + 60_000n, sequence: 1n }), /^sdk\/32 account sequence mismatch, expected 0, got 1/],
    [sign({ timeoutMs: now + 60_000n, chainId: 'other-1' }), /^sdk\/4 /],
    [sign({ unordered: false, timeoutMs: now - 1n, sequence: sequenceOf(chain, alice) }), /^sdk\/42 /],
  ];
  for (const [tx, text] of cases) assert.match(await checked(chain, tx), text);
  assert.equal(await checked(chain, sign({ timeoutMs: now + 600_000n })), 'ok');
  assert.equal(
    await checked(chain, sign({ unordered: false, timeoutMs: now + 86_400_000n, sequence: sequenceOf(chain, alice) })),
    'ok',
  );
  await chain.close();
});

test('cosmjs signs and sends them with its own types', async () => {
  const { chain, alice } = await open();
  const wallet = await DirectSecp256k1HdWallet.fromMnemonic(demoAccounts[0]!.mnemonic, { prefix: addressPrefix });
  const [account] = await wallet.getAccounts();
  assert.equal(account!.address, alice.address);
  const registry = plimsollRegistry();
  const value = {
    owner: alice.address,
    subaccountNumber: 0,
    marketId: 1,
    clientId: 77n,
    side: buy,
    type: OrderType.ORDER_TYPE_LIMIT,
    quantity: 1_000_000n,
    price: usd(59_000),
    timeInForce: TimeInForce.TIME_IN_FORCE_GTC,
  };
  const message = registry.encodeAsAny({ typeUrl: '/plimsoll.perps.v1.MsgPlaceOrder', value });
  const timeout = chain.engine.timeMs + 30_000n;
  const bodyBytes = TxBody.encode(
    TxBody.fromPartial({
      messages: [message],
      unordered: true,
      timeoutTimestamp: { seconds: timeout / 1_000n, nanos: Number(timeout % 1_000n) * 1_000_000 },
    }),
  ).finish();
  const pubkey = encodePubkey(encodeSecp256k1Pubkey(account!.pubkey));
  const authInfo = makeAuthInfoBytes([{ pubkey, sequence: 0 }], [], 500_000, undefined, undefined);
  const number = chain.plimsoll.keepers.auth.account(
    chain.plimsoll.app.queryContext(),
    fromBech32(alice.address),
  )!.number;
  const { signed, signature } = await wallet.signDirect(
    alice.address,
    makeSignDoc(bodyBytes, authInfo, chainId, Number(number)),
  );
  const tx = TxRaw.encode({
    bodyBytes: signed.bodyBytes,
    authInfoBytes: signed.authInfoBytes,
    signatures: [fromBase64(signature.signature)],
  }).finish();
  const { results } = await chain.block([tx]);
  assert.equal(results.txResults.at(-1)!.code, 0, results.txResults.at(-1)!.log);
  assert.deepEqual(idsOf(chain, alice).open, [77n]);
  await chain.close();
});
