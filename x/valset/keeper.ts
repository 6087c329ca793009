import { Validator } from '../../gen/plimsoll/valset/v1/valset.js';
import type { Context } from '../../runtime/baseapp/context.js';
import type { ValidatorUpdate } from '../../runtime/baseapp/module.js';
import { consensusAddress } from '../../runtime/crypto/address.js';
import { Collection, protoCodec, type Stores } from '../../runtime/store/collection.js';
import { bytes as bytesKey, keyBytes } from '../../runtime/store/key.js';

export const storeName = 'valset';

const validators = new Collection<Uint8Array, Validator>(
  storeName,
  1,
  { encode: bytesKey, decode: keyBytes },
  protoCodec<Validator>(Validator),
);

/** Consensus keys by address. Requests of the engine carry only addresses, so the chain keeps the keys itself. */
export class ValsetKeeper {
  /** Key of a validator, also of one that left the set. */
  publicKey(from: Stores, address: Uint8Array): Uint8Array | undefined {
    return validators.get(from, address)?.pubKey;
  }

  validator(from: Stores, address: Uint8Array): Validator | undefined {
    return validators.get(from, address);
  }

  /** All known validators in address order; power zero for those that left. */
  validators(from: Stores): Iterable<Validator> {
    return validators.values(from);
  }

  /** Takes over changes of the set; keys are never forgotten. */
  update(ctx: Context, updates: readonly ValidatorUpdate[]): void {
    for (const { pubKey, power } of updates) {
      const address = consensusAddress(pubKey);
      validators.set(ctx, address, { address, pubKey, power });
    }
  }
}
