import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { net, type Netted, type Wish } from './net.js';

const numRuns = Number(process.env['PLIMSOLL_FC_RUNS'] ?? 300);
const always = (): boolean => true;
const wishes = (side: Readonly<Record<string, bigint>>): Wish[] =>
  Object.entries(side).map(([key, quantity]) => ({ key, quantity }));
const asRecord = (side: readonly Netted<Wish>[]): Record<string, bigint> =>
  Object.fromEntries(side.map(({ wish, quantity }) => [wish.key, quantity]));
const sum = (side: readonly { readonly quantity: bigint }[]): bigint =>
  side.reduce((total, { quantity }) => total + quantity, 0n);

describe('longs and shorts that want out', () => {
  const cases: readonly {
    readonly name: string;
    readonly longs: Readonly<Record<string, bigint>>;
    readonly shorts: Readonly<Record<string, bigint>>;
    readonly step?: bigint;
    readonly closed: readonly [longs: Readonly<Record<string, bigint>>, shorts: Readonly<Record<string, bigint>>];
  }[] = [
    {
      name: 'close in full when both sides are alike',
      longs: { a: 300n, b: 200n },
      shorts: { c: 500n },
      closed: [{ a: 300n, b: 200n }, { c: 500n }],
    },
    {
      name: 'close the smaller side in full and the larger pro rata',
      longs: { a: 600n, b: 300n, c: 100n },
      shorts: { d: 500n },
      closed: [{ a: 300n, b: 150n, c: 50n }, { d: 500n }],
    },
    {
      name: 'get whole steps, the largest remainder one more: of 3.5, 2.1 and 1.4 steps the first',
      longs: { d: 700n },
      shorts: { a: 500n, b: 300n, c: 200n },
      step: 100n,
      closed: [{ d: 700n }, { a: 400n, b: 200n, c: 100n }],
    },
    {
      name: 'of equal remainders the first accounts get the step',
      longs: { a: 100n, b: 100n, c: 100n },
      shorts: { d: 200n },
      step: 100n,
      closed: [{ a: 100n, b: 100n }, { d: 200n }],
    },
    {
      name: 'a position that is no whole number of steps closes in full all the same',
      longs: { a: 150n },
      shorts: { b: 200n, c: 100n },
      step: 100n,
      closed: [{ a: 150n }, { b: 100n, c: 50n }],
    },
    { name: 'nothing closes without the other side', longs: { a: 100n }, shorts: {}, closed: [{}, {}] },
  ];
  for (const { name, longs, shorts, step = 1n, closed } of cases)
    test(name, () => {
      const found = net(wishes(longs), wishes(shorts), step, always);
      assert.deepEqual([asRecord(found.longs), asRecord(found.shorts)], closed);
    });

  test('who does not bear a share stands aside, and the other side has that much less', () => {
    const longs = wishes({ a: 600n, b: 400n });
    const shorts = wishes({ c: 300n, d: 200n });
    // 500 of 1,000: a gets 300 and b 200, which b does not bear; so 200 are taken off the shorts from the last on.
    const found = net(longs, shorts, 1n, ({ key }) => key !== 'b');
    assert.deepEqual([asRecord(found.longs), asRecord(found.shorts)], [{ a: 300n }, { c: 300n }]);
  });

  test('an account that bears all of its wish but no part of it is not cut', () => {
    // 500 close: a gets 350, and b, who bears no part, none of its 150. d would have to give these 150 of its 200
    // back, bears no part either, and leaves; then c has only 300 for the 350 of a.
    const longs = wishes({ a: 700n, b: 300n });
    const shorts = wishes({ c: 300n, d: 200n });
    const found = net(longs, shorts, 1n, ({ key }) => key === 'a');
    assert.deepEqual([asRecord(found.longs), asRecord(found.shorts)], [{ a: 300n }, { c: 300n }]);
  });
});

/** Wishes in units of a step, or in quanta. */
const side = (prefix: string, scale: bigint): fc.Arbitrary<Wish[]> =>
  fc
    .uniqueArray(fc.record({ id: fc.nat(999), units: fc.bigInt({ min: 1n, max: 10_000n }) }), {
      selector: ({ id }) => id,
      maxLength: 12,
    })
    .map((all) =>
      all.map(({ id, units }) => ({ key: `${prefix}${String(id).padStart(3, '0')}`, quantity: units * scale })),
    );
const market = fc
  .constantFrom(1n, 10n, 1_000n)
  .chain((step) =>
    fc.record({ step: fc.constant(step), longs: side('l', step), shorts: side('s', step), salt: fc.nat() }),
  );

/** Says no to some quantities of some wishes, always the same ones. */
const moody =
  (salt: number) =>
  ({ key }: Wish, quantity: bigint): boolean =>
    (BigInt(salt) * 31n + quantity * 7n + BigInt(key.charCodeAt(3))) % 3n !== 0n;

describe('whatever the wishes are', () => {
  test('ID-2 both sides close alike, nobody more than he asked for and bears, and whole steps', () => {
    fc.assert(
      fc.property(market, ({ step, longs, shorts, salt }) => {
        const bears = moody(salt);
        const found = net(longs, shorts, step, bears);
        assert.equal(sum(found.longs), sum(found.shorts));
        for (const { wish, quantity } of [...found.longs, ...found.shorts]) {
          assert.ok(quantity > 0n && quantity <= wish.quantity);
          assert.equal(quantity % step, 0n);
          assert.ok(quantity === wish.quantity || bears(wish, quantity));
        }
      }),
      { numRuns },
    );
  });

  test('when everybody bears everything the smaller side closes in full, and who asks for more gets no less', () => {
    fc.assert(
      fc.property(market, ({ step, longs, shorts }) => {
        const found = net(longs, shorts, step, always);
        const [less, more] = [sum(longs), sum(shorts)].sort((a, b) => (a < b ? -1 : 1)) as [bigint, bigint];
        assert.equal(sum(found.longs), less);
        if (less === more) assert.equal(found.longs.length, longs.length);
        for (const [asked, got] of [
          [longs, asRecord(found.longs)],
          [shorts, asRecord(found.shorts)],
        ] as const)
          for (const a of asked)
            for (const b of asked) if (a.quantity > b.quantity) assert.ok((got[a.key] ?? 0n) >= (got[b.key] ?? 0n));
      }),
      { numRuns },
    );
  });

  test('the order in which they came changes nothing', () => {
    fc.assert(
      fc.property(market, ({ step, longs, shorts, salt }) => {
        const turned = net([...longs].reverse(), [...shorts].reverse(), step, moody(salt));
        assert.deepEqual(turned, net(longs, shorts, step, moody(salt)));
      }),
      { numRuns },
    );
  });
});
