import { toBech32 } from '../../runtime/crypto/address.js';
import { Memo } from '../../runtime/memo.js';
import { bytes, keyBytes, readU32, u32 } from '../../runtime/store/key.js';
import type { SubaccountId } from '../../gen/plimsoll/perps/v1/types.js';
import type { SubaccountKey } from './types.js';

/** Highest subaccount number an owner may use. */
export const maxSubaccountNumber = 127;

/** Key of an owner's numbered subaccount: 20 bytes and 4. */
export const subaccountKey = (owner: Uint8Array, number: number): SubaccountKey => bytes(owner) + u32(number);

export const ownerOf = (key: SubaccountKey): Uint8Array => keyBytes(key.slice(0, 20));
export const accountNumberOf = (key: SubaccountKey): number => readU32(key, 20);

const ids = new Memo<SubaccountKey, SubaccountId>(1 << 16);

/** The key as messages and events name it; the same object for many events, not to be changed. */
export function subaccountId(key: SubaccountKey): SubaccountId {
  let id = ids.get(key);
  if (id === undefined) {
    id = { owner: toBech32(ownerOf(key)), number: accountNumberOf(key) };
    ids.set(key, id);
  }
  return id;
}
