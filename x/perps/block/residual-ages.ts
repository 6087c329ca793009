import { unsigned64 } from '../../../runtime/store/codecs.js';
import { Collection, type Stores } from '../../../runtime/store/collection.js';
import type { KVStore } from '../../../runtime/store/types.js';
import { storeName } from '../keys.js';
import type { SubaccountKey } from '../types.js';

/** 48 subaccount → blocks in a row that ended with it under maintenance margin although its close was tried. */
const ages = new Collection<SubaccountKey, bigint>(
  storeName,
  0x48,
  { encode: (key) => key, decode: (key) => key },
  unsigned64,
);

/** How long the closes of failing accounts have not been enough. Knows no rule. */
export const residualAges = {
  /** Blocks, 0 for an account that fails for the first time. */
  of: (from: Stores, key: SubaccountKey): bigint => ages.get(from, key) ?? 0n,
  set: (to: Stores<KVStore>, key: SubaccountKey, blocks: bigint): void => ages.set(to, key, blocks),
  delete: (to: Stores<KVStore>, key: SubaccountKey): void => ages.delete(to, key),
  /** In key order. */
  all: (from: Stores): Iterable<readonly [SubaccountKey, bigint]> => ages.entries(from),
};
