import { mulAddUnsafe, pippenger } from '@noble/curves/abstract/curve.js';
import { ristretto255, ristretto255_hasher } from '@noble/curves/ed25519.js';
import { sha3_512, shake256 } from '@noble/hashes/sha3.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { reduce } from './field.js';

/** ristretto255 (RFC 9496): a group of prime order in which nobody knows how the generators relate. */
export type Point = InstanceType<typeof ristretto255.Point>;

const { Point: Group } = ristretto255;
export const identity: Point = Group.ZERO;

/** Carries values. */
export const valueBase: Point = Group.BASE;
/** Carries blindings: the hash of the other base, whose logarithm nobody knows. */
export const blindingBase: Point = fromUniform(sha3_512(valueBase.toBytes()));
valueBase.precompute(8);
blindingBase.precompute(8);

export function fromUniform(bytes: Uint8Array): Point {
  return ristretto255_hasher.deriveToCurve!(bytes);
}

/** @throws Error for bytes that are no canonical encoding */
export const decodePoint = (bytes: Uint8Array): Point => Group.fromBytes(bytes);

const times = (point: Point, scalar: bigint): Point => (scalar === 0n ? identity : point.multiply(scalar));

/** Pedersen commitment: hides the value, binds to it, and adds up. Values may be negative. */
export const commit = (value: bigint, blinding: bigint): Point =>
  times(valueBase, reduce(value)).add(times(blindingBase, reduce(blinding)));

/** Sum of products. Public numbers only: the time it takes depends on them. */
export const combine = (points: readonly Point[], by: readonly bigint[]): Point =>
  pippenger(Group, [...points], [...by]);

/** u * p + v * q, public numbers only. */
export const combineTwo = (p: Point, u: bigint, q: Point, v: bigint): Point => mulAddUnsafe(Group, [p, q], [u, v]);

/** A chain of generators of each name, made once. */
const chains = new Map<string, Point[]>();

/**
 * Generators for the bits of one value of an aggregated proof.
 * @param party number of the value
 */
export function generators(name: 'G' | 'H', party: number, count: number): readonly Point[] {
  const index = `${name}${party}`;
  const known = chains.get(index);
  if (known !== undefined && known.length >= count) return known.slice(0, count);
  const label = new Uint8Array(5);
  label.set(utf8ToBytes(name));
  new DataView(label.buffer).setUint32(1, party, true);
  const stream = shake256.create({}).update(concatBytes(utf8ToBytes('GeneratorsChain'), label));
  const chain = Array.from({ length: count }, () => fromUniform(stream.xof(64)));
  chains.set(index, chain);
  return chain;
}
