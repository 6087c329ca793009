import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { consensusStore } from '../runtime/baseapp/consensus-params.js';
import { moduleAddress, toBech32 } from '../runtime/crypto/address.js';
import { silentLogger } from '../runtime/log.js';
import { openStore } from '../runtime/store/index.js';
import { StaticPriceSource } from '../x/oracle/sources/static.js';
import { authority, createApp, moduleAccounts } from './app.js';
import { mounts } from './mounts.js';

const create = async () => {
  const store = await openStore({ mounts });
  return createApp({ store, chainId: 'test-1', prices: new StaticPriceSource({}), logger: silentLogger });
};

describe('the application', () => {
  test('mounts exactly the stores that its modules and the base app name', async () => {
    const { modules } = await create();
    const named = [{ name: consensusStore, kind: 'committed' }, ...modules.flatMap(({ stores }) => stores)];
    const sorted = (list: readonly { readonly name: string; readonly kind: string }[]): readonly string[] =>
      list.map(({ name, kind }) => `${name} ${kind}`).sort((a, b) => (a < b ? -1 : 1));
    assert.deepEqual(sorted(mounts), sorted(named));
  });

  test('lists each module once, and money before those who compare it with their books', async () => {
    const { modules } = await create();
    assert.deepEqual(
      modules.map(({ name }) => name),
      [
        'auth',
        'bank',
        'valset',
        'distribution',
        'staking',
        'slashing',
        'charter',
        'gov',
        'oracle',
        'insurance',
        'backstop',
        'perps',
        'solvency',
        'genutil',
      ],
    );
  });

  test('answers every query and decodes every message that its protos declare for its modules', async () => {
    const { app, registry } = await create();
    const ours = registry.services().filter(({ fullName }) => fullName.startsWith('plimsoll.'));
    assert.ok(ours.length >= 6);
    for (const { fullName, methods, isMsgService } of ours) {
      for (const { name, inputType } of methods) {
        if (isMsgService) assert.ok(app.router.decode(inputType, new Uint8Array(0)), inputType);
        else assert.ok(app.router.hasQuery(`/${fullName}/${name}`), `${fullName}/${name}`);
      }
    }
  });

  test('gives every message an amino name, so that a Ledger can sign it', async () => {
    const { registry } = await create();
    for (const { methods, isMsgService } of registry.services()) {
      if (!isMsgService) continue;
      for (const { inputType } of methods) assert.ok(registry.aminoName(inputType), inputType);
    }
  });

  test("takes governance's word from the gov module's address, whose key nobody has", () => {
    assert.equal(authority, toBech32(moduleAddress('gov')));
    assert.ok(moduleAccounts.includes('gov'));
  });

  test('blocks sends to every module account', async () => {
    const { keepers } = await create();
    for (const name of moduleAccounts) assert.ok(keepers.bank.isBlocked(moduleAddress(name)), name);
    assert.equal(keepers.bank.isBlocked(new Uint8Array(20)), false);
  });
});
