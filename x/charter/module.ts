import { GenesisState } from '../../gen/plimsoll/charter/v1/genesis.js';
import { QueryDefinition } from '../../gen/plimsoll/charter/v1/query.js';
import { MsgDefinition } from '../../gen/plimsoll/charter/v1/tx.js';
import { requireAuthority } from '../../runtime/baseapp/authority.js';
import type { Context } from '../../runtime/baseapp/context.js';
import { sdkErrors } from '../../runtime/baseapp/errors.js';
import type { GenesisJson, Module, ServiceRegistrar } from '../../runtime/baseapp/module.js';
import { paginate } from '../../runtime/baseapp/pagination.js';
import { msOfProtoTime, protoTimeOf } from '../../runtime/baseapp/time.js';
import type { JsonValue, ProtoRegistry } from '../../runtime/codec/types.js';
import { keyBytes, u64 } from '../../runtime/store/key.js';
import type { BoundedMessages } from './bounded-messages.js';
import { numbersOf } from './change-bounds.js';
import { storeName, type CharterKeeper, type Waiting } from './keeper.js';
import { defaultParams, validateParams } from './params.js';

const genesisType = 'plimsoll.charter.v1.GenesisState';

/** The council that decides while the chain is under authority, and the time that every decision waits. */
export class CharterModule implements Module {
  readonly name = 'charter';
  readonly stores = [{ name: storeName, kind: 'committed' }] as const;

  constructor(
    readonly keeper: CharterKeeper,
    readonly registry: ProtoRegistry,
    /** bech32 address that governance messages come from. */
    readonly authority: string,
    readonly bounded: BoundedMessages,
  ) {}

  register(registrar: ServiceRegistrar): void {
    const { keeper } = this;
    registrar.msgs(MsgDefinition, {
      updateParams: (ctx, { authority, params }) => {
        requireAuthority(authority, this.authority);
        if (params === undefined) throw sdkErrors.invalidRequest('params: missing');
        validateParams(params);
        keeper.setParams(ctx, params);
        return {};
      },
    });
    registrar.queries(QueryDefinition, {
      params: (ctx) => ({ params: keeper.params(ctx) }),
      waiting: (ctx, { pagination }) => {
        const keyOf = ({ executionMs, proposalId }: Waiting): Uint8Array =>
          keyBytes(u64(executionMs) + u64(proposalId));
        const page = paginate(keeper.waiting(ctx), pagination, keyOf, waitingToProto);
        return { waiting: page.items, pagination: page.pagination };
      },
      changeBounds: (ctx, { message, id }) => {
        const { now, bounds } = this.bounded.boundsOf(ctx, message, id);
        const numbers = numbersOf(now);
        return {
          bounds: [...bounds].map(([field, { least, most }]) => ({
            field,
            value: (numbers.get(field) ?? '').toString(),
            least: least.toString(),
            most: most.toString(),
          })),
        };
      },
    });
  }

  defaultGenesis(): GenesisJson {
    return this.#toJson({ params: defaultParams, waiting: [], pastValues: [] });
  }

  validateGenesis(json: GenesisJson): void {
    this.#fromJson(json);
  }

  initGenesis(ctx: Context, json: GenesisJson): void {
    const { params, waiting, pastValues } = this.#fromJson(json);
    this.keeper.setParams(ctx, params!);
    for (const { proposalId, executionTime } of waiting)
      this.keeper.setWaiting(ctx, { proposalId, executionMs: msOfProtoTime(executionTime) });
    for (const past of pastValues) this.keeper.addPastValue(ctx, past);
  }

  exportGenesis(ctx: Context): GenesisJson {
    return this.#toJson({
      params: this.keeper.params(ctx),
      waiting: [...this.keeper.waiting(ctx)].map(waitingToProto),
      pastValues: [...this.keeper.pastValues(ctx)],
    });
  }

  #toJson(state: GenesisState): JsonValue {
    return this.registry.toJson(genesisType, GenesisState.encode(state).finish());
  }

  #fromJson(json: GenesisJson): GenesisState {
    const state = GenesisState.decode(this.registry.fromJson(genesisType, json as JsonValue));
    if (state.params === undefined) throw new Error('charter.params: missing');
    validateParams(state.params);
    for (const [index, { subject }] of state.pastValues.entries()) {
      if (!/^[\w.]+(\/\d+)?$/.test(subject))
        throw new Error(
          `charter.past_values[${index}].subject: ${JSON.stringify(subject.slice(0, 100))} is no message`,
        );
    }
    return state;
  }
}

const waitingToProto = ({ proposalId, executionMs }: Waiting) => ({
  proposalId,
  executionTime: protoTimeOf(executionMs),
});
