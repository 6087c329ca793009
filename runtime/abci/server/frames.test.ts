import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { framePrefix, FrameReader, ProtocolError } from './frames.js';

const runs = Number(process.env['PLIMSOLL_FC_RUNS'] ?? '200');
const frame = (body: Uint8Array): Buffer => Buffer.concat([framePrefix(body.length), body]);

function drain(reader: FrameReader): Buffer[] {
  const frames: Buffer[] = [];
  for (let next = reader.next(); next !== undefined; next = reader.next()) frames.push(Buffer.from(next));
  return frames;
}

test('a prefix is the unsigned varint of the length', () => {
  const cases: [length: number, hex: string][] = [
    [0, '00'],
    [127, '7f'],
    [128, '8001'],
    [300, 'ac02'],
    [2 ** 21, '80808001'],
    [2 ** 31 - 1, 'ffffffff07'],
  ];
  for (const [length, hex] of cases) assert.equal(Buffer.from(framePrefix(length)).toString('hex'), hex);
});

test('frames come out whole and in order wherever the stream is cut', () => {
  const bodies = fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 8 });
  fc.assert(
    fc.property(bodies, fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1 }), (all, cuts) => {
      const stream = Buffer.concat(all.map(frame));
      const reader = new FrameReader();
      const received: Buffer[] = [];
      for (let at = 0, cut = 0; at < stream.length; cut++) {
        const end = at + cuts[cut % cuts.length]!;
        reader.push(stream.subarray(at, end));
        received.push(...drain(reader));
        at = end;
      }
      assert.deepEqual(
        received,
        all.map((body) => Buffer.from(body)),
      );
      assert.equal(reader.buffered, 0);
    }),
    { numRuns: runs },
  );
});

test('every byte alone, and all at once', () => {
  const bodies = [0, 1, 127, 128, 5_000].map((length) => Buffer.alloc(length, length % 251));
  const stream = Buffer.concat(bodies.map(frame));
  const slow = new FrameReader();
  const received: Buffer[] = [];
  for (const byte of stream) {
    slow.push(Uint8Array.of(byte));
    received.push(...drain(slow));
  }
  assert.deepEqual(received, bodies);
  const fast = new FrameReader();
  fast.push(stream);
  assert.deepEqual(drain(fast), bodies);
});

test('a length over the limit is refused before its bytes come, one at the limit is not', () => {
  const reader = new FrameReader(1_000);
  reader.push(frame(Buffer.alloc(1_000)));
  assert.equal(reader.next()!.length, 1_000);
  reader.push(framePrefix(1_001));
  assert.throws(
    () => reader.next(),
    (error) => error instanceof ProtocolError && /1001 bytes is announced; at most 1000/.test(error.message),
  );
});

test('a length that takes more than five bytes is refused', () => {
  const reader = new FrameReader();
  reader.push(Buffer.from('ffffffffff', 'hex'));
  assert.throws(() => reader.next(), ProtocolError);
});

test('an announced length without bytes holds no memory', () => {
  const reader = new FrameReader();
  reader.push(framePrefix(200 * 1024 * 1024));
  reader.push(Buffer.alloc(10));
  assert.equal(reader.next(), undefined);
  assert.equal(reader.buffered, 10);
});
