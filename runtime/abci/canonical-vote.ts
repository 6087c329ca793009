import { BinaryWriter } from '@bufbuild/protobuf/wire';

/**
 * Sign bytes of vote extensions: the length-delimited protobuf message
 * tendermint.types.CanonicalVoteExtension { bytes extension = 1; sfixed64
 * height = 2; sfixed64 round = 3; string chain_id = 4 }, zero fields left out.
 */
export function canonicalVoteExtension(
  extension: Uint8Array,
  height: bigint,
  round: number,
  chainId: string,
): Uint8Array {
  const message = new BinaryWriter();
  if (extension.length > 0) message.uint32(0x0a).bytes(extension);
  if (height !== 0n) message.uint32(0x11).sfixed64(height);
  if (round !== 0) message.uint32(0x19).sfixed64(BigInt(round));
  if (chainId !== '') message.uint32(0x22).string(chainId);
  return new BinaryWriter().bytes(message.finish()).finish();
}
