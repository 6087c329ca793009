import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { decFromText, decOf, decOfInt, decZero } from '../../runtime/baseapp/dec.js';
import { addTokens, hasInvalidRate, removeShares, sharesFromTokens, tokensFromShares } from './shares.js';

const runs = Number(process.env['PLIMSOLL_FC_RUNS'] ?? '300');
const seed = Number(process.env['PLIMSOLL_FC_SEED'] ?? '42');

describe('shares of a validator', () => {
  test('are one for one until it is slashed', () => {
    const first = addTokens({ tokens: 0n, shares: decZero }, 1_000n);
    assert.deepEqual(first, { tokens: 1_000n, shares: decOfInt(1_000n), issued: decOfInt(1_000n) });
    const second = addTokens(first, 500n);
    assert.equal(second.issued, decOfInt(500n));
  });

  const table: readonly (readonly [tokens: bigint, shares: string, amount: bigint, issued: string])[] = [
    // After a slash of 10 % a token buys 1 / 0.9 shares, cut at 18 places.
    [900n, '1000', 90n, '100'],
    [900n, '1000', 1n, '1.111111111111111111'],
    [7n, '10', 3n, '4.285714285714285714'],
    [1n, '1000000', 1n, '1000000'],
  ];
  for (const [tokens, shares, amount, issued] of table) {
    test(`${amount} of ${tokens} tokens are ${issued} of ${shares} shares`, () => {
      assert.equal(sharesFromTokens({ tokens, shares: decFromText(shares) }, amount), decFromText(issued));
    });
  }

  test('are worth tokens to 18 places, halves to even', () => {
    const books = { tokens: 900n, shares: decFromText('1000') };
    assert.equal(
      tokensFromShares(books, decFromText('1.111111111111111111')),
      decFromText('0.999999999999999999') + 1n,
    );
    assert.equal(
      tokensFromShares({ tokens: 2n, shares: decFromText('3') }, decFromText('1')),
      decFromText('0.666666666666666667'),
    );
  });

  test('the last shares take every token that rounding left', () => {
    const { returned, tokens } = removeShares({ tokens: 10n, shares: decFromText('3.7') }, decFromText('3.7'));
    assert.deepEqual([returned, tokens], [10n, 0n]);
  });

  test('without tokens, shares have no rate and nobody may join', () => {
    assert.equal(hasInvalidRate({ tokens: 0n, shares: decFromText('1') }), true);
    assert.equal(hasInvalidRate({ tokens: 0n, shares: decZero }), false);
  });

  test('joining and leaving at once never pays, whatever slashes there were', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: 10n ** 20n }),
        fc.bigInt({ min: 1n, max: 10n ** 38n }),
        fc.bigInt({ min: 1n, max: 10n ** 18n }),
        (tokens, shares, amount) => {
          const joined = addTokens({ tokens, shares: decOf(shares) }, amount);
          fc.pre(joined.issued > 0n);
          const left = removeShares(joined, joined.issued);
          assert.ok(left.returned <= amount, `${left.returned} for ${amount}`);
          assert.equal(left.tokens + left.returned, tokens + amount);
        },
      ),
      { numRuns: runs, seed },
    );
  });
});
