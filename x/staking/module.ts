import { QueryDefinition } from '../../gen/cosmos/staking/v1beta1/query.js';
import { MsgDefinition } from '../../gen/cosmos/staking/v1beta1/tx.js';
import { requireAuthority } from '../../runtime/baseapp/authority.js';
import type { Context } from '../../runtime/baseapp/context.js';
import { sdkErrors } from '../../runtime/baseapp/errors.js';
import type { GenesisJson, Module, ServiceRegistrar } from '../../runtime/baseapp/module.js';
import type { ProtoRegistry } from '../../runtime/codec/types.js';
import { completeMatured } from './complete.js';
import { defaultGenesis, exportGenesis, initGenesis, read, toJson } from './genesis.js';
import { storeName, type StakingKeeper } from './keeper.js';
import { createValidator } from './msgs/create-validator.js';
import { beginRedelegate, cancelUnbondingMsg, delegateMsg, undelegateMsg } from './msgs/delegations.js';
import { editValidator } from './msgs/edit-validator.js';
import { validateParams } from './params.js';
import { queries } from './queries.js';
import { updateSet } from './validator-state.js';

/** Stake, and who votes by it. */
export class StakingModule implements Module {
  readonly name = 'staking';
  readonly stores = [{ name: storeName, kind: 'committed' }] as const;

  constructor(
    readonly keeper: StakingKeeper,
    readonly registry: ProtoRegistry,
    /** bech32 address that governance messages come from. */
    readonly authority: string,
  ) {}

  register(registrar: ServiceRegistrar): void {
    const { keeper } = this;
    registrar.msgs(MsgDefinition, {
      createValidator: (ctx, msg) => createValidator(ctx, keeper, msg),
      editValidator: (ctx, msg) => editValidator(ctx, keeper, msg),
      delegate: (ctx, msg) => delegateMsg(ctx, keeper, msg),
      beginRedelegate: (ctx, msg) => beginRedelegate(ctx, keeper, msg),
      undelegate: (ctx, msg) => undelegateMsg(ctx, keeper, msg),
      cancelUnbondingDelegation: (ctx, msg) => cancelUnbondingMsg(ctx, keeper, msg),
      updateParams: (ctx, { authority, params }) => {
        requireAuthority(authority, this.authority);
        if (params === undefined) throw sdkErrors.invalidRequest('params: missing');
        validateParams(params);
        const { bondDenom } = keeper.params(ctx);
        if (params.bondDenom !== bondDenom)
          throw sdkErrors.invalidRequest(`params.bond_denom: ${params.bondDenom}; it stays ${bondDenom}`);
        keeper.setParams(ctx, params);
        return {};
      },
    });
    registrar.queries(QueryDefinition, queries(keeper));
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

  endGenesis(ctx: Context): void {
    updateSet(ctx, this.keeper);
  }

  endBlock(ctx: Context): void {
    updateSet(ctx, this.keeper);
    completeMatured(ctx, this.keeper);
  }
}
