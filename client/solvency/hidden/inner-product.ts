import { add, decodeScalar, dot, encodeScalar, inv, mul } from './field.js';
import { combine, combineTwo, decodePoint, type Point } from './group.js';
import type { Transcript } from './transcript.js';

/** Proof that two hidden vectors have a stated inner product, in twice the logarithm of their length. Bulletproofs, section 3. */
export interface InnerProductProof {
  readonly left: readonly Point[];
  readonly right: readonly Point[];
  readonly a: bigint;
  readonly b: bigint;
}

const halves = <T>(all: readonly T[]): readonly [readonly T[], readonly T[]] => [
  all.slice(0, all.length / 2),
  all.slice(all.length / 2),
];

/**
 * @param q carries the inner product
 * @param g generators of `a`; as many as `a` and `b` are long, a power of two
 * @param h generators of `b`
 */
export function proveInnerProduct(
  transcript: Transcript,
  q: Point,
  g: readonly Point[],
  h: readonly Point[],
  a: readonly bigint[],
  b: readonly bigint[],
): InnerProductProof {
  transcript.append('dom-sep', new TextEncoder().encode('ipp v1'));
  transcript.appendNumber('n', a.length);
  const left: Point[] = [];
  const right: Point[] = [];
  while (a.length > 1) {
    const [[aL, aR], [bL, bR], [gL, gR], [hL, hR]] = [halves(a), halves(b), halves(g), halves(h)];
    const l = combine([...gR, ...hL, q], [...aL, ...bR, dot(aL, bR)]);
    const r = combine([...gL, ...hR, q], [...aR, ...bL, dot(aR, bL)]);
    const [u, uInverse] = fold(transcript, l, r);
    left.push(l);
    right.push(r);
    a = aL.map((each, index) => add(mul(each, u), mul(uInverse, aR[index]!)));
    b = bL.map((each, index) => add(mul(each, uInverse), mul(u, bR[index]!)));
    g = gL.map((each, index) => combineTwo(each, uInverse, gR[index]!, u));
    h = hL.map((each, index) => combineTwo(each, u, hR[index]!, uInverse));
  }
  return { left, right, a: a[0]!, b: b[0]! };
}

function fold(transcript: Transcript, l: Point, r: Point): readonly [bigint, bigint] {
  transcript.appendPoint('L', l);
  transcript.appendPoint('R', r);
  const u = transcript.challenge('u');
  return [u, inv(u)];
}

/** What a verifier multiplies the generators and the proof's points with, instead of folding them. */
export interface Unfolded {
  /** For the points of `left`. */
  readonly squares: readonly bigint[];
  /** For the points of `right`. */
  readonly inverseSquares: readonly bigint[];
  /** For the generators of `a`; in reverse order for those of `b`. */
  readonly factors: readonly bigint[];
}

/** @throws Error when the proof is not for vectors of that length */
export function unfold(transcript: Transcript, proof: InnerProductProof, length: number): Unfolded {
  const rounds = proof.left.length;
  if (rounds > 20 || proof.right.length !== rounds || length !== 1 << rounds)
    throw new Error(`the proof has ${rounds} rounds: wrong for vectors of ${length}`);
  transcript.append('dom-sep', new TextEncoder().encode('ipp v1'));
  transcript.appendNumber('n', length);
  const challenges = proof.left.map((l, index) => {
    const r = proof.right[index]!;
    if (l.is0() || r.is0()) throw new Error('a point of the proof is the identity');
    return fold(transcript, l, r);
  });
  const squares = challenges.map(([u]) => mul(u, u));
  const inverseSquares = challenges.map(([, uInverse]) => mul(uInverse, uInverse));
  // Element i has the challenge of each of its set bits, and the inverse of the others: each from the one without its highest bit.
  const factors = [challenges.reduce((product, [, uInverse]) => mul(product, uInverse), 1n)];
  for (let bit = 0; bit < rounds; bit++) {
    const square = squares[rounds - 1 - bit]!;
    for (let index = 0; index < 1 << bit; index++) factors.push(mul(factors[index]!, square));
  }
  return { squares, inverseSquares, factors };
}

export function encodeInnerProduct({ left, right, a, b }: InnerProductProof): Uint8Array[] {
  return [...left.flatMap((l, index) => [l.toBytes(), right[index]!.toBytes()]), encodeScalar(a), encodeScalar(b)];
}

/** @throws Error for what is no proof */
export function decodeInnerProduct(elements: readonly Uint8Array[]): InnerProductProof {
  if (elements.length < 2 || elements.length % 2 !== 0) throw new Error('the inner-product proof is too short');
  const points = elements.slice(0, -2).map(decodePoint);
  const [a, b] = elements.slice(-2).map(decodeScalar);
  return {
    left: points.filter((_, index) => index % 2 === 0),
    right: points.filter((_, index) => index % 2 === 1),
    a: a!,
    b: b!,
  };
}
