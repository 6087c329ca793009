import type { DecCoin } from '../../gen/cosmos/base/v1beta1/coin.js';
import {
  decAdd,
  decFromWire,
  decMin,
  decMul,
  decMulTruncate,
  decOfInt,
  decQuoTruncate,
  decSub,
  decToWire,
  decTruncate,
  decZero,
  type Dec,
} from '../../runtime/baseapp/dec.js';
import { FatalError } from '../../runtime/baseapp/errors.js';

/** Amounts with 18 decimals, sorted by denomination, each once, all positive. */
export type DecCoins = readonly (readonly [denom: string, amount: Dec])[];
/** Whole amounts in the same order. */
export type Coins = readonly (readonly [denom: string, amount: bigint])[];

export const noCoins: DecCoins = [];

/** Applies `combine` to each denomination of either side; zero results are left out. */
function zip(a: DecCoins, b: DecCoins, combine: (a: Dec, b: Dec, denom: string) => Dec): DecCoins {
  const result: (readonly [string, Dec])[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    const left = a[i];
    const right = b[j];
    const denom = right === undefined || (left !== undefined && left[0] < right[0]) ? left![0] : right[0];
    const x = left?.[0] === denom ? a[i++]![1] : decZero;
    const y = right?.[0] === denom ? b[j++]![1] : decZero;
    const amount = combine(x, y, denom);
    if (amount !== 0n) result.push([denom, amount]);
  }
  return result;
}

export const addCoins = (a: DecCoins, b: DecCoins): DecCoins => zip(a, b, decAdd);

/** @throws FatalError when a denomination would become negative: money that is not there was promised */
export const subCoins = (a: DecCoins, b: DecCoins): DecCoins =>
  zip(a, b, (x, y, denom) => {
    if (y > x) throw new FatalError(`rewards: ${y} of ${denom} are taken where ${x} are`);
    return decSub(x, y);
  });

/** Is there at least as much of each denomination? */
export const hasAll = (coins: DecCoins, wanted: DecCoins): boolean =>
  wanted.every(([denom, amount]) => (coins.find((each) => each[0] === denom)?.[1] ?? 0n) >= amount);

/** The smaller amount of each denomination. */
export const minCoins = (a: DecCoins, b: DecCoins): DecCoins => zip(a, b, decMin);

const map = (coins: DecCoins, change: (amount: Dec) => Dec): DecCoins =>
  coins.map(([denom, amount]) => [denom, change(amount)] as const).filter(([, amount]) => amount !== 0n);

/** Each amount times a decimal, halves to even. */
export const mulCoins = (coins: DecCoins, by: Dec): DecCoins => map(coins, (amount) => decMul(amount, by));
/** Each amount times a decimal, down. */
export const mulCoinsTruncate = (coins: DecCoins, by: Dec): DecCoins =>
  map(coins, (amount) => decMulTruncate(amount, by));
/** Each amount by a positive decimal, down. */
export const quoCoinsTruncate = (coins: DecCoins, by: Dec): DecCoins =>
  map(coins, (amount) => decQuoTruncate(amount, by));

export const coinsOf = (coins: Coins): DecCoins =>
  coins.filter(([, amount]) => amount !== 0n).map(([denom, amount]) => [denom, decOfInt(amount)] as const);

/** Whole coins, and what is left. */
export function truncateCoins(coins: DecCoins): { readonly whole: Coins; readonly rest: DecCoins } {
  const whole = coins.map(([denom, amount]) => [denom, decTruncate(amount)] as const).filter(([, n]) => n !== 0n);
  return { whole, rest: subCoins(coins, coinsOf(whole)) };
}

export const coinsToProto = (coins: DecCoins): DecCoin[] =>
  coins.map(([denom, amount]) => ({ denom, amount: decToWire(amount) }));

/** @throws Error naming the field unless the coins are sorted, differ and are positive */
export function coinsFromProto(coins: readonly DecCoin[], field: string): DecCoins {
  let previous = '';
  return coins.map(({ denom, amount }, index) => {
    const value = decFromWire(amount, `${field}[${index}].amount`);
    if (value <= 0n) throw new Error(`${field}[${index}].amount: ${amount} is not positive`);
    if (denom <= previous) throw new Error(`${field}[${index}].denom: ${denom} follows ${previous}`);
    previous = denom;
    return [denom, value] as const;
  });
}

export const coinsText = (coins: Coins): string => coins.map(([denom, amount]) => `${amount}${denom}`).join(',');
