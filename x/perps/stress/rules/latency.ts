/** Buckets double: 0, 1, 2, 3 to 4, 5 to 8, ..., 513 to 1,024 blocks, and longer. */
export const latencyBuckets = 13;
/** Breaches that end count for so many days. */
export const latencyDays = 7n;

/** The bucket of a number of blocks. */
export function bucketOf(blocks: bigint): number {
  if (blocks <= 1n) return Number(blocks);
  let bucket = 2;
  for (let bound = 2n; blocks > bound && bucket < latencyBuckets - 1; bound *= 2n) bucket++;
  return bucket;
}

/** The most blocks of a bucket; of the last one the least. */
export function boundOf(bucket: number): bigint {
  if (bucket <= 1) return BigInt(bucket);
  if (bucket === latencyBuckets - 1) return (1n << BigInt(bucket - 2)) + 1n;
  return 1n << BigInt(bucket - 1);
}

/** Blocks that at most one breach in a hundred exceeds, as the bound of a bucket; zero without breaches. */
export function percentile99(counts: readonly bigint[]): bigint {
  const total = counts.reduce((sum, count) => sum + count, 0n);
  let seen = 0n;
  for (const [bucket, count] of counts.entries()) {
    seen += count;
    if (total > 0n && seen * 100n >= total * 99n) return boundOf(bucket);
  }
  return 0n;
}
