import type { Timestamp } from 'cosmjs-types/google/protobuf/timestamp';
import type { Commit } from 'cosmjs-types/tendermint/types/types';
import { BlockIDFlag } from 'cosmjs-types/tendermint/types/validator';

/** @param timeMs milliseconds since 1970 */
export function timestampOf(timeMs: bigint): Timestamp {
  return { seconds: timeMs / 1_000n, nanos: Number(timeMs % 1_000n) * 1_000_000 };
}

/** Milliseconds since 1970, rounded down. */
export function msOf(time: Timestamp): bigint {
  return time.seconds * 1_000n + BigInt(Math.trunc(time.nanos / 1_000_000));
}

/** Milliseconds of an RFC 3339 UTC time. */
export function parseTime(text: string): bigint {
  return BigInt(Date.parse(text));
}

/** BFT time: the median of a commit's times, here the one of the only validator that signs. */
export function commitMs({ signatures }: Commit): bigint {
  const own = signatures.find(({ blockIdFlag }) => blockIdFlag === BlockIDFlag.BLOCK_ID_FLAG_COMMIT);
  return msOf(own!.timestamp);
}
