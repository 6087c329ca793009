import { Mode, Params, Validator } from '../../gen/plimsoll/valset/v1/valset.js';
import type { Context } from '../../runtime/baseapp/context.js';
import type { ValidatorUpdate } from '../../runtime/baseapp/module.js';
import { consensusAddress } from '../../runtime/crypto/address.js';
import { Collection, Item, protoCodec, type Stores } from '../../runtime/store/collection.js';
import { bytes as bytesKey, keyBytes } from '../../runtime/store/key.js';
import type { KVStore } from '../../runtime/store/types.js';
import { planChanges } from './changes.js';

export const storeName = 'valset';

const byAddress = { encode: bytesKey, decode: keyBytes };
const validators = new Collection<Uint8Array, Validator>(storeName, 1, byAddress, protoCodec<Validator>(Validator));
const params = new Item(storeName, 2, protoCodec<Params>(Params));
/** What this block, or one before whose change would have left nobody, asked for. */
const pending = new Collection<Uint8Array, Validator>(storeName, 3, byAddress, protoCodec<Validator>(Validator));

/**
 * Consensus keys by address, and the one way to change who votes. Requests of
 * the engine carry only addresses, so the chain keeps the keys itself.
 */
export class ValsetKeeper {
  params(from: Stores): Params {
    return params.get(from) ?? { mode: Mode.MODE_AUTHORITY };
  }

  setParams(to: Stores<KVStore>, value: Params): void {
    params.set(to, value);
  }

  /** Does stake say who votes? Otherwise governance does. */
  isByStake(from: Stores): boolean {
    return this.params(from).mode === Mode.MODE_STAKE;
  }

  /** Key of a validator, also of one that left the set. */
  publicKey(from: Stores, address: Uint8Array): Uint8Array | undefined {
    return validators.get(from, address)?.pubKey;
  }

  validator(from: Stores, address: Uint8Array): Validator | undefined {
    return validators.get(from, address);
  }

  /** Power that a validator has, or will have in two blocks; zero for one that is not in the set. */
  power(from: Stores, address: Uint8Array): bigint {
    return validators.get(from, address)?.power ?? 0n;
  }

  /** All known validators in address order; power zero for those that left. */
  validators(from: Stores): Iterable<Validator> {
    return validators.values(from);
  }

  pending(from: Stores): Iterable<Validator> {
    return pending.values(from);
  }

  /** Takes over changes of the set; keys are never forgotten. */
  update(to: Stores<KVStore>, updates: readonly ValidatorUpdate[]): void {
    for (const { pubKey, power } of updates) {
      const address = consensusAddress(pubKey);
      validators.set(to, address, { address, pubKey, power });
    }
  }

  /** Asks for a power at the end of this block; zero removes. The last word of a block counts. */
  schedule(to: Stores<KVStore>, pubKey: Uint8Array, power: bigint): void {
    const address = consensusAddress(pubKey);
    pending.set(to, address, { address, pubKey, power });
  }

  /**
   * Takes a validator out of the set that governance named; only governance
   * brings it back. Under stake, staking does this itself.
   */
  jail(ctx: Context, address: Uint8Array): void {
    const found = this.validator(ctx, address);
    if (found !== undefined && !this.isByStake(ctx)) this.schedule(ctx, found.pubKey, 0n);
  }

  /** What has been asked for takes effect. Returns what the engine must hear of, in address order. */
  apply(ctx: Context): readonly ValidatorUpdate[] {
    const asked = [...this.pending(ctx)];
    if (asked.length === 0) return [];
    const plan = planChanges(this.validators(ctx), asked);
    if (plan.refused !== undefined) {
      ctx.emit('plimsoll.valset.v1.EventChangeRefused', { reason: plan.refused });
      return [];
    }
    for (const { address } of asked) pending.delete(ctx, address);
    for (const { address, previous, power } of plan.changes) {
      ctx.emit('plimsoll.valset.v1.EventPowerChanged', { address, previous, power });
    }
    this.update(ctx, plan.changes);
    return plan.changes;
  }
}
