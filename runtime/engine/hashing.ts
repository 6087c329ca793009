import { BinaryWriter } from '@bufbuild/protobuf/wire';
import type { ExecTxResult } from 'cosmjs-types/tendermint/abci/types';
import { Timestamp } from 'cosmjs-types/google/protobuf/timestamp';
import { SimpleValidator } from 'cosmjs-types/tendermint/types/validator';
import { BlockID, CommitSig, type Commit, type Header, type PartSetHeader } from 'cosmjs-types/tendermint/types/types';
import { Consensus } from 'cosmjs-types/tendermint/version/types';
import { sha256 } from '../crypto/hash.js';
import { txHash } from '../crypto/tx-hash.js';

/** Hashes and sign bytes of CometBFT v0.38, so that light clients accept blocks of the embedded engine. */

const empty = new Uint8Array(0);

/** RFC 6962 Merkle root over byte strings. */
export function merkleRoot(items: readonly Uint8Array[]): Uint8Array {
  if (items.length === 0) return sha256(empty);
  if (items.length === 1) return sha256(Buffer.concat([Buffer.of(0), items[0]!]));
  let split = 1;
  while (split * 2 < items.length) split *= 2;
  return sha256(Buffer.concat([Buffer.of(1), merkleRoot(items.slice(0, split)), merkleRoot(items.slice(split))]));
}

/** A value wrapped as field 1 of a message; nothing when empty. */
const wrapBytes = (value: Uint8Array): Uint8Array =>
  value.length === 0 ? empty : new BinaryWriter().uint32(0x0a).bytes(value).finish();

export function headerHash(header: Header): Uint8Array {
  return merkleRoot([
    Consensus.encode(header.version).finish(),
    wrapBytes(Buffer.from(header.chainId, 'utf8')),
    header.height === 0n ? empty : new BinaryWriter().uint32(0x08).int64(header.height).finish(),
    Timestamp.encode(header.time).finish(),
    BlockID.encode(header.lastBlockId).finish(),
    wrapBytes(header.lastCommitHash),
    wrapBytes(header.dataHash),
    wrapBytes(header.validatorsHash),
    wrapBytes(header.nextValidatorsHash),
    wrapBytes(header.consensusHash),
    wrapBytes(header.appHash),
    wrapBytes(header.lastResultsHash),
    wrapBytes(header.evidenceHash),
    wrapBytes(header.proposerAddress),
  ]);
}

export const commitHash = (commit: Commit): Uint8Array =>
  merkleRoot(commit.signatures.map((signature) => CommitSig.encode(signature).finish()));

export const dataHash = (txs: readonly Uint8Array[]): Uint8Array => merkleRoot(txs.map((tx) => txHash(tx).bytes));

/** Only these four fields of a result are part of consensus. */
export function resultsHash(results: readonly ExecTxResult[]): Uint8Array {
  return merkleRoot(
    results.map(({ code, data, gasWanted, gasUsed }) => {
      const writer = new BinaryWriter();
      if (code !== 0) writer.uint32(0x08).uint32(code);
      if (data.length > 0) writer.uint32(0x12).bytes(data);
      if (gasWanted !== 0n) writer.uint32(0x28).int64(gasWanted);
      if (gasUsed !== 0n) writer.uint32(0x30).int64(gasUsed);
      return writer.finish();
    }),
  );
}

export function validatorsHash(
  validators: readonly { readonly publicKey: Uint8Array; readonly power: bigint }[],
): Uint8Array {
  return merkleRoot(
    validators.map(({ publicKey, power }) =>
      SimpleValidator.encode({ pubKey: { ed25519: publicKey, secp256k1: undefined }, votingPower: power }).finish(),
    ),
  );
}

export function consensusHash(maxBytes: bigint, maxGas: bigint): Uint8Array {
  const writer = new BinaryWriter();
  if (maxBytes !== 0n) writer.uint32(0x08).int64(maxBytes);
  if (maxGas !== 0n) writer.uint32(0x10).int64(maxGas);
  return sha256(writer.finish());
}

const partBytes = 65_536;

/** A block travels in parts of 64 KiB; their Merkle root is part of its id. */
export function partSetHeader(block: Uint8Array): PartSetHeader {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < block.length; at += partBytes) parts.push(block.subarray(at, at + partBytes));
  return { total: parts.length, hash: merkleRoot(parts) };
}

const precommit = 2;

/** What a validator signs when it precommits a block: CanonicalVote, length-delimited. */
export function precommitSignBytes(
  blockId: BlockID,
  height: bigint,
  round: number,
  timestamp: Timestamp,
  chainId: string,
): Uint8Array {
  const parts = new BinaryWriter();
  if (blockId.partSetHeader.total !== 0) parts.uint32(0x08).uint32(blockId.partSetHeader.total);
  if (blockId.partSetHeader.hash.length > 0) parts.uint32(0x12).bytes(blockId.partSetHeader.hash);
  const id = new BinaryWriter().uint32(0x0a).bytes(blockId.hash).uint32(0x12).bytes(parts.finish());
  const vote = new BinaryWriter().uint32(0x08).int32(precommit);
  if (height !== 0n) vote.uint32(0x11).sfixed64(height);
  if (round !== 0) vote.uint32(0x19).sfixed64(BigInt(round));
  vote.uint32(0x22).bytes(id.finish());
  vote.uint32(0x2a).bytes(Timestamp.encode(timestamp).finish());
  vote.uint32(0x32).string(chainId);
  return new BinaryWriter().bytes(vote.finish()).finish();
}
