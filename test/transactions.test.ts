import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MsgSend } from '../gen/cosmos/bank/v1beta1/tx.js';
import { TxRaw } from '../gen/cosmos/tx/v1beta1/tx.js';
import { fromBech32 } from '../runtime/crypto/address.js';
import type { SigningKey } from '../cmd/plimsolld/keyring/keyring.js';
import { testChain } from './support/chain.js';

const send = (from: SigningKey, to: string, amount: string) => ({
  typeName: 'cosmos.bank.v1beta1.MsgSend',
  bytes: MsgSend.encode({ fromAddress: from.address, toAddress: to, amount: [{ denom: 'uusdc', amount }] }).finish(),
});

test('each broken transaction is refused with the code that clients know, and nothing changes', async () => {
  const chain = await testChain();
  await chain.block();
  const [alice, bob] = chain.keys as [SigningKey, SigningKey];
  const good = send(alice, bob.address, '5');
  const raw = (tx: Uint8Array, change: (tx: TxRaw) => Partial<TxRaw>): Uint8Array => {
    const decoded = TxRaw.decode(tx);
    return TxRaw.encode({ ...decoded, ...change(decoded) }).finish();
  };
  const sign = (...rest: Parameters<typeof chain.sign> extends [unknown, ...infer R] ? R : never) =>
    chain.sign(alice, ...rest);
  const sequence = 0n;
  const perps = chain.plimsoll.keepers.bank;
  const cases: readonly (readonly [
    what: string,
    tx: () => Uint8Array,
    codespace: string,
    code: number,
    text: RegExp,
  ])[] = [
    ['garbage', () => Buffer.from('not a transaction'), 'sdk', 2, /TxRaw/],
    ['nothing', () => new Uint8Array(0), 'sdk', 18, /at least one message/],
    ['wrong chain', () => sign([good], { sequence, chainId: 'other-1' }), 'sdk', 4, /signature verification failed/],
    ['wrong sequence', () => sign([good], { sequence: 9n }), 'sdk', 32, /account sequence mismatch, expected 0, got 9/],
    [
      'high s',
      () => raw(sign([good], { sequence }), ({ signatures }) => ({ signatures: [highS(signatures[0]!)] })),
      'sdk',
      4,
      /signature verification failed/,
    ],
    [
      'cut signature',
      () => raw(sign([good], { sequence }), ({ signatures }) => ({ signatures: [signatures[0]!.slice(1)] })),
      'sdk',
      4,
      /signature/,
    ],
    [
      'two signatures',
      () => raw(sign([good], { sequence }), ({ signatures }) => ({ signatures: [...signatures, ...signatures] })),
      'sdk',
      4,
      /wrong number of signers/,
    ],
    ['no signature', () => raw(sign([good], { sequence }), () => ({ signatures: [] })), 'sdk', 15, /signatures: empty/],
    ['no gas', () => sign([good], { sequence, gasLimit: 0n }), 'sdk', 41, /must be positive/],
    ['little gas', () => sign([good], { sequence, gasLimit: 500n }), 'sdk', 11, /out of gas in location/],
    [
      'long memo',
      () => sign([good], { sequence, memo: 'x'.repeat(257) }),
      'sdk',
      12,
      /maximum number of bytes is 256 but received 257/,
    ],
    ['timed out', () => sign([good], { sequence, timeoutHeight: 1n }), 'sdk', 30, /timeout height: 1/],
    [
      'underfunded fee',
      () => sign([good], { sequence, fee: [{ denom: 'uusdc', amount: '1'.padEnd(20, '0') }] }),
      'sdk',
      5,
      /spendable balance/,
    ],
    [
      'malformed fee',
      () => sign([good], { sequence, fee: [{ denom: 'uusdc', amount: '-1' }] }),
      'sdk',
      10,
      /not a positive integer/,
    ],
    [
      'unknown message',
      () => sign([{ typeName: 'cosmos.base.v1beta1.Coin', bytes: Buffer.from('0a0161', 'hex') }], { sequence }),
      'sdk',
      6,
      /unrecognized message type/,
    ],
    [
      "somebody else's money",
      () => sign([send(bob, alice.address, '5')], { sequence }),
      'sdk',
      8,
      /does not match signer address/,
    ],
    [
      'an address of another chain',
      () =>
        sign(
          [
            {
              ...good,
              bytes: MsgSend.encode({ fromAddress: 'cosmos1qqq', toAddress: bob.address, amount: [] }).finish(),
            },
          ],
          { sequence },
        ),
      'sdk',
      7,
      /signer "cosmos1qqq"/,
    ],
  ];
  const before = perps.balance(chain.plimsoll.app.queryContext(), fromBech32(alice.address), 'uusdc');
  for (const [what, make, codespace, code, text] of cases) {
    const { results } = await checked(chain, make());
    assert.equal(results.codespace, codespace, `${what}: ${results.log}`);
    assert.equal(results.code, code, `${what}: ${results.log}`);
    assert.match(results.log, text, what);
  }
  assert.equal(perps.balance(chain.plimsoll.app.queryContext(), fromBech32(alice.address), 'uusdc'), before);
  const accepted = sign([good], { sequence });
  assert.equal((await chain.block([accepted])).results.txResults.at(-1)!.code, 0);
  // The very same bytes again: the sequence is used up.
  assert.equal((await checked(chain, accepted)).results.code, 32);
  await chain.close();
});

