import { ValidatorSigningInfo } from '../../gen/cosmos/slashing/v1beta1/slashing.js';
import { msOfProtoTime, protoTimeOf } from '../../runtime/baseapp/time.js';
import { consensusPrefix, fromBech32, toBech32 } from '../../runtime/crypto/address.js';
import type { ValueCodec } from '../../runtime/store/types.js';

/** How well one validator signs. */
export interface SigningInfo {
  /** Consensus address. */
  readonly address: Uint8Array;
  readonly startHeight: bigint;
  /** Blocks counted since the window was last emptied. */
  readonly indexOffset: bigint;
  readonly jailedUntilMs: bigint;
  /** It signed two blocks of one height, and stays out for ever. */
  readonly tombstoned: boolean;
  /** Missed blocks of the window. */
  readonly missed: bigint;
}

export const infoToProto = (info: SigningInfo): ValidatorSigningInfo => ({
  address: toBech32(info.address, consensusPrefix),
  startHeight: info.startHeight,
  indexOffset: info.indexOffset,
  jailedUntil: protoTimeOf(info.jailedUntilMs),
  tombstoned: info.tombstoned,
  missedBlocksCounter: info.missed,
});

/** @throws Error naming the field at fault */
export function infoFromProto(proto: ValidatorSigningInfo): SigningInfo {
  for (const [field, value] of [
    ['start_height', proto.startHeight],
    ['index_offset', proto.indexOffset],
    ['missed_blocks_counter', proto.missedBlocksCounter],
  ] as const) {
    if (value < 0n) throw new Error(`${field}: ${value} is negative`);
  }
  return {
    address: fromBech32(proto.address, consensusPrefix),
    startHeight: proto.startHeight,
    indexOffset: proto.indexOffset,
    jailedUntilMs: msOfProtoTime(proto.jailedUntil),
    tombstoned: proto.tombstoned,
    missed: proto.missedBlocksCounter,
  };
}

export const infoCodec: ValueCodec<SigningInfo> = {
  encode: (info) => ValidatorSigningInfo.encode(infoToProto(info)).finish(),
  decode: (bytes) => infoFromProto(ValidatorSigningInfo.decode(bytes)),
};
