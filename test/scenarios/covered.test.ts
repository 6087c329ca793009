import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, test } from 'node:test';
import { covered } from './covered.js';
import { scenarios } from './index.js';

const root = resolve(import.meta.dirname, '..', '..');

/** Every entry of the gallery, and what else must be run. */
const wanted = [
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((number) => `T-A${number}`),
  ...['T-B1', 'T-B2', 'T-B3', 'T-B4', 'T-B5', 'T-B6a', 'T-B6b', 'T-B7', 'T-B8', 'T-B9', 'T-B10', 'T-B11'],
  ...['T-A3-fault', 'T-A3-quorum', 'T-C1', 'T-C2', 'T-C3'],
  ...[1, 2, 3, 4, 5, 6, 7, 8].map((number) => `T-D${number}`),
  ...['T-LIARS', 'T-SPIKE', 'T-DEPTH', 'T-KEEPERS', 'T-SPLIT', 'T-WASH', 'T-LP-EXIT', 'T-HALT-GAP', 'T-PAINT'],
  ...['T-DUST', 'T-SCHEDULE', 'T-CONTAGION', 'T-DEPEG', 'T-GAP-60', 'INV-C1', 'INV-C2'],
];

describe('what broke others', () => {
  test('is a scenario or is covered by a test, each once', () => {
    const ids = [...scenarios, ...covered].map(({ id }) => id);
    assert.deepEqual(
      wanted.filter((id) => !ids.includes(id)),
      [],
      'neither run nor covered',
    );
    assert.equal(new Set(ids).size, ids.length, 'an id is there twice');
  });

  for (const { id, by, open } of covered) {
    test(`${id} is covered by tests that exist`, () => {
      assert.ok(by.length > 0 || open !== undefined, 'neither a test nor a reason');
      for (const { file, test: name } of by) {
        // A long name may be broken over lines.
        const text = readFileSync(resolve(root, file), 'utf8').replace(/\s+/g, ' ');
        assert.ok(text.includes(name), `${file} has no test "${name}"`);
      }
    });
  }
});
