import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { QueryValidatorsResponse } from '../../gen/plimsoll/valset/v1/query.js';
import { Router } from '../../runtime/baseapp/router.js';
import { MsgSetValidators } from '../../gen/plimsoll/valset/v1/tx.js';
import { Mode } from '../../gen/plimsoll/valset/v1/valset.js';
import { Workbench } from '../../runtime/baseapp/testing/workbench.js';
import { consensusAddress } from '../../runtime/crypto/address.js';
import { ValsetKeeper, storeName } from './keeper.js';
import { maxTotalPower } from './changes.js';
import { ValsetModule } from './module.js';
import { setValidators, updateParams } from './msgs.js';

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

describe('under authority', () => {
  const authority = 'plim1gov';
  const set = (validators: readonly (readonly [number, bigint])[], from = authority): void => {
    const message = MsgSetValidators.fromPartial({
      authority: from,
      validators: validators.map(([fill, power]) => ({ pubKey: key(fill), power })),
    });
    setValidators(bench.context(), keeper, authority, message);
  };
  beforeEach(() => {
    module.initValidators(bench.context(), [{ pubKey: key(1), power: 10n }]);
    module.initGenesis(bench.context(), module.defaultGenesis());
  });

  test('governance adds, changes and removes; the engine hears at the end of the block', () => {
    set([
      [1, 5n],
      [2, 20n],
    ]);
    assert.deepEqual(powers(), [[1, 10n]]);
    assert.equal(module.endBlock(bench.context()).length, 2);
    assert.deepEqual(powers(), [
      [1, 5n],
      [2, 20n],
    ]);
    set([[1, 0n]]);
    assert.deepEqual(
      module.endBlock(bench.context()).map(({ power }) => power),
      [0n],
    );
  });

  test('nobody else does', () => {
    assert.throws(() => set([[2, 1n]], 'plim1alice'), /authority: plim1alice; expected plim1gov/);
  });

  const bad: readonly (readonly [string, readonly (readonly [number, bigint])[], RegExp])[] = [
    ['nobody', [], /0 are named; expected 1 to 500/],
    [
      'a key twice',
      [
        [2, 1n],
        [2, 2n],
      ],
      /validators\[1\].pub_key: is named twice/,
    ],
    ['a negative power', [[2, -1n]], /validators\[0\].power: -1; expected 0 to/],
    ['the removal of the last one', [[1, 0n]], /no validator would be left/],
    ['more power than the engine counts', [[2, maxTotalPower]], /would exceed/],
  ];
  for (const [what, validators, text] of bad) {
    test(`${what} is refused`, () => {
      assert.throws(() => set(validators), text);
    });
  }

  test('the handover to stake removes whom governance named, and has no way back', () => {
    const update = (mode: Mode): void => {
      updateParams(bench.context(), keeper, { hasPower: () => true }, authority, { authority, params: { mode } });
    };
    update(Mode.MODE_STAKE);
    // What x/staking asks for in the same block.
    keeper.schedule(bench.context(), key(9), 3n);
    module.endBlock(bench.context());
    assert.deepEqual(powers(), [
      [1, 0n],
      [9, 3n],
    ]);
    assert.throws(() => update(Mode.MODE_AUTHORITY), /only the step from MODE_AUTHORITY to MODE_STAKE is possible/);
    assert.throws(() => set([[2, 1n]]), /stake decides who votes/);
  });

  test('there is no handover to stake that nobody has', () => {
    const params = { authority, params: { mode: Mode.MODE_STAKE } };
    assert.throws(
      () => updateParams(bench.context(), keeper, { hasPower: () => false }, authority, params),
      /no validator has enough stake for a vote yet/,
    );
  });
});

describe('a change that would leave nobody', () => {
  test('waits, is told by an event, and happens when somebody else can vote', () => {
    module.initValidators(bench.context(), [{ pubKey: key(1), power: 10n }]);
    keeper.schedule(bench.context(), key(1), 0n);
    const ctx = bench.context();
    assert.deepEqual(module.endBlock(ctx), []);
    assert.ok(ctx.events.list().some(({ type }) => type === 'plimsoll.valset.v1.EventChangeRefused'));
    keeper.schedule(bench.context(), key(2), 1n);
    assert.equal(module.endBlock(bench.context()).length, 2);
    assert.deepEqual(powers(), [
      [1, 0n],
      [2, 1n],
    ]);
  });
});
