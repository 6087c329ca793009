import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { StoreError } from '../errors.js';
import { sha256 } from '../iavl/encoding.js';
import type { StoreRoot } from '../root.js';
import type { StoreKind } from '../types.js';

/**
 * Snapshot format 1. A snapshot is one byte stream, cut into chunks of equal
 * length but the last, and metadata that names every chunk's hash. Both
 * depend on nothing but the version: every node makes the same bytes.
 *
 * The stream holds, for each committed store in name order, a store record
 * and the store's nodes in post-order, then one end record:
 *
 *     leaf   0  version  key length  key  value length  value
 *     inner  1  version
 *     store  2  name length  name
 *     end    3
 *
 * Numbers are unsigned varints. Node versions and the shape of the tree are
 * part of IAVL's hashes, so they travel along; an inner node's key, height
 * and size follow from its children.
 */
export const snapshotFormat = 1;

/** Bytes of a chunk, of which only the last is shorter. CometBFT takes up to 16 MB. */
export const chunkBytes = 10_000_000;
/** Bytes that are made, written and read at a time; a chunk is a whole number of slices. */
export const sliceBytes = 250_000;
export const slicesPerChunk = 40;
/** Largest record of the stream: a reader keeps an unfinished one in memory. */
export const maxRecordBytes = 64 << 20;
/** Largest snapshot that is made or taken: state lives in memory, which ends long before. */
export const maxSnapshotBytes = 64 * 1024 * 1024 * 1024;

export const recordTag = { leaf: 0, inner: 1, store: 2, end: 3 } as const;

/**
 * What becomes of a store that a snapshot does not carry. A new kind does not
 * compile before it is decided here: either it is in the application hash and
 * carried, or it is empty between blocks, or it is rebuilt from what is carried.
 */
export const inSnapshot: Readonly<Record<StoreKind, 'carried' | 'empty between blocks'>> = {
  committed: 'carried',
  transient: 'empty between blocks',
};

/** What a snapshot says of itself. */
export interface SnapshotMetadata {
  /** Height whose state it is. */
  readonly height: bigint;
  /** Length of the stream in bytes. */
  readonly totalBytes: number;
  /** SHA-256 of each chunk. */
  readonly chunkHashes: readonly Uint8Array[];
  /** Committed stores in name order, with their roots: they hash to the application hash. */
  readonly stores: readonly StoreRoot[];
}

const maxHeight = 0x7fffffffn;

/** Chunks that a stream of so many bytes is cut into. */
export function chunkCount(totalBytes: number): number {
  return Number((BigInt(totalBytes) + BigInt(chunkBytes) - 1n) / BigInt(chunkBytes));
}

/** Length of chunk `index` of a stream, in bytes. */
export function chunkLength(totalBytes: number, index: number): number {
  return Math.min(chunkBytes, totalBytes - index * chunkBytes);
}

/**
 * Metadata as ABCI carries it: the protobuf message { repeated bytes
 * chunk_hashes = 1; uint64 height = 2; uint64 total_bytes = 3; repeated
 * { string name = 1; bytes root = 2; } stores = 4 }. The first field is that
 * of the Cosmos SDK's snapshot metadata.
 */
export function encodeMetadata(metadata: SnapshotMetadata): Uint8Array {
  const message = new BinaryWriter();
  for (const hash of metadata.chunkHashes) message.uint32(0x0a).bytes(hash);
  message.uint32(0x10).uint64(metadata.height);
  message.uint32(0x18).uint64(BigInt(metadata.totalBytes));
  for (const { name, hash } of metadata.stores) {
    message.uint32(0x22).fork().uint32(0x0a).string(name).uint32(0x12).bytes(hash).join();
  }
  return message.finish();
}

/** @throws StoreError invalid-snapshot naming the field; bytes that are not canonical are refused as well */
export function decodeMetadata(bytes: Uint8Array): SnapshotMetadata {
  const metadata = readMetadata(bytes);
  const { height, totalBytes, chunkHashes, stores } = metadata;
  const refuse = (why: string): never => {
    throw new StoreError('invalid-snapshot', `snapshot metadata: ${why}`);
  };
  if (!Buffer.from(encodeMetadata(metadata)).equals(bytes)) refuse('not in canonical form');
  if (height < 1n || height > maxHeight) refuse(`height ${height} is out of range: expected 1 to ${maxHeight}`);
  if (totalBytes < 1 || totalBytes > maxSnapshotBytes)
    refuse(`total_bytes ${totalBytes} is out of range: expected 1 to ${maxSnapshotBytes}`);
  if (chunkHashes.length !== chunkCount(totalBytes))
    refuse(`${chunkHashes.length} chunk_hashes for ${totalBytes} bytes: expected ${chunkCount(totalBytes)}`);
  if (chunkHashes.some((hash) => hash.length !== 32)) refuse('chunk_hashes: expected 32 bytes each');
  for (const [index, { name, hash }] of stores.entries()) {
    if (hash.length !== 32) refuse(`stores.${index}.root: expected 32 bytes, got ${hash.length}`);
    if (index > 0 && stores[index - 1]!.name >= name) refuse(`stores: ${name} is out of order`);
  }
  return metadata;
}

function readMetadata(bytes: Uint8Array): SnapshotMetadata {
  const chunkHashes: Uint8Array[] = [];
  const stores: StoreRoot[] = [];
  let height = 0n;
  let totalBytes = 0n;
  try {
    const reader = new BinaryReader(bytes);
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (tag === 0x0a) chunkHashes.push(Uint8Array.prototype.slice.call(reader.bytes()));
      else if (tag === 0x10) height = BigInt(reader.uint64());
      else if (tag === 0x18) totalBytes = BigInt(reader.uint64());
      else if (tag === 0x22) stores.push(readStore(reader.bytes()));
      else throw new RangeError(`unknown field tag ${tag}`);
    }
  } catch (cause) {
    throw new StoreError('invalid-snapshot', `snapshot metadata: ${(cause as Error).message}`, { cause });
  }
  return { height, totalBytes: Number(totalBytes), chunkHashes, stores };
}

function readStore(bytes: Uint8Array): StoreRoot {
  const reader = new BinaryReader(bytes);
  let name = '';
  let hash = new Uint8Array(0);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === 0x0a) name = reader.string();
    else if (tag === 0x12) hash = Uint8Array.prototype.slice.call(reader.bytes());
    else throw new RangeError(`unknown field tag ${tag}`);
  }
  return { name, hash };
}

/** Names a snapshot: SHA-256 of its metadata. */
export const snapshotHash = (metadata: Uint8Array): Uint8Array => sha256(metadata);
