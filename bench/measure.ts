import { randomBytes } from 'node:crypto';
import secp256k1 from 'secp256k1';

/** One measured claim. `ratio` is value divided by baseline, both from the same run. */
export interface Measurement {
  readonly value: number;
  readonly unit: string;
  readonly baseline: number;
  readonly ratio: number;
}

/** Names to measurements, as bench/results.json holds them. */
export type Measurements = Readonly<Record<string, Measurement>>;

/** True for a short run that shows that the benchmarks work, with less exact figures. */
export const quick = process.env['PLIMSOLL_BENCH_QUICK'] === '1';

export const measurement = (value: number, unit: string, baseline: number): Measurement => ({
  value: significant(value),
  unit,
  baseline: significant(baseline),
  ratio: significant(value / baseline),
});

/** Four significant digits: more would pretend. */
const significant = (value: number): number => Number(value.toPrecision(4));

/** Milliseconds that synchronous work takes. */
export function timed(work: () => void): number {
  const started = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - started) / 1e6;
}

/** Milliseconds that work takes. */
export async function timedAsync(work: () => Promise<void>): Promise<number> {
  const started = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - started) / 1e6;
}

/** The best of several runs: what disturbs a run only makes it slower. */
export function best(runs: number, work: () => void): number {
  let least = Infinity;
  for (let run = 0; run < runs; run++) {
    collectGarbage();
    least = Math.min(least, timed(work));
  }
  return least;
}

/** Keeps one measurement's garbage out of the next; needs `node --expose-gc`. */
export const collectGarbage = (): void => (globalThis as { gc?: () => void }).gc?.();

/** Native secp256k1 verifications per second on one core: what the hardware allows a chain of signed transactions. */
export function verificationsPerSecond(): number {
  const count = quick ? 2_000 : 10_000;
  const key = Buffer.alloc(32, 7);
  const publicKey = secp256k1.publicKeyCreate(key);
  const signed = Array.from({ length: 64 }, () => {
    const digest = randomBytes(32);
    return { digest, signature: secp256k1.ecdsaSign(digest, key).signature };
  });
  const verify = (): void => {
    for (let i = 0; i < count; i++) {
      const { digest, signature } = signed[i & 63]!;
      if (!secp256k1.ecdsaVerify(signature, digest, publicKey)) throw new Error('a good signature was refused');
    }
  };
  verify();
  return (count * 1_000) / best(3, verify);
}
