import { GenesisState } from '../../gen/plimsoll/valset/v1/genesis.js';
import { QueryDefinition } from '../../gen/plimsoll/valset/v1/query.js';
import type { Context } from '../../runtime/baseapp/context.js';
import type { GenesisJson, Module, ServiceRegistrar, ValidatorUpdate } from '../../runtime/baseapp/module.js';
import { paginate } from '../../runtime/baseapp/pagination.js';
import type { JsonValue, ProtoRegistry } from '../../runtime/codec/types.js';
import { consensusAddress } from '../../runtime/crypto/address.js';
import { storeName, type ValsetKeeper } from './keeper.js';

const genesisType = 'plimsoll.valset.v1.GenesisState';

/** The validator set as consensus knows it. The set of the engine's genesis stays: no message changes it yet. */
export class ValsetModule implements Module {
  readonly name = 'valset';
  readonly stores = [{ name: storeName, kind: 'committed' }] as const;

  constructor(
    readonly keeper: ValsetKeeper,
    readonly registry: ProtoRegistry,
  ) {}

  register(registrar: ServiceRegistrar): void {
    registrar.queries(QueryDefinition, {
      validators: (ctx, { pagination }) => {
        const page = paginate(
          this.keeper.validators(ctx),
          pagination,
          ({ address }) => address,
          (validator) => validator,
        );
        return { validators: page.items, pagination: page.pagination };
      },
    });
  }

  defaultGenesis(): GenesisJson {
    return this.#toJson({ validators: [] });
  }

  validateGenesis(json: GenesisJson): void {
    this.#fromJson(json);
  }

  initValidators(ctx: Context, validators: readonly ValidatorUpdate[]): void {
    this.keeper.update(ctx, validators);
  }

  initGenesis(ctx: Context, json: GenesisJson): void {
    // The engine's genesis alone says who votes; whoever it does not name keeps a key and has no power.
    for (const { pubKey, address } of this.#fromJson(json).validators) {
      if (this.keeper.validator(ctx, address) === undefined) this.keeper.update(ctx, [{ pubKey, power: 0n }]);
    }
  }

  exportGenesis(ctx: Context): GenesisJson {
    return this.#toJson({ validators: [...this.keeper.validators(ctx)] });
  }

  #toJson(state: GenesisState): JsonValue {
    return this.registry.toJson(genesisType, GenesisState.encode(state).finish());
  }

  #fromJson(json: GenesisJson): GenesisState {
    const state = GenesisState.decode(this.registry.fromJson(genesisType, json as JsonValue));
    for (const [index, { address, pubKey, power }] of state.validators.entries()) {
      if (pubKey.length !== 32)
        throw new Error(`valset.validators[${index}].pub_key: ${pubKey.length} bytes, expected 32`);
      if (power < 0n) throw new Error(`valset.validators[${index}].power: ${power} is negative`);
      if (Buffer.compare(address, consensusAddress(pubKey)) !== 0) {
        throw new Error(`valset.validators[${index}].address: is not the key's address`);
      }
    }
    return state;
  }
}