test('a failed message keeps fee and sequence, and nothing else', async () => {
  const chain = await testChain();
  await chain.block();
  const [alice, bob] = chain.keys as [SigningKey, SigningKey];
  const balance = (key: SigningKey): bigint =>
    chain.plimsoll.keepers.bank.balance(chain.plimsoll.app.queryContext(), fromBech32(key.address), 'uusdc');
  const [a, b] = [balance(alice), balance(bob)];
  const tx = chain.sign(alice, [send(alice, bob.address, '100'), send(alice, bob.address, '9'.repeat(30))], {
    fee: [{ denom: 'uusdc', amount: '7' }],
  });
  const { results } = await chain.block([tx]);
  const result = results.txResults.at(-1)!;
  assert.equal(result.code, 5);
  assert.match(result.log, /failed to execute message; message index: 1/);
  assert.equal(balance(alice), a - 7n);
  assert.equal(balance(bob), b);
  assert.equal(
    chain.plimsoll.keepers.auth.account(chain.plimsoll.app.queryContext(), fromBech32(alice.address))!.sequence,
    1n,
  );
  assert.ok(!result.events.some(({ type }) => type === 'message'), 'no event of the message that was undone');
  await chain.close();
});

test('coins cannot be sent to module accounts', async () => {
  const chain = await testChain();
  await chain.block();
  const [alice] = chain.keys as [SigningKey];
  const { moduleAddress, toBech32 } = await import('../runtime/crypto/address.js');
  const { results } = await chain.block([chain.sign(alice, [send(alice, toBech32(moduleAddress('perps')), '5')])]);
  assert.equal(results.txResults.at(-1)!.code, 4);
  await chain.close();
});

test('bad queries are answered with a code and a reason', async () => {
  const chain = await testChain();
  await chain.block();
  const ask = (path: string, data = '', height = 0n) =>
    chain.plimsoll.app.query({ path, data: Buffer.from(data, 'hex'), height, prove: false });
  assert.match((await ask('/nowhere')).log, /unknown query path/);
  assert.match((await ask('/cosmos.bank.v1beta1.Query/Balance', 'ffff')).log, /does not decode/);
  assert.match(
    (await ask('/cosmos.bank.v1beta1.Query/Balance', '', 99n)).log,
    /height 99 is not committed: newest is 1/,
  );
  assert.match((await ask('/cosmos.bank.v1beta1.Query/Balance', '', -1n)).log, /height -1/);
  assert.match((await ask('/store/nope/key', '01')).log, /no store named nope/);
  assert.match((await ask('/store/bank/key')).log, /needs a key/);
  assert.match((await ask('/cosmos.auth.v1beta1.Query/Account', '0a0161')).log, /address "a"/);
  for (const path of ['/nowhere', '/cosmos.bank.v1beta1.Query/Balance'])
    assert.ok((await ask(path, 'ffff')).height > 0n);
  await chain.close();
});

function highS(signature: Uint8Array): Uint8Array {
  const order = BigInt('0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141');
  const s = BigInt(`0x${Buffer.from(signature.subarray(32)).toString('hex')}`);
  return Buffer.concat([signature.subarray(0, 32), Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex')]);
}

/** Runs a transaction as CheckTx does: what a node tells whoever sends it. */
async function checked(chain: Awaited<ReturnType<typeof testChain>>, tx: Uint8Array) {
  return { results: await chain.plimsoll.app.checkTx({ tx, type: 0 }) };
}
