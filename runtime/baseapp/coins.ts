import { sdkErrors } from './errors.js';

export interface CoinLike {
  readonly denom: string;
  readonly amount: string;
}

/** Decimal digits of the largest amount that any coin may have: far above every supply, and cheap to add. */
const maxDigits = 38;

/**
 * The amount of a coin in a message.
 * @throws AppError sdk/10 unless it is a positive integer in plain decimal digits
 */
export function parseAmount(text: string, field: string): bigint {
  if (!/^[1-9][0-9]*$/.test(text) || text.length > maxDigits) {
    throw sdkErrors.invalidCoins(
      `${field}: ${JSON.stringify(text.slice(0, 64))} is not a positive integer of at most ${maxDigits} digits`,
    );
  }
  return BigInt(text);
}

/**
 * A list of coins: sorted by denomination, each once, all positive.
 * @throws AppError sdk/10 naming the coin at fault
 */
export function parseCoins(coins: readonly CoinLike[], field: string): (readonly [denom: string, amount: bigint])[] {
  if (coins.length === 0) throw sdkErrors.invalidCoins(`${field}: empty; name at least one coin`);
  let previous = '';
  return coins.map(({ denom, amount }) => {
    if (!/^[a-zA-Z][a-zA-Z0-9/:._-]{2,127}$/.test(denom))
      throw sdkErrors.invalidCoins(`${field}: denomination ${JSON.stringify(denom.slice(0, 140))} is not valid`);
    if (denom <= previous)
      throw sdkErrors.invalidCoins(`${field}: denominations must be sorted and differ, ${denom} follows ${previous}`);
    previous = denom;
    return [denom, parseAmount(amount, field)] as const;
  });
}
