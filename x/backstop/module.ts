import { QueryDefinition } from '../../gen/plimsoll/backstop/v1/query.js';
import { MsgDefinition } from '../../gen/plimsoll/backstop/v1/tx.js';
import { requireAuthority } from '../../runtime/baseapp/authority.js';
import type { Context } from '../../runtime/baseapp/context.js';
import { orLeaveOut } from '../../runtime/baseapp/leave-out.js';
import type { GenesisJson, Module, ServiceRegistrar } from '../../runtime/baseapp/module.js';
import type { ProtoRegistry } from '../../runtime/codec/types.js';
import { beginBlock } from './begin-block.js';
import { cancelExit, deposit, fundProtocol, requestExit } from './deposits.js';
import { errors } from './errors.js';
import { defaultGenesis, exportGenesis, initGenesis, read, toJson } from './genesis.js';
import { moduleName, type BackstopKeeper } from './keeper.js';
import { validateParams } from './params.js';
import { queries } from './queries.js';
import { storeName } from './store.js';

/** Vaults that take failing accounts' positions over when nobody else does: one for each class, owned by shares. */
export class BackstopModule implements Module {
  readonly name = moduleName;
  readonly stores = [{ name: storeName, kind: 'committed' }] as const;

  constructor(
    readonly keeper: BackstopKeeper,
    readonly registry: ProtoRegistry,
    /** bech32 address that governance messages come from. */
    readonly authority: string,
  ) {}

  register(registrar: ServiceRegistrar): void {
    const { keeper } = this;
    registrar.msgs(MsgDefinition, {
      deposit: (ctx, msg) => deposit(ctx, keeper, msg),
      requestExit: (ctx, msg) => requestExit(ctx, keeper, msg),
      cancelExit: (ctx, msg) => cancelExit(ctx, keeper, msg),
      fundProtocol: (ctx, msg) => fundProtocol(ctx, keeper, msg),
      updateParams: (ctx, { authority, params }) => {
        requireAuthority(authority, this.authority);
        if (params === undefined) throw errors.invalidParams('params: missing');
        validateParams(params);
        keeper.store.setParams(ctx, params);
        return {};
      },
    });
    registrar.queries(QueryDefinition, queries(keeper));
  }

  beginBlock(ctx: Context): void {
    orLeaveOut(ctx, this.name, 'losses and exits', 'plimsoll.backstop.v1.EventFault', () =>
      beginBlock(ctx, this.keeper),
    );
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
