import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { makeSignDoc, serializeSignDoc } from '@cosmjs/amino';
import { AminoTypes, createDefaultAminoConverters } from '@cosmjs/stargate';
import fc from 'fast-check';
import { MsgSend } from '../../gen/cosmos/bank/v1beta1/tx.js';
import { AuthInfo, TxBody, TxRaw } from '../../gen/cosmos/tx/v1beta1/tx.js';
import { descriptorImage } from '../../gen/image.js';
import { AminoJson } from './amino-json.js';
import { createRegistry } from './registry.js';
import { decodeTx } from './tx.js';

const registry = createRegistry(descriptorImage);
const bytes = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const numRuns = Number(process.env['PLIMSOLL_FC_RUNS'] ?? 300);

const coinArb = fc.record({
  denom: fc.constantFrom('uusdc', 'uplim'),
  amount: fc.bigInt({ min: 1n, max: 1n << 90n }).map(String),
});
const sendArb = fc.record({
  fromAddress: fc.string({ minLength: 1, maxLength: 20 }),
  toAddress: fc.string({ minLength: 1, maxLength: 20 }),
  amount: fc.array(coinArb, { maxLength: 3 }),
});
const txArb = fc
  .record({
    messages: fc.array(sendArb, { minLength: 1, maxLength: 3 }),
    memo: fc.string({ maxLength: 30 }),
    timeout: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
    gas: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  })
  .map(({ messages, memo, timeout, gas }) => {
    const bodyBytes = TxBody.encode(
      TxBody.fromPartial({
        messages: messages.map((message) => ({
          typeUrl: '/cosmos.bank.v1beta1.MsgSend',
          value: MsgSend.encode(message).finish(),
        })),
        memo,
        timeoutHeight: timeout,
      }),
    ).finish();
    const authInfoBytes = AuthInfo.encode(AuthInfo.fromPartial({ fee: { gasLimit: gas } })).finish();
    return TxRaw.encode({ bodyBytes, authInfoBytes, signatures: [new Uint8Array(64).fill(1)] }).finish();
  });

