import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { QueryValidatorsResponse } from '../../gen/plimsoll/valset/v1/query.js';
import { Router } from '../../runtime/baseapp/router.js';
import { Workbench } from '../../runtime/baseapp/testing/workbench.js';
import { consensusAddress } from '../../runtime/crypto/address.js';
import { ValsetKeeper, storeName } from './keeper.js';
import { ValsetModule } from './module.js';

const key = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const none = new Uint8Array(0);

let bench: Workbench;
let keeper: ValsetKeeper;
let module: ValsetModule;

beforeEach(async () => {
  bench = await Workbench.open([{ name: storeName, kind: 'committed' }]);
  keeper = new ValsetKeeper();
  module = new ValsetModule(keeper, bench.registry, 'plim1gov', { hasPower: () => true });
});

const powers = (): (readonly [number, bigint])[] =>
  [...keeper.validators(bench.context())]
    .map(({ pubKey, power }) => [pubKey[0]!, power] as const)
    .sort(([a], [b]) => a - b);

describe('the validator set', () => {
  const genesisSet = [1, 2, 3].map((fill) => ({ pubKey: key(fill), power: BigInt(fill) * 10n }));

  test("is the engine's: keys are found by consensus address", () => {
    module.initValidators(bench.context(), genesisSet);
    module.initGenesis(bench.context(), module.defaultGenesis());
    assert.deepEqual(Buffer.from(keeper.publicKey(bench.context(), consensusAddress(key(2)))!), Buffer.from(key(2)));
    assert.equal(keeper.publicKey(bench.context(), consensusAddress(key(9))), undefined);
    assert.equal(keeper.publicKey(bench.context(), none), undefined);
  });

  test('keeps the key of who left, whose last votes are yet to be checked', () => {
    module.initValidators(bench.context(), genesisSet);
    keeper.update(bench.context(), [
      { pubKey: key(1), power: 0n },
      { pubKey: key(3), power: 7n },
      { pubKey: key(4), power: 1n },
    ]);
    assert.deepEqual(powers(), [
      [1, 0n],
      [2, 20n],
      [3, 7n],
      [4, 1n],
    ]);
    assert.deepEqual(Buffer.from(keeper.publicKey(bench.context(), consensusAddress(key(1)))!), Buffer.from(key(1)));
  });

  test('is listed in address order', () => {
    module.initValidators(bench.context(), genesisSet);
    const router = new Router(bench.registry);
    module.register(router);
    const answer = router.query(bench.context(), '/plimsoll.valset.v1.Query/Validators', none);
    const { validators } = QueryValidatorsResponse.decode(answer);
    const addresses = validators.map(({ address }) => Buffer.from(address));
    assert.equal(validators.length, 3);
    assert.deepEqual(addresses, [...addresses].sort(Buffer.compare));
    for (const { address, pubKey } of validators) {
      assert.deepEqual(Buffer.from(address), Buffer.from(consensusAddress(pubKey)));
    }
  });
});

describe('genesis', () => {
  const entry = (fill: number, power: string) => ({
    address: base64(consensusAddress(key(fill))),
    pub_key: base64(key(fill)),
    power,
  });

  test('an exported set keeps its keys; power is only what the engine gives', async () => {
    module.initValidators(bench.context(), [
      { pubKey: key(1), power: 10n },
      { pubKey: key(2), power: 20n },
    ]);
    const exported = module.exportGenesis(bench.context());
    module.validateGenesis(exported);
    bench = await Workbench.open([{ name: storeName, kind: 'committed' }]);
    module.initValidators(bench.context(), [{ pubKey: key(2), power: 5n }]);
    module.initGenesis(bench.context(), exported);
    assert.deepEqual(powers(), [
      [1, 0n],
      [2, 5n],
    ]);
  });

  const bad: readonly (readonly [what: string, validator: object, text: RegExp])[] = [
    ['a short key', { ...entry(1, '1'), pub_key: base64(key(1).subarray(1)) }, /\[0\].pub_key: 31 bytes, expected 32/],
    ['negative power', entry(1, '-1'), /\[0\].power: -1 is negative/],
    ["another key's address", { ...entry(1, '1'), address: entry(2, '1').address }, /\[0\].address: is not the key's/],
  ];
  for (const [what, validator, text] of bad) {
    test(`with ${what} is refused`, () => {
      assert.throws(() => module.validateGenesis({ validators: [validator] }), text);
    });
  }
});
