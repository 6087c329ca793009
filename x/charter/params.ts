import type { Params } from '../../gen/plimsoll/charter/v1/charter.js';
import { sdkErrors } from '../../runtime/baseapp/errors.js';
import { dayMs, msOfProtoTime, protoTimeOf } from '../../runtime/baseapp/time.js';
import { fromBech32 } from '../../runtime/crypto/address.js';

/** A decision that waits longer than a month is another decision. */
const longestTimelock = 30n * dayMs;
/** Every vote of a council is counted in one block. */
const maxMembers = 100;
/** Sums of weights stay far below 2^63. */
const maxWeight = 1n << 32n;

/** 72 hours (risk model, section 16), and nobody. */
export const defaultParams: Params = { timelock: protoTimeOf(3n * dayMs), council: [] };

/** @throws AppError sdk/18 naming the parameter at fault */
export function validateParams({ timelock, council }: Params): void {
  const ms = msOfProtoTime(timelock);
  if (timelock === undefined || ms < 0n || ms > longestTimelock)
    throw sdkErrors.invalidRequest(`params.timelock: ${ms} ms; expected 0 to 30 days`);
  if (council.length > maxMembers)
    throw sdkErrors.invalidRequest(`params.council: ${council.length} members; at most ${maxMembers}`);
  const seen = new Set<string>();
  for (const [index, { address, weight }] of council.entries()) {
    const field = `params.council[${index}]`;
    try {
      fromBech32(address);
    } catch (error) {
      throw sdkErrors.invalidRequest(`${field}.address ${JSON.stringify(address)}: ${(error as Error).message}`);
    }
    if (seen.has(address)) throw sdkErrors.invalidRequest(`${field}.address: ${address} is listed twice`);
    seen.add(address);
    if (weight === 0n || weight > maxWeight)
      throw sdkErrors.invalidRequest(`${field}.weight: ${weight}; expected 1 to ${maxWeight}`);
  }
}
