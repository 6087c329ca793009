import { AuthInfo, TxBody, TxRaw } from '../../gen/cosmos/tx/v1beta1/tx.js';
import { sdkErrors } from '../baseapp/errors.js';
import { txHash } from '../crypto/tx-hash.js';
import type { ProtoRegistry } from './types.js';

/** One message of a transaction, still encoded. */
export interface TxMessage {
  /** Full name, without the leading slash of the type URL. */
  readonly typeName: string;
  readonly bytes: Uint8Array;
}

/** A transaction whose encoding is canonical. Nothing about its meaning is checked yet. */
export interface DecodedTx {
  readonly size: number;
  /** SHA-256 of the bytes as they arrived. */
  readonly hash: Uint8Array;
  readonly bodyBytes: Uint8Array;
  readonly authInfoBytes: Uint8Array;
  readonly signatures: readonly Uint8Array[];
  readonly body: TxBody;
  readonly authInfo: AuthInfo;
  readonly messages: readonly TxMessage[];
}

/**
 * Decodes a transaction; stricter than the Cosmos SDK in that unknown fields
 * are refused everywhere, also those marked non-critical.
 * @throws AppError sdk/2 naming message and field
 */
export function decodeTx(registry: ProtoRegistry, bytes: Uint8Array): DecodedTx {
  registry.assertCanonical('cosmos.tx.v1beta1.TxRaw', bytes);
  const raw = TxRaw.decode(bytes);
  registry.assertCanonical('cosmos.tx.v1beta1.TxBody', raw.bodyBytes);
  registry.assertCanonical('cosmos.tx.v1beta1.AuthInfo', raw.authInfoBytes);
  const body = TxBody.decode(raw.bodyBytes);
  const authInfo = AuthInfo.decode(raw.authInfoBytes);
  if (body.messages.length === 0) throw sdkErrors.invalidRequest('messages: a transaction needs at least one message');
  return {
    size: bytes.length,
    hash: txHash(bytes).bytes,
    bodyBytes: raw.bodyBytes,
    authInfoBytes: raw.authInfoBytes,
    signatures: raw.signatures,
    body,
    authInfo,
    messages: body.messages.map(({ typeUrl, value }) => ({ typeName: typeUrl.slice(1), bytes: value })),
  };
}
