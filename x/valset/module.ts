import { GenesisState } from '../../gen/plimsoll/valset/v1/genesis.js';
import { QueryDefinition } from '../../gen/plimsoll/valset/v1/query.js';
import { MsgDefinition } from '../../gen/plimsoll/valset/v1/tx.js';
import { Mode, type Validator } from '../../gen/plimsoll/valset/v1/valset.js';
import type { Context } from '../../runtime/baseapp/context.js';
import type { GenesisJson, Module, ServiceRegistrar, ValidatorUpdate } from '../../runtime/baseapp/module.js';
import { paginate } from '../../runtime/baseapp/pagination.js';
import type { JsonValue, ProtoRegistry } from '../../runtime/codec/types.js';
import { consensusAddress } from '../../runtime/crypto/address.js';
import type { StakedPower } from './expected_keepers.js';
import { storeName, type ValsetKeeper } from './keeper.js';
import { setValidators, updateParams } from './msgs.js';

const genesisType = 'plimsoll.valset.v1.GenesisState';

/** The validator set as consensus knows it: who may change it, and the only place from which the engine hears of changes. */
export class ValsetModule implements Module {
  readonly name = 'valset';
  readonly stores = [{ name: storeName, kind: 'committed' }] as const;

  constructor(
    readonly keeper: ValsetKeeper,
    readonly registry: ProtoRegistry,
    /** bech32 address that governance messages come from. */
    readonly authority: string,
    readonly stake: StakedPower,
  ) {}

  register(registrar: ServiceRegistrar): void {
    const { keeper, authority, stake } = this;
    registrar.msgs(MsgDefinition, {
      setValidators: (ctx, msg) => setValidators(ctx, keeper, authority, msg),
      updateParams: (ctx, msg) => updateParams(ctx, keeper, stake, authority, msg),
    });
    registrar.queries(QueryDefinition, {
      params: (ctx) => ({ params: keeper.params(ctx) }),
      validators: (ctx, { pagination }) => {
        const page = paginate(
          keeper.validators(ctx),
          pagination,
          ({ address }) => address,
          (validator) => validator,
        );
        return { validators: page.items, pagination: page.pagination };
      },
    });
  }

  defaultGenesis(): GenesisJson {
    return this.#toJson({ validators: [], params: { mode: Mode.MODE_AUTHORITY }, pending: [] });
  }

  validateGenesis(json: GenesisJson): void {
    this.#fromJson(json);
  }

  initValidators(ctx: Context, validators: readonly ValidatorUpdate[]): void {
    this.keeper.update(ctx, validators);
  }

  initGenesis(ctx: Context, json: GenesisJson): void {
    const { keeper } = this;
    const { validators, params, pending } = this.#fromJson(json);
    const mode = params?.mode ?? Mode.MODE_UNSPECIFIED;
    keeper.setParams(ctx, { mode: mode === Mode.MODE_UNSPECIFIED ? Mode.MODE_AUTHORITY : mode });
    // Where the engine's genesis names validators, it alone says who votes; whoever it does not name keeps a key.
    const fromEngine = this.#current(ctx).length > 0;
    for (const { pubKey, power, address } of validators) {
      if (keeper.validator(ctx, address) !== undefined) continue;
      keeper.update(ctx, [{ pubKey, power: 0n }]);
      if (!fromEngine && !keeper.isByStake(ctx)) keeper.schedule(ctx, pubKey, power);
    }
    for (const { pubKey, power } of pending) keeper.schedule(ctx, pubKey, power);
  }

  endGenesis(ctx: Context): readonly ValidatorUpdate[] {
    const { keeper } = this;
    const given = this.#current(ctx);
    if (given.length === 0) {
      keeper.apply(ctx);
      const set = this.#current(ctx);
      if (set.length === 0) {
        throw new Error(
          'the genesis names no validator: neither validators, nor valset.validators, nor by stake (genutil.gen_txs, staking.validators)',
        );
      }
      return set;
    }
    // The engine keeps its set: stake must say the same.
    if (keeper.isByStake(ctx)) {
      const staked = new Map([...keeper.pending(ctx)].map(({ address, power }) => [hex(address), power]));
      for (const { address, power } of given) {
        const own = staked.get(hex(address)) ?? 0n;
        if (own !== power)
          throw new Error(`validators: ${hex(address)} has power ${power}; by its stake it has power ${own}`);
        staked.delete(hex(address));
      }
      for (const [address, power] of staked)
        if (power > 0n) throw new Error(`validators: ${address} is missing; by its stake it has power ${power}`);
      keeper.apply(ctx);
    }
    return [];
  }

  endBlock(ctx: Context): readonly ValidatorUpdate[] {
    return this.keeper.apply(ctx);
  }

  exportGenesis(ctx: Context): GenesisJson {
    const { keeper } = this;
    return this.#toJson({
      validators: [...keeper.validators(ctx)],
      params: keeper.params(ctx),
      pending: [...keeper.pending(ctx)],
    });
  }

  #current(ctx: Context): Validator[] {
    return [...this.keeper.validators(ctx)].filter(({ power }) => power > 0n);
  }

  #toJson(state: GenesisState): JsonValue {
    return this.registry.toJson(genesisType, GenesisState.encode(state).finish());
  }

  #fromJson(json: GenesisJson): GenesisState {
    const state = GenesisState.decode(this.registry.fromJson(genesisType, json as JsonValue));
    for (const [name, list] of [
      ['validators', state.validators],
      ['pending', state.pending],
    ] as const) {
      for (const [index, { address, pubKey, power }] of list.entries()) {
        const field = `valset.${name}[${index}]`;
        if (pubKey.length !== 32) throw new Error(`${field}.pub_key: ${pubKey.length} bytes, expected 32`);
        if (power < 0n) throw new Error(`${field}.power: ${power} is negative`);
        if (Buffer.compare(address, consensusAddress(pubKey)) !== 0)
          throw new Error(`${field}.address: is not the key's address`);
      }
    }
    return state;
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase();
