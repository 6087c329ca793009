import { QueryDefinition } from '../../gen/plimsoll/insurance/v1/query.js';
import { MsgDefinition } from '../../gen/plimsoll/insurance/v1/tx.js';
import { parseAddress } from '../../runtime/baseapp/address.js';
import type { Context } from '../../runtime/baseapp/context.js';
import { orLeaveOut } from '../../runtime/baseapp/leave-out.js';
import type { GenesisJson, Module, ServiceRegistrar } from '../../runtime/baseapp/module.js';
import type { ProtoRegistry } from '../../runtime/codec/types.js';
import { cancelExit, deposit, requestExit, requireCollateral, requireId } from './deposits.js';
import { endBlock } from './epoch.js';
import { errors } from './errors.js';
import { defaultGenesis, exportGenesis, initGenesis, read, toJson } from './genesis.js';
import type { InsuranceKeeper } from './keeper.js';
import { validateParams } from './params.js';
import { queries } from './queries.js';
import { storeName, transientStoreName } from './store.js';

/** The money behind the markets: tranches of markets, classes and all, with shares for those who bring it. */
export class InsuranceModule implements Module {
  readonly name = 'insurance';
  readonly stores = [
    { name: storeName, kind: 'committed' },
    { name: transientStoreName, kind: 'transient' },
  ] as const;

  constructor(
    readonly keeper: InsuranceKeeper,
    readonly registry: ProtoRegistry,
    /** bech32 address that governance messages come from. */
    readonly authority: string,
  ) {}

  register(registrar: ServiceRegistrar): void {
    const { keeper } = this;
    registrar.msgs(MsgDefinition, {
      contribute: (ctx, { contributor, tranche, amount }) => {
        const from = parseAddress(contributor, 'contributor');
        keeper.contributeFrom(ctx, requireId(tranche), from, requireCollateral(amount));
        return {};
      },
      deposit: (ctx, msg) => deposit(ctx, keeper, msg),
      requestExit: (ctx, msg) => requestExit(ctx, keeper, msg),
      cancelExit: (ctx, msg) => cancelExit(ctx, keeper, msg),
      updateParams: (ctx, { authority, params }) => {
        if (authority !== this.authority)
          throw errors.unauthorized(`authority: ${authority}; expected ${this.authority}`);
        if (params === undefined) throw errors.invalidParams('params: missing');
        validateParams(params);
        keeper.store.setParams(ctx, params);
        return {};
      },
    });
    registrar.queries(QueryDefinition, queries(keeper));
  }

  endBlock(ctx: Context): void {
    orLeaveOut(ctx, this.name, 'exits', 'plimsoll.insurance.v1.EventFault', () => endBlock(ctx, this.keeper));
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
