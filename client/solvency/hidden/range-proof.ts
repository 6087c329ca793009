import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import {
  add,
  decodeScalar,
  dot,
  encodeScalar,
  inv,
  mul,
  neg,
  powers,
  randomScalar,
  reduce,
  sub,
  sum,
} from './field.js';
import { blindingBase, combine, commit, decodePoint, generators, valueBase, type Point } from './group.js';
import {
  decodeInnerProduct,
  encodeInnerProduct,
  proveInnerProduct,
  unfold,
  type InnerProductProof,
} from './inner-product.js';
import { Transcript } from './transcript.js';

/** Bulletproofs (Bünz et al. 2018, section 4.2): hidden values lie between 0 and 2^bits. */
interface RangeProof {
  readonly a: Point;
  readonly s: Point;
  readonly t1: Point;
  readonly t2: Point;
  readonly tx: bigint;
  readonly txBlinding: bigint;
  readonly eBlinding: bigint;
  readonly product: InnerProductProof;
}

/** A committed value with what opens it. */
export interface Opening {
  readonly value: bigint;
  readonly blinding: bigint;
}

const bitSizes: readonly number[] = [8, 16, 32, 64];

function gensOf(name: 'G' | 'H', bits: number, values: number): Point[] {
  return Array.from({ length: values }, (_, party) => generators(name, party, bits)).flat();
}

function requireSizes(bits: number, values: number): void {
  if (!bitSizes.includes(bits)) throw new Error(`${bits} bits: expected 8, 16, 32 or 64`);
  if (values < 1 || values > 1024 || (values & (values - 1)) !== 0)
    throw new Error(`${values} values: expected a power of two up to 1024`);
}

function begin(transcript: Transcript, bits: number, commitments: readonly Point[]): void {
  transcript.append('dom-sep', utf8ToBytes('rangeproof v1'));
  transcript.appendNumber('n', bits);
  transcript.appendNumber('m', commitments.length);
  for (const commitment of commitments) transcript.appendPoint('V', commitment);
}

/**
 * Proves that each of these commitments hides a value of at least 0 and below
 * 2^bits. The number of values must be a power of two.
 * @throws Error for a value out of range
 */
export function proveRange(label: string, openings: readonly Opening[], bits = 64): Uint8Array {
  requireSizes(bits, openings.length);
  for (const { value } of openings)
    if (value < 0n || value >> BigInt(bits) !== 0n) throw new Error(`${value} does not fit into ${bits} bits`);
  const size = bits * openings.length;
  const g = gensOf('G', bits, openings.length);
  const h = gensOf('H', bits, openings.length);
  const transcript = new Transcript(label);
  begin(
    transcript,
    bits,
    openings.map(({ value, blinding }) => commit(value, blinding)),
  );

  const bitsOf = openings.flatMap(({ value }) =>
    Array.from({ length: bits }, (_, index) => (value >> BigInt(index)) & 1n),
  );
  const aBlinding = randomScalar();
  const a = combine([blindingBase, ...g, ...h], [aBlinding, ...bitsOf, ...bitsOf.map((bit) => reduce(bit - 1n))]);
  const sBlinding = randomScalar();
  const sL = Array.from({ length: size }, randomScalar);
  const sR = Array.from({ length: size }, randomScalar);
  const s = combine([blindingBase, ...g, ...h], [sBlinding, ...sL, ...sR]);
  transcript.appendPoint('A', a);
  transcript.appendPoint('S', s);
  const y = transcript.challenge('y');
  const z = transcript.challenge('z');

  const ys = powers(y, size);
  const bitWeights = weights(z, bits, openings.length);
  // l(x) = l0 + l1 x, r(x) = r0 + r1 x; their inner product is a polynomial whose constant term says that all bits are bits.
  const l0 = bitsOf.map((bit) => sub(bit, z));
  const r0 = bitsOf.map((bit, index) => add(mul(ys[index]!, add(reduce(bit - 1n), z)), bitWeights[index]!));
  const r1 = sR.map((each, index) => mul(ys[index]!, each));
  const t1 = add(dot(l0, r1), dot(sL, r0));
  const t2 = dot(sL, r1);
  const t1Blinding = randomScalar();
  const t2Blinding = randomScalar();
  const t1Point = commit(t1, t1Blinding);
  const t2Point = commit(t2, t2Blinding);
  transcript.appendPoint('T_1', t1Point);
  transcript.appendPoint('T_2', t2Point);
  const x = transcript.challenge('x');

  const l = l0.map((each, index) => add(each, mul(sL[index]!, x)));
  const r = r0.map((each, index) => add(each, mul(r1[index]!, x)));
  const tx = dot(l, r);
  const zs = powers(z, openings.length);
  const valueBlinding = sum(openings.map(({ blinding }, index) => mul(mul(mul(z, z), zs[index]!), reduce(blinding))));
  const txBlinding = add(valueBlinding, add(mul(t1Blinding, x), mul(t2Blinding, mul(x, x))));
  const eBlinding = add(aBlinding, mul(sBlinding, x));
  const q = valueBase.multiply(weightOfProduct(transcript, tx, txBlinding, eBlinding));
  const yInverses = powers(inv(y), size);
  const hScaled = h.map((each, index) => each.multiplyUnsafe(yInverses[index]!));
  const product = proveInnerProduct(transcript, q, g, hScaled, l, r);
  return encode({ a, s, t1: t1Point, t2: t2Point, tx, txBlinding, eBlinding, product });
}