describe('canonical encoding', () => {
  test('what a canonical writer wrote is accepted and encodes to the same bytes', () => {
    fc.assert(
      fc.property(txArb, (tx) => {
        const decoded = decodeTx(registry, tx);
        const again = TxRaw.encode({
          bodyBytes: TxBody.encode(decoded.body).finish(),
          authInfoBytes: AuthInfo.encode(decoded.authInfo).finish(),
          signatures: [...decoded.signatures],
        }).finish();
        assert.deepEqual(Buffer.from(again), Buffer.from(tx));
      }),
      { numRuns },
    );
  });

  test('no other bytes decode to the same transaction', () => {
    fc.assert(
      fc.property(
        txArb,
        fc.nat(),
        fc.integer({ min: 0, max: 255 }),
        fc.constantFrom('change', 'insert', 'remove'),
        (tx, where, value, how) => {
          const at = where % tx.length;
          const parts = { change: [[value], at + 1], insert: [[value], at], remove: [[], at + 1] } as const;
          const mutated = Buffer.concat([tx.subarray(0, at), Buffer.from(parts[how][0]), tx.subarray(parts[how][1])]);
          if (mutated.equals(tx)) return;
          let decoded;
          try {
            decoded = decodeTx(registry, mutated);
          } catch {
            return;
          }
          // Accepted: then it is another transaction, in its own canonical form.
          const again = TxRaw.encode({
            bodyBytes: TxBody.encode(decoded.body).finish(),
            authInfoBytes: AuthInfo.encode(decoded.authInfo).finish(),
            signatures: [...decoded.signatures],
          }).finish();
          assert.deepEqual(Buffer.from(again), mutated);
        },
      ),
      { numRuns: numRuns * 3 },
    );
  });

  const coin = 'cosmos.base.v1beta1.Coin';
  const cases: readonly (readonly [what: string, type: string, hex: string, text: RegExp])[] = [
    ['an unknown field', coin, '0a0161 1a0162', /unknown field number 3/],
    ['fields out of order', coin, '120131 0a0161', /denom is out of order/],
    ['a repeated scalar', coin, '0a0161 0a0162', /denom appears twice/],
    ['an explicit default', coin, '0a00', /denom is empty and must be left out/],
    ['a length beyond the end', coin, '0a0561', /runs past the end/],
    ['text that is not UTF-8', coin, '0a02c328', /not valid UTF-8/],
    ['a wrong wire type', coin, '0801', /wire type 0, expected 2/],
    ['a padded varint', 'cosmos.tx.v1beta1.Fee', '108100', /not a minimal varint/],
    ['a zero number', 'cosmos.tx.v1beta1.Fee', '1000', /zero and must be left out/],
    ['a number beyond 64 bits', 'cosmos.tx.v1beta1.Fee', '10ffffffffffffffffff02', /not below 2\^64/],
    ['an unknown enum value', 'plimsoll.perps.v1.MsgPlaceOrder', '2863', /unknown enum value 99/],
    ['a bool that is two', 'plimsoll.perps.v1.MsgPlaceOrder', '5002', /not a bool/],
    ['an unknown type in an Any', 'google.protobuf.Any', '0a062f782e4e6f70', /unable to resolve type URL \/x.Nop/],
    ['two members of a oneof', 'cosmos.tx.v1beta1.ModeInfo', '0a020801 1200', /more than one field of sum/],
  ];
  for (const [what, type, hex, text] of cases) {
    test(`${what} is refused with its field`, () =>
      assert.throws(() => registry.assertCanonical(type, bytes(hex)), text));
  }

  test('nesting without end is refused, not followed', () => {
    const multi = (inner: Uint8Array): Uint8Array => {
      const infos = Buffer.concat([Buffer.from([0x12, ...varint(inner.length)]), inner]);
      return Buffer.concat([Buffer.from([0x12, ...varint(infos.length)]), infos]);
    };
    let mode: Uint8Array = bytes('0a020801');
    for (let i = 0; i < 40; i++) mode = multi(mode);
    assert.throws(() => registry.assertCanonical('cosmos.tx.v1beta1.ModeInfo', mode), /nested deeper than 32/);
  });
});

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}

describe('amino JSON', () => {
  const amino = new AminoJson(registry);
  test('sign bytes of a bank send equal those of cosmjs', () => {
    fc.assert(
      fc.property(sendArb, fc.string({ maxLength: 20 }), (message, memo) => {
        const types = new AminoTypes(createDefaultAminoConverters());
        const fee = { amount: [{ denom: 'uusdc', amount: '5' }], gas: '200000' };
        const expected = serializeSignDoc(
          makeSignDoc(
            [types.toAmino({ typeUrl: '/cosmos.bank.v1beta1.MsgSend', value: message })],
            fee,
            'chain-1',
            memo,
            7,
            3,
          ),
        );
        const actual = amino.signBytes({
          accountNumber: 7n,
          sequence: 3n,
          chainId: 'chain-1',
          timeoutHeight: 0n,
          memo,
          fee: { amount: fee.amount, gasLimit: 200_000n, payer: '', granter: '' },
          messages: [{ typeName: 'cosmos.bank.v1beta1.MsgSend', bytes: MsgSend.encode(message).finish() }],
        });
        assert.equal(Buffer.from(actual).toString(), Buffer.from(expected).toString());
      }),
      { numRuns },
    );
  });
  test('every message of the chain has an amino name of at most 39 characters, which Ledger devices can show', () => {
    for (const service of registry.services().filter(({ isMsgService }) => isMsgService)) {
      for (const { inputType } of service.methods) {
        const name = registry.aminoName(inputType);
        assert.ok(name !== undefined && name.length <= 39, `${inputType}: ${name}`);
      }
    }
  });
});
