import { QueryDefinition } from '../../gen/cosmos/auth/v1beta1/query.js';
import type { Context } from '../../runtime/baseapp/context.js';
import type { GenesisJson, Module, ServiceRegistrar } from '../../runtime/baseapp/module.js';
import type { ProtoRegistry } from '../../runtime/codec/types.js';
import { forgetPassedTimeouts } from './ante/unordered.js';
import { defaultParams, exportGenesis, genesisFromJson, genesisToJson, initGenesis } from './genesis.js';
import { storeName, type AuthKeeper } from './keeper.js';
import { queries } from './queries.js';

/** Accounts and transaction authentication. */
export class AuthModule implements Module {
  readonly name = 'auth';
  readonly stores = [{ name: storeName, kind: 'committed' }] as const;

  constructor(
    readonly keeper: AuthKeeper,
    readonly registry: ProtoRegistry,
    /** Modules that own an account; made at genesis. */
    readonly moduleAccounts: readonly string[],
  ) {}

  register(registrar: ServiceRegistrar): void {
    registrar.queries(QueryDefinition, queries(this.keeper));
  }

  defaultGenesis(): GenesisJson {
    return genesisToJson(this.registry, { params: defaultParams, accounts: [] });
  }

  validateGenesis(json: GenesisJson): void {
    genesisFromJson(this.registry, json);
  }

  initGenesis(ctx: Context, json: GenesisJson): void {
    initGenesis(ctx, this.keeper, genesisFromJson(this.registry, json));
    for (const name of this.moduleAccounts) this.keeper.ensureModule(ctx, name);
  }

  beginBlock(ctx: Context): void {
    forgetPassedTimeouts(ctx);
  }

  exportGenesis(ctx: Context): GenesisJson {
    return genesisToJson(this.registry, exportGenesis(ctx, this.keeper));
  }
}
