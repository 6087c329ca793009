import { CommitmentProof, HashOp, InnerOp, LengthOp } from 'cosmjs-types/cosmos/ics23/v1/proofs';
import { putUvarint, sha256 } from './iavl/encoding.js';

/**
 * The application hash: an RFC 6962 Merkle root over all committed stores in
 * name order, as the Cosmos SDK's multistore computes it.
 */

export interface StoreRoot {
  readonly name: string;
  readonly hash: Uint8Array;
}

function leafBytes({ name, hash }: StoreRoot): Buffer {
  const text = Buffer.from(name, 'ascii');
  const buffer = Buffer.alloc(text.length + 48);
  let at = putUvarint(buffer, 0, text.length);
  at += text.copy(buffer, at);
  at = putUvarint(buffer, at, 32);
  at += sha256(hash).copy(buffer, at);
  return buffer.subarray(0, at);
}

const leafHash = (store: StoreRoot): Buffer => sha256(Buffer.concat([Buffer.of(0), leafBytes(store)]));
const innerHash = (left: Uint8Array, right: Uint8Array): Buffer => sha256(Buffer.concat([Buffer.of(1), left, right]));

/** Largest power of two below n (n > 1). */
function splitPoint(n: number): number {
  let split = 1;
  while (split * 2 < n) split *= 2;
  return split;
}

/** Root over stores sorted by name. */
export function multistoreRoot(stores: readonly StoreRoot[]): Uint8Array {
  if (stores.length === 0) return sha256(new Uint8Array(0));
  if (stores.length === 1) return leafHash(stores[0]!);
  const split = splitPoint(stores.length);
  return innerHash(multistoreRoot(stores.slice(0, split)), multistoreRoot(stores.slice(split)));
}

function path(stores: readonly StoreRoot[], index: number): InnerOp[] {
  if (stores.length === 1) return [];
  const split = splitPoint(stores.length);
  const left = stores.slice(0, split);
  const right = stores.slice(split);
  return index < split
    ? [
        ...path(left, index),
        InnerOp.fromPartial({ hash: HashOp.SHA256, prefix: Buffer.of(1), suffix: multistoreRoot(right) }),
      ]
    : [
        ...path(right, index - split),
        InnerOp.fromPartial({
          hash: HashOp.SHA256,
          prefix: Buffer.concat([Buffer.of(1), multistoreRoot(left)]),
          suffix: new Uint8Array(0),
        }),
      ];
}

/** ICS-23 proof, for the Tendermint specification, that a store's root is part of the application hash. */
export function proveStore(stores: readonly StoreRoot[], name: string): CommitmentProof {
  const index = stores.findIndex((store) => store.name === name);
  return CommitmentProof.fromPartial({
    exist: {
      key: Buffer.from(name, 'ascii'),
      value: stores[index]!.hash,
      leaf: {
        hash: HashOp.SHA256,
        prehashKey: HashOp.NO_HASH,
        prehashValue: HashOp.SHA256,
        length: LengthOp.VAR_PROTO,
        prefix: Buffer.of(0),
      },
      path: path(stores, index),
    },
  });
}
