import { moduleAddress } from '../../../runtime/crypto/address.js';
import { accountNumberOf, ownerOf, subaccountKey } from '../subaccount-key.js';
import type { MarketView, SolvencyClass, SubaccountKey } from '../types.js';

/** Owner of the accounts of all backstop vaults: a module, so nobody signs for it. */
export const vaultOwner: Uint8Array = moduleAddress('backstop');

const numbers: Readonly<Record<SolvencyClass, number>> = { A: 1, B: 2, C: 3, D: 4 };

/** In order of class. */
export const vaultNumbers: readonly number[] = [1, 2, 3, 4];

/** Account of the vault that stands behind a market's class. */
export const vaultNumberOf = (market: Pick<MarketView, 'class'>): number => numbers[market.class];

const keys = [0, ...vaultNumbers].map((number) => subaccountKey(vaultOwner, number));

/** @param number of the class: A is 1 */
export const vaultKey = (number: number): SubaccountKey => keys[number]!;

/** A vault's position is never taken over by a vault: INV-B2. */
export const isVault = (key: SubaccountKey): boolean =>
  accountNumberOf(key) !== 0 && Buffer.compare(ownerOf(key), vaultOwner) === 0;
