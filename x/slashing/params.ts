import type { Params } from '../../gen/cosmos/slashing/v1beta1/slashing.js';
import { decFromText, decFromWire, decOne, decToWire, type Dec } from '../../runtime/baseapp/dec.js';
import { sdkErrors } from '../../runtime/baseapp/errors.js';
import { msOfProtoTime, protoTimeOf } from '../../runtime/baseapp/time.js';

const wire = (text: string): Uint8Array => Buffer.from(decToWire(decFromText(text)), 'ascii');

/** 5 % of 10,000 blocks must be signed; ten minutes of jail and 0.01 % for less, 5 % for two blocks of one height. */
export const defaultParams: Params = {
  signedBlocksWindow: 10_000n,
  minSignedPerWindow: wire('0.05'),
  downtimeJailDuration: protoTimeOf(600_000n),
  slashFractionDoubleSign: wire('0.05'),
  slashFractionDowntime: wire('0.0001'),
};

/** Blocks that a window may have: its bits are read one by one nowhere, so this bounds only memory. */
const maxWindow = 1_000_000n;

/** The parameters as numbers. */
export interface Rules {
  readonly window: bigint;
  /** Blocks of the window that may be missed. */
  readonly maxMissed: bigint;
  readonly jailMs: bigint;
  readonly doubleSign: Dec;
  readonly downtime: Dec;
}

/** @throws AppError sdk/18 naming the parameter at fault */
export function rulesOf(params: Params): Rules {
  const { signedBlocksWindow: window } = params;
  const fault = (text: string): Error => sdkErrors.invalidRequest(`params.${text}`);
  if (window < 1n || window > maxWindow) throw fault(`signed_blocks_window: ${window}; expected 1 to ${maxWindow}`);
  const fraction = (bytes: Uint8Array, field: string): Dec => {
    let value: Dec;
    try {
      value = decFromWire(Buffer.from(bytes).toString('ascii'), field);
    } catch (error) {
      throw fault((error as Error).message);
    }
    if (value < 0n || value > decOne) throw fault(`${field}: ${value}; expected 0 to ${decOne}`);
    return value;
  };
  const minSigned = fraction(params.minSignedPerWindow, 'min_signed_per_window');
  const jailMs = msOfProtoTime(params.downtimeJailDuration);
  if (jailMs <= 0n) throw fault(`downtime_jail_duration: ${jailMs} ms; expected a positive time`);
  // To the nearest block, halves up.
  const leastSigned = (minSigned * window + decOne / 2n) / decOne;
  return {
    window,
    maxMissed: window - leastSigned,
    jailMs,
    doubleSign: fraction(params.slashFractionDoubleSign, 'slash_fraction_double_sign'),
    downtime: fraction(params.slashFractionDowntime, 'slash_fraction_downtime'),
  };
}
