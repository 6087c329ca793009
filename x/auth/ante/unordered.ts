import { SignMode } from '../../../gen/cosmos/tx/signing/v1beta1/signing.js';
import type { Timestamp } from '../../../gen/google/protobuf/timestamp.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { ErrorRegistry, sdkErrors } from '../../../runtime/baseapp/errors.js';
import { marker } from '../../../runtime/store/codecs.js';
import { Collection } from '../../../runtime/store/collection.js';
import { bytes, keyBytes, readU64, u64 } from '../../../runtime/store/key.js';
import { storeName, type AuthKeeper } from '../keeper.js';
import type { AnteScope } from './index.js';
import type { Signer } from './signers.js';

/**
 * Transactions that use no sequence, as the Cosmos SDK has them from 0.53:
 * `unordered` with a `timeout_timestamp`, signed with sequence zero. A signer
 * may use each timeout once; until then the pair is remembered, afterwards
 * the transaction is refused for its age. So nothing runs twice, and many
 * messages of one account need not wait for each other.
 */

const registry = new ErrorRegistry('auth');
const errors = {
  timeoutTooFar: registry.register(2, 'timeout of an unordered transaction is too far ahead'),
  timeoutUsed: registry.register(3, 'timeout was used by another unordered transaction of the signer'),
};

/** Gas for remembering a transaction until its timeout, as in the SDK. */
const nonceGas = 2_240n;
/** Farthest timeout ahead of the block's time. */
export const defaultUnorderedTtlMs = 600_000n;
/** Passed timeouts forgotten in one block: more than one can hold transactions. */
const maxForgotten = 100_000;
const nanosPerMs = 1_000_000n;
const nanosPerSecond = 1_000_000_000n;

interface Nonce {
  /** Timeout, nanoseconds since 1970. */
  readonly timeout: bigint;
  readonly signer: Uint8Array;
}

/** 04 timeout address → there: timeouts that signers used, soonest first. */
const nonces = new Collection<Nonce, true>(
  storeName,
  4,
  {
    encode: ({ timeout, signer }) => u64(timeout) + bytes(signer),
    decode: (key) => ({ timeout: readU64(key, 0), signer: keyBytes(key.slice(8)) }),
  },
  marker,
);

const nanosOf = ({ seconds, nanos }: Timestamp): bigint => seconds * nanosPerSecond + BigInt(nanos);

/**
 * Refuses what is past its time, and unordered transactions whose time is
 * missing or too far ahead. Amino JSON does not sign for either field.
 * @throws sdk/18, sdk/37, sdk/42, auth/2
 */
export function checkTimeoutTimestamp({ ctx, tx }: Pick<AnteScope, 'ctx' | 'tx'>, ttlMs: bigint): void {
  const { unordered, timeoutTimestamp } = tx.body;
  if (timeoutTimestamp === undefined) {
    if (unordered) throw sdkErrors.invalidRequest('body.timeout_timestamp: an unordered transaction needs one');
    return;
  }
  const timeout = nanosOf(timeoutTimestamp);
  const now = ctx.block.timeMs * nanosPerMs;
  if (timeout < now) throw sdkErrors.txTimeout(`body.timeout_timestamp: ${timeout} ns; the block's time is ${now} ns`);
  if (tx.authInfo.signerInfos.some(({ modeInfo }) => modeInfo?.single?.mode === SignMode.SIGN_MODE_LEGACY_AMINO_JSON))
    throw sdkErrors.notSupported('body.timeout_timestamp: amino JSON does not sign for it; expected SIGN_MODE_DIRECT');
  if (!unordered) return;
  const latest = now + ttlMs * nanosPerMs;
  if (timeout > latest)
    throw errors.timeoutTooFar(`body.timeout_timestamp: ${timeout} ns; expected at most ${latest} ns now`);
}

/** Signers as an unordered transaction signs for them: with sequence zero. */
export const withoutSequence = (signers: readonly Signer[]): Signer[] =>
  signers.map(({ account, pubKey }) => ({ account: { ...account, sequence: 0n }, pubKey }));

/** Uses up the timeout for each signer, and keeps a key seen for the first time. Sequences stay. @throws auth/3 */
export function useTimeout({ ctx, tx }: AnteScope, signers: readonly Signer[], auth: AuthKeeper): void {
  const timeout = nanosOf(tx.body.timeoutTimestamp!);
  for (const { account, pubKey } of signers) {
    ctx.gas.consume(nonceGas, 'unordered transaction');
    const nonce = { timeout, signer: account.address };
    if (nonces.has(ctx, nonce))
      throw errors.timeoutUsed(`body.timeout_timestamp: ${timeout} ns is used; a nanosecond more or less is accepted`);
    nonces.set(ctx, nonce, true);
    if (account.pubKey === undefined) auth.set(ctx, { ...account, pubKey });
  }
}

/** Forgets timeouts that have passed, soonest first: their transactions are refused for their age. O(passed). */
export function forgetPassedTimeouts(ctx: Context): void {
  const now = ctx.block.timeMs * nanosPerMs;
  let left = maxForgotten;
  for (const [nonce] of nonces.entries(ctx)) {
    if (nonce.timeout >= now || left-- === 0) return;
    nonces.delete(ctx, nonce);
  }
}
