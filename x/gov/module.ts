import { QueryDefinition } from '../../gen/cosmos/gov/v1/query.js';
import { MsgDefinition } from '../../gen/cosmos/gov/v1/tx.js';
import type { Context } from '../../runtime/baseapp/context.js';
import type { GenesisJson, Module, ServiceRegistrar } from '../../runtime/baseapp/module.js';
import type { ProtoRegistry } from '../../runtime/codec/types.js';
import type { Deps } from './deps.js';
import { endBlock } from './end-block.js';
import { defaultGenesis, exportGenesis, initGenesis, read, toJson } from './genesis.js';
import { storeName } from './keeper.js';
import { messages } from './msgs.js';
import { queries } from './queries.js';

/** Decisions of those who vote, made by the chain itself. */
export class GovModule implements Module {
  readonly name = 'gov';
  readonly stores = [{ name: storeName, kind: 'committed' }] as const;

  constructor(
    readonly deps: Deps,
    readonly registry: ProtoRegistry,
  ) {}

  register(registrar: ServiceRegistrar): void {
    registrar.msgs(MsgDefinition, messages(this.deps));
    registrar.queries(QueryDefinition, queries(this.deps));
  }

  endBlock(ctx: Context): void {
    endBlock(ctx, this.deps);
  }

  defaultGenesis(): GenesisJson {
    return defaultGenesis(this.registry);
  }

  validateGenesis(json: GenesisJson): void {
    read(this.registry, json);
  }

  initGenesis(ctx: Context, json: GenesisJson): void {
    initGenesis(ctx, this.deps.keeper, read(this.registry, json));
  }

  exportGenesis(ctx: Context): GenesisJson {
    return toJson(this.registry, exportGenesis(ctx, this.deps.keeper));
  }
}
