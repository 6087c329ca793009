import { ristretto255 } from '@noble/curves/ed25519.js';
import { bytesToNumberLE, numberToBytesLE } from '@noble/curves/utils.js';
import { randomBytes } from '@noble/hashes/utils.js';

/** Scalars: integers modulo the order of ristretto255. Arguments are reduced already, but for `reduce`. */
const { Fn: field } = ristretto255.Point;

export const reduce = (value: bigint): bigint => field.create(value);
export const add = (a: bigint, b: bigint): bigint => field.add(a, b);
export const sub = (a: bigint, b: bigint): bigint => field.sub(a, b);
export const mul = (a: bigint, b: bigint): bigint => field.mul(a, b);
export const neg = (a: bigint): bigint => field.neg(a);
export const inv = (a: bigint): bigint => field.inv(a);

export const sum = (all: readonly bigint[]): bigint => all.reduce(add, 0n);

/** Inner product. */
export const dot = (a: readonly bigint[], b: readonly bigint[]): bigint =>
  sum(a.map((each, index) => mul(each, b[index]!)));

/** 1, x, x^2 and so on. */
export function powers(x: bigint, count: number): bigint[] {
  const all: bigint[] = [];
  for (let power = 1n; all.length < count; power = mul(power, x)) all.push(power);
  return all;
}

/** A scalar from 64 uniform bytes. */
export const scalarOf = (bytes: Uint8Array): bigint => reduce(bytesToNumberLE(bytes));

export const randomScalar = (): bigint => scalarOf(randomBytes(64));

export const encodeScalar = (scalar: bigint): Uint8Array => numberToBytesLE(scalar, 32);

/** @throws Error for a number that is not below the group's order */
export function decodeScalar(bytes: Uint8Array): bigint {
  const scalar = bytesToNumberLE(bytes);
  if (bytes.length !== 32 || !field.isValid(scalar)) throw new Error('a scalar is not canonical');
  return scalar;
}
