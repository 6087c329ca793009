import {
  decAdd,
  decMulInt,
  decOfInt,
  decQuo,
  decQuoInt,
  decQuoTruncate,
  decSub,
  decTruncate,
  decZero,
  type Dec,
} from '../../runtime/baseapp/dec.js';
import type { Validator } from './types.js';

/**
 * Shares of a validator's tokens. A slash takes tokens and leaves shares, so a
 * share is worth tokens / shares; all roundings are the Cosmos SDK's.
 */

/** Tokens, of smallest units, for one unit of voting power. */
export const powerReduction = 1_000_000n;

export const powerOfTokens = (tokens: bigint): bigint => tokens / powerReduction;
export const tokensOfPower = (power: bigint): bigint => power * powerReduction;

type Books = Pick<Validator, 'tokens' | 'shares'>;

/** What shares are worth, with 18 decimals; zero when there are none. */
export function tokensFromShares({ tokens, shares: all }: Books, shares: Dec): Dec {
  return all === 0n ? decZero : decQuo(decMulInt(shares, tokens), all);
}

/** Shares that are worth so many tokens. @param amount tokens; the validator must have some */
export const sharesFromTokens = ({ tokens, shares }: Books, amount: bigint): Dec =>
  decQuoInt(decMulInt(shares, amount), tokens);

/** The same, rounded down at its last place for certain. */
export const sharesFromTokensTruncated = ({ tokens, shares }: Books, amount: bigint): Dec =>
  decQuoTruncate(decMulInt(shares, amount), decOfInt(tokens));

/** Shares exist, but a slash took all that they stood for. */
export const hasInvalidRate = ({ tokens, shares }: Books): boolean => tokens === 0n && shares > 0n;

/** Adds tokens and the shares for them: one for one when there are none yet. */
export function addTokens(books: Books, amount: bigint): Books & { readonly issued: Dec } {
  const issued = books.shares === 0n ? decOfInt(amount) : sharesFromTokens(books, amount);
  return { tokens: books.tokens + amount, shares: decAdd(books.shares, issued), issued };
}

/** Takes shares out, and the tokens they are worth, rounded down; the last shares take everything. */
export function removeShares(books: Books, shares: Dec): Books & { readonly returned: bigint } {
  const rest = decSub(books.shares, shares);
  const returned = rest === 0n ? books.tokens : decTruncate(tokensFromShares(books, shares));
  return { tokens: books.tokens - returned, shares: rest, returned };
}
