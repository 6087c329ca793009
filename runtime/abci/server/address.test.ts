import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAbciAddress } from './address.js';

test('addresses as CometBFT writes them', () => {
  assert.deepEqual(parseAbciAddress('tcp://127.0.0.1:26658'), { kind: 'tcp', host: '127.0.0.1', port: 26658 });
  assert.deepEqual(parseAbciAddress('tcp://[::1]:26658'), { kind: 'tcp', host: '::1', port: 26658 });
  assert.deepEqual(parseAbciAddress('tcp://localhost:0'), { kind: 'tcp', host: 'localhost', port: 0 });
  assert.deepEqual(parseAbciAddress('unix:///run/plimsoll/abci.sock'), {
    kind: 'unix',
    path: '/run/plimsoll/abci.sock',
  });
});

const refused: [text: string, why: RegExp][] = [
  ['127.0.0.1:26658', /expected tcp/],
  ['tcp://127.0.0.1', /expected tcp/],
  ['tcp://127.0.0.1:70000', /port 70000 is above 65535/],
  ['http://127.0.0.1:1', /expected tcp/],
  ['unix://', /expected tcp/],
  [`unix:///${'a'.repeat(107)}`, /at most 107 bytes, this one 108/],
];
for (const [text, why] of refused) {
  test(`refuses ${text.slice(0, 30)}`, () => assert.throws(() => parseAbciAddress(text), why));
}
