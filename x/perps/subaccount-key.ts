import { toBech32 } from '../../runtime/crypto/address.js';
import { bytes, keyBytes, readU32, u32 } from '../../runtime/store/key.js';
import type { SubaccountId } from '../../gen/plimsoll/perps/v1/types.js';
import type { SubaccountKey } from './types.js';

/** Highest subaccount number an owner may use. */
export const maxSubaccountNumber = 127;

/** Key of an owner's numbered subaccount: 20 bytes and 4. */
export const subaccountKey = (owner: Uint8Array, number: number): SubaccountKey => bytes(owner) + u32(number);

export const ownerOf = (key: SubaccountKey): Uint8Array => keyBytes(key.slice(0, 20));

/** The key as messages and events name it. */
export function subaccountId(key: SubaccountKey): SubaccountId {
  return { owner: toBech32(ownerOf(key)), number: readU32(key, 20) };
}
