import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ResponseFinalizeBlock } from 'cosmjs-types/tendermint/abci/types';
import fc from 'fast-check';
import { encodeFinalizeBlock, IndexedEvent } from './encode.js';

const text = fc.oneof(fc.string({ maxLength: 12 }), fc.string({ minLength: 100, maxLength: 400, unit: 'grapheme' }));
const bytes = fc.uint8Array({ maxLength: 300 });
const int64 = fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n });
const event = fc.record({
  type: text,
  attributes: fc.array(fc.record({ key: text, value: text, index: fc.boolean() }), { maxLength: 5 }),
});
const indexed = fc
  .record({ type: text, attributes: fc.array(fc.tuple(text, text), { maxLength: 5 }) })
  .map((source) => new IndexedEvent(source));
const events = fc.array(fc.oneof(event, indexed), { maxLength: 4 });
const txResult = fc.record({
  code: fc.nat(0xffffffff),
  data: bytes,
  log: text,
  info: text,
  gasWanted: int64,
  gasUsed: int64,
  events,
  codespace: text,
});
const results = fc
  .record({
    events,
    txResults: fc.array(txResult, { maxLength: 4 }),
    validatorUpdates: fc.array(fc.record({ pubKey: fc.record({ ed25519: bytes }), power: fc.bigInt(0n, 1n << 60n) }), {
      maxLength: 2,
    }),
    consensusParamUpdates: fc.option(fc.record({ block: fc.record({ maxBytes: int64, maxGas: int64 }) }), {
      nil: undefined,
    }),
    appHash: bytes,
  })
  .map((partial) => ({
    ...ResponseFinalizeBlock.fromPartial(partial),
    // Not through fromPartial: it would copy what an indexed event makes when it is read.
    events: partial.events,
    txResults: partial.txResults,
  }));

test('block results have the bytes that the generated encoder gives', () => {
  fc.assert(
    fc.property(results, (each) => {
      assert.deepEqual(
        Buffer.from(encodeFinalizeBlock(each)),
        Buffer.from(ResponseFinalizeBlock.encode(each).finish()),
      );
    }),
    { numRuns: Number(process.env['PLIMSOLL_FC_RUNS'] ?? 100) },
  );
});

test('of a block whose events are too many the first are written, and how many are not', () => {
  const events = ['liquidated', 'bankrupt', 'deficit', 'haircut'].map(
    (type) => new IndexedEvent({ type, attributes: [['key', 'value']] }),
  );
  const block = { ...ResponseFinalizeBlock.fromPartial({ appHash: new Uint8Array([7]) }), events };
  const typesOf = (room: number): string[] =>
    ResponseFinalizeBlock.decode(encodeFinalizeBlock(block, room)).events.map(
      ({ type, attributes }) => `${type} ${attributes[0]!.value}`,
    );
  assert.deepEqual(typesOf(30), ['liquidated value', 'bankrupt value', 'events_omitted 2']);
  assert.deepEqual(
    typesOf(1_000),
    events.map(({ type }) => `${type} value`),
  );
  assert.deepEqual(ResponseFinalizeBlock.decode(encodeFinalizeBlock(block, 30)).appHash, block.appHash);
});