/** z^(2+j) * 2^i for bit i of value j. */
function weights(z: bigint, bits: number, values: number): bigint[] {
  const twos = powers(2n, bits);
  return powers(z, values).flatMap((power) => twos.map((two) => mul(mul(mul(z, z), power), two)));
}

function weightOfProduct(transcript: Transcript, tx: bigint, txBlinding: bigint, eBlinding: bigint): bigint {
  transcript.append('t_x', encodeScalar(tx));
  transcript.append('t_x_blinding', encodeScalar(txBlinding));
  transcript.append('e_blinding', encodeScalar(eBlinding));
  return transcript.challenge('w');
}

/**
 * Do all commitments hide values of at least 0 and below 2^bits? One
 * multiplication of 2 * bits * values points.
 * @throws Error saying why not
 */
export function verifyRange(label: string, commitments: readonly Point[], bytes: Uint8Array, bits = 64): void {
  requireSizes(bits, commitments.length);
  const proof = decode(bytes);
  const { a, s, t1, t2, tx, txBlinding, eBlinding, product } = proof;
  if ([a, s, t1, t2].some((point) => point.is0())) throw new Error('a point of the proof is the identity');
  const values = commitments.length;
  const size = bits * values;
  const transcript = new Transcript(label);
  begin(transcript, bits, commitments);
  transcript.appendPoint('A', a);
  transcript.appendPoint('S', s);
  const y = transcript.challenge('y');
  const z = transcript.challenge('z');
  transcript.appendPoint('T_1', t1);
  transcript.appendPoint('T_2', t2);
  const x = transcript.challenge('x');
  const w = weightOfProduct(transcript, tx, txBlinding, eBlinding);
  const { squares, inverseSquares, factors } = unfold(transcript, product, size);

  // Two equations, one for the polynomial and one for the vectors: a random weight lets both be checked at once.
  const c = randomScalar();
  const yInverses = powers(inv(y), size);
  const bitWeights = weights(z, bits, values);
  const zz = mul(z, z);
  const zs = powers(z, values);
  const delta = sub(mul(sub(z, zz), sum(powers(y, size))), mul(mul(mul(zz, z), sum(powers(2n, bits))), sum(zs)));
  const gFactors = factors.map((factor) => sub(neg(z), mul(product.a, factor)));
  const hFactors = [...factors]
    .reverse()
    .map((factor, index) => add(z, mul(yInverses[index]!, sub(bitWeights[index]!, mul(product.b, factor)))));
  const check = combine(
    [
      a,
      s,
      t1,
      t2,
      ...product.left,
      ...product.right,
      blindingBase,
      valueBase,
      ...gensOf('G', bits, values),
      ...gensOf('H', bits, values),
      ...commitments,
    ],
    [
      1n,
      x,
      mul(c, x),
      mul(c, mul(x, x)),
      ...squares,
      ...inverseSquares,
      sub(neg(eBlinding), mul(c, txBlinding)),
      add(mul(w, sub(tx, mul(product.a, product.b))), mul(c, sub(delta, tx))),
      ...gFactors,
      ...hFactors,
      ...zs.map((power) => mul(mul(c, zz), power)),
    ],
  );
  if (!check.is0()) throw new Error('the range proof does not hold');
}

/** A, S, T_1, T_2, t_x, its blinding, e, then the inner-product proof: 32 bytes each. */
function encode({ a, s, t1, t2, tx, txBlinding, eBlinding, product }: RangeProof): Uint8Array {
  return concatBytes(
    ...[a, s, t1, t2].map((point) => point.toBytes()),
    ...[tx, txBlinding, eBlinding].map(encodeScalar),
    ...encodeInnerProduct(product),
  );
}

function decode(bytes: Uint8Array): RangeProof {
  if (bytes.length % 32 !== 0 || bytes.length < 9 * 32) throw new Error('the range proof has a wrong length');
  const elements = Array.from({ length: bytes.length / 32 }, (_, index) => bytes.subarray(index * 32, index * 32 + 32));
  const [a, s, t1, t2] = elements.slice(0, 4).map(decodePoint);
  const [tx, txBlinding, eBlinding] = elements.slice(4, 7).map(decodeScalar);
  return {
    a: a!,
    s: s!,
    t1: t1!,
    t2: t2!,
    tx: tx!,
    txBlinding: txBlinding!,
    eBlinding: eBlinding!,
    product: decodeInnerProduct(elements.slice(7)),
  };
}
