import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ConsensusKey } from './consensus-key.js';
import { maxTotalPower, ValidatorSet, type EngineValidator } from './validator-set.js';

const runs = Number(process.env['PLIMSOLL_FC_RUNS'] ?? '100');
const seed = Number(process.env['PLIMSOLL_FC_SEED'] ?? '11');
const keys = Array.from({ length: 8 }, (_, index) => ConsensusKey.fromSeed(Buffer.alloc(32, index + 1)));
const update = (index: number, power: bigint) => ({
  pubKey: { ed25519: keys[index]!.publicKey, secp256k1: undefined },
  power,
});
const powers = (set: ValidatorSet): bigint[] => set.validators.map(({ power }) => power);

/** A set with short names for addresses, as CometBFT's own examples have. */
function named(members: Readonly<Record<string, bigint>>): ValidatorSet {
  const validators = Object.entries(members).map(([name, power]): EngineValidator => ({
    address: Buffer.from(name),
    publicKey: keys[0]!.publicKey,
    power,
    priority: 0n,
  }));
  return ValidatorSet.of(validators, validators[0]!).next();
}

describe('proposers', () => {
  test('take turns as in CometBFT', () => {
    let set = named({ foo: 1_000n, baz: 330n, bar: 300n });
    const turns: string[] = [];
    for (let turn = 0; turn < 20; turn++) {
      turns.push(Buffer.from(set.proposer.address).toString());
      set = set.next();
    }
    const expected = 'foo baz foo bar foo foo baz foo bar foo foo baz foo foo bar foo baz foo foo bar';
    assert.equal(turns.join(' '), expected);
  });

  test('take as many turns as they have power, in every run of as many turns as there is power', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt(1n, 30n), { minLength: 1, maxLength: 6 }), (given) => {
        let set = ValidatorSet.genesis(given.map((power, index) => update(index, power)));
        const counts = new Map<string, bigint>();
        for (let turn = 0n; turn < set.total; turn++) {
          const id = Buffer.from(set.proposer.address).toString('hex');
          counts.set(id, (counts.get(id) ?? 0n) + 1n);
          set = set.next();
        }
        for (const { address, power } of set.validators)
          assert.equal(counts.get(Buffer.from(address).toString('hex')), power);
        assert.equal(
          set.validators.reduce((sum, { priority }) => sum + priority, 0n),
          0n,
        );
      }),
      { numRuns: runs, seed },
    );
  });
});

describe('changes', () => {
  const set = ValidatorSet.genesis([update(0, 10n), update(1, 30n), update(2, 20n)]);

  test('keep the order: most power first, of equal power the smallest address', () => {
    assert.deepEqual(powers(set), [30n, 20n, 10n]);
    const equal = set.apply([update(0, 30n), update(2, 30n)]);
    const addresses = equal.validators.map(({ address }) => Buffer.from(address).toString('hex'));
    assert.deepEqual(addresses, [...addresses].sort());
  });

  test('let newcomers wait: they begin 1.125 times the total behind', () => {
    const grown = set.apply([update(3, 40n)]);
    const lowest = grown.validators.reduce((a, b) => (a.priority < b.priority ? a : b));
    assert.equal(Buffer.compare(lowest.address, keys[3]!.address), 0);
    // 112 behind zero, where the last proposer is 30 behind it.
    assert.equal(grown.validators[1]!.priority - lowest.priority, 82n);
  });

  test('remove with power zero', () => {
    assert.deepEqual(powers(set.apply([update(1, 0n)])), [20n, 10n]);
    assert.equal(set.apply([update(1, 0n)]).find(keys[1]!.address), undefined);
  });

  const bad: readonly (readonly [string, Parameters<typeof set.apply>[0], RegExp])[] = [
    ['a key twice', [update(0, 1n), update(0, 2n)], /the key is named twice/],
    ['a negative power', [update(0, -1n)], /power -1 is negative/],
    ['the removal of a stranger', [update(5, 0n)], /it is not in the set and cannot be removed/],
    ['the removal of everybody', [update(0, 0n), update(1, 0n), update(2, 0n)], /no validator would be left/],
    ['more power than can be counted', [update(5, maxTotalPower)], /the total power would exceed/],
  ];
  for (const [what, updates, text] of bad) {
    test(`refuse ${what}`, () => {
      assert.throws(() => set.apply(updates), text);
    });
  }

  test('survive being stored', () => {
    const later = set.apply([update(4, 7n)]).next(3);
    const read = ValidatorSet.decode(later.encode());
    assert.deepEqual(Buffer.from(read.encode()), Buffer.from(later.encode()));
    assert.deepEqual(Buffer.from(read.hash), Buffer.from(later.hash));
    assert.deepEqual(Buffer.from(read.proposer.address), Buffer.from(later.proposer.address));
  });
});
