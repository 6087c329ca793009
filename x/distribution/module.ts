import { QueryDefinition } from '../../gen/cosmos/distribution/v1beta1/query.js';
import { MsgDefinition } from '../../gen/cosmos/distribution/v1beta1/tx.js';
import type { Context } from '../../runtime/baseapp/context.js';
import type { GenesisJson, Module, ServiceRegistrar } from '../../runtime/baseapp/module.js';
import type { ProtoRegistry } from '../../runtime/codec/types.js';
import { allocateFees } from './allocate.js';
import { defaultGenesis, exportGenesis, initGenesis, read, toJson } from './genesis.js';
import { storeName, type DistributionKeeper } from './keeper.js';
import { messages } from './msgs.js';
import { queries } from './queries.js';

/** Fees become rewards of those whose stake votes. */
export class DistributionModule implements Module {
  readonly name = 'distribution';
  readonly stores = [{ name: storeName, kind: 'committed' }] as const;

  constructor(
    readonly keeper: DistributionKeeper,
    readonly registry: ProtoRegistry,
    /** bech32 address that governance messages come from. */
    readonly authority: string,
    /** Module account that rewards arrive on; emptied at the beginning of each block. */
    readonly feeCollector: string,
  ) {}

  register(registrar: ServiceRegistrar): void {
    registrar.msgs(MsgDefinition, messages(this.keeper, this.authority));
    registrar.queries(QueryDefinition, queries(this.keeper));
  }

  beginBlock(ctx: Context): void {
    allocateFees(ctx, this.keeper, this.feeCollector);
  }

  defaultGenesis(): GenesisJson {
    return defaultGenesis(this.registry);
  }

  validateGenesis(json: GenesisJson): void {
    read(this.registry, json);
  }

  initGenesis(ctx: Context, json: GenesisJson): void {
    initGenesis(ctx, this.keeper, read(this.registry, json));
  }

  exportGenesis(ctx: Context): GenesisJson {
    return toJson(this.registry, exportGenesis(ctx, this.keeper));
  }
}
