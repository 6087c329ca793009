import { ripemd160 as ripemd } from '@noble/hashes/legacy.js';

export { sha256 } from '../store/iavl/encoding.js';

/** RIPEMD-160; part of account addresses. */
export const ripemd160 = (data: Uint8Array): Uint8Array => ripemd(data);
