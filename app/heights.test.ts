import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ScalarType, type DescMessage } from '@bufbuild/protobuf';
import { silentLogger } from '../runtime/log.js';
import { openStore } from '../runtime/store/index.js';
import { createApp } from './app.js';
import { dropped, heights } from './heights.js';
import { mounts } from './mounts.js';

/** Sections of the state by their messages. */
const sections: Readonly<Record<string, string>> = {
  auth: 'cosmos.auth.v1beta1',
  backstop: 'plimsoll.backstop.v1',
  bank: 'cosmos.bank.v1beta1',
  charter: 'plimsoll.charter.v1',
  distribution: 'cosmos.distribution.v1beta1',
  gov: 'cosmos.gov.v1',
  insurance: 'plimsoll.insurance.v1',
  oracle: 'plimsoll.oracle.v1',
  perps: 'plimsoll.perps.v1',
  slashing: 'cosmos.slashing.v1beta1',
  staking: 'cosmos.staking.v1beta1',
  valset: 'plimsoll.valset.v1',
};

/** Modules whose sections have no message: one keeps nothing, the other transactions for the first block. */
const withoutMessage = ['solvency', 'genutil'];

/** By its name; counts of blocks are none. */
const isHeight = (name: string): boolean => name.includes('height') || /(^|_)til_block$/.test(name);

/** Paths of the integers of a message that are heights by their names, and of all messages below it. */
function* heightsOf(message: DescMessage, path: string, above: readonly string[] = []): Iterable<string> {
  if (above.includes(message.typeName)) return;
  for (const field of message.fields) {
    const here = `${path}.${field.name}${field.fieldKind === 'list' ? '[]' : ''}`;
    const below = field.fieldKind === 'message' || field.fieldKind === 'list' ? field.message : undefined;
    if (below !== undefined) yield* heightsOf(below, here, [...above, message.typeName]);
    else if (field.scalar !== ScalarType.BYTES && isHeight(field.name)) yield here;
  }
}

test('it is decided of every height in the state of every module what it is to a chain that begins at height 1', async () => {
  const store = await openStore({ mounts });
  const { modules, registry } = createApp({
    store,
    chainId: 'heights',
    prices: { prices: () => [] },
    logger: silentLogger,
  });
  assert.deepEqual(modules.map(({ name }) => name).sort(), [...Object.keys(sections), ...withoutMessage].sort());
  const found = Object.entries(sections).flatMap(([name, file]) => [
    ...heightsOf(registry.message(`${file}.GenesisState`), name),
  ]);
  const undecided = found.filter(
    (path) => heights[path] === undefined && !dropped.some((list) => path.startsWith(list)),
  );
  assert.deepEqual(undecided, []);
  assert.deepEqual(
    Object.keys(heights).filter((path) => !found.includes(path)),
    [],
    'decided of what does not exist',
  );
  await store.close();
});
