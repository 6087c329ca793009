import { GenesisState } from '../../gen/plimsoll/insurance/v1/genesis.js';
import type { Params } from '../../gen/plimsoll/insurance/v1/insurance.js';
import { QueryDefinition } from '../../gen/plimsoll/insurance/v1/query.js';
import { MsgDefinition } from '../../gen/plimsoll/insurance/v1/tx.js';
import { parseAddress } from '../../runtime/baseapp/address.js';
import { parseAmount } from '../../runtime/baseapp/coins.js';
import type { Context } from '../../runtime/baseapp/context.js';
import { sdkErrors } from '../../runtime/baseapp/errors.js';
import type { GenesisJson, Module, ServiceRegistrar } from '../../runtime/baseapp/module.js';
import { paginate } from '../../runtime/baseapp/pagination.js';
import type { JsonValue, ProtoRegistry } from '../../runtime/codec/types.js';
import { keyBytes, u32 } from '../../runtime/store/key.js';
import { errors } from './errors.js';
import {
  collateralDenom,
  storeName,
  trancheFromProto,
  trancheToProto,
  transientStoreName,
  type InsuranceKeeper,
} from './keeper.js';

const genesisType = 'plimsoll.insurance.v1.GenesisState';

/** risk-model section 12.1, market tranche. */
export const defaultParams: Params = { eventCapPpm: 500_000, windowCapPpm: 800_000 };

/** The money behind each market. */
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
      contribute: (ctx, { contributor, marketId, amount }) => {
        const from = parseAddress(contributor, 'contributor');
        if (amount?.denom !== collateralDenom) {
          throw errors.invalidDenom(
            `amount: ${JSON.stringify(amount?.denom.slice(0, 140))}; only ${collateralDenom} is taken`,
          );
        }
        keeper.contributeFrom(ctx, marketId, from, parseAmount(amount.amount, 'amount'));
        return {};
      },
      updateParams: (ctx, { authority, params }) => {
        if (authority !== this.authority)
          throw errors.unauthorized(`authority: ${authority}; expected ${this.authority}`);
        if (params === undefined) throw errors.invalidParams('params: missing');
        validateParams(params);
        keeper.setParams(ctx, params);
        return {};
      },
    });
    registrar.queries(QueryDefinition, {
      params: (ctx) => ({ params: keeper.params(ctx) }),
      tranche: (ctx, { marketId }) => {
        const tranche = keeper.tranche(ctx, marketId);
        if (tranche === undefined) throw sdkErrors.keyNotFound(`tranche of market ${marketId} not found`);
        return { tranche: trancheToProto(tranche), available: keeper.available(ctx, marketId).toString() };
      },
      tranches: (ctx, { pagination }) => {
        const page = paginate(
          keeper.tranches(ctx),
          pagination,
          ({ marketId }) => keyBytes(u32(marketId)),
          trancheToProto,
        );
        return { tranches: page.items, pagination: page.pagination };
      },
    });
  }

  defaultGenesis(): GenesisJson {
    return this.#toJson({ params: defaultParams, tranches: [] });
  }

  validateGenesis(json: GenesisJson): void {
    this.#fromJson(json);
  }

  initGenesis(ctx: Context, json: GenesisJson): void {
    const state = this.#fromJson(json);
    this.keeper.setParams(ctx, state.params!);
    for (const tranche of state.tranches) this.keeper.setTranche(ctx, trancheFromProto(tranche));
    const [sum, held] = [this.keeper.totalBalance(ctx), this.keeper.moduleBalance(ctx)];
    if (sum !== held) {
      throw new Error(
        `insurance.tranches: balances sum to ${sum}${collateralDenom}, the module account holds ${held}${collateralDenom}`,
      );
    }
  }

  exportGenesis(ctx: Context): GenesisJson {
    const { keeper } = this;
    return this.#toJson({ params: keeper.params(ctx), tranches: [...keeper.tranches(ctx)].map(trancheToProto) });
  }

  #toJson(state: GenesisState): JsonValue {
    return this.registry.toJson(genesisType, GenesisState.encode(state).finish());
  }

  #fromJson(json: GenesisJson): GenesisState {
    const state = GenesisState.decode(this.registry.fromJson(genesisType, json as JsonValue));
    if (state.params === undefined) throw new Error('insurance.params: missing');
    validateParams(state.params);
    const seen = new Set<number>();
    for (const [index, tranche] of state.tranches.entries()) {
      const { marketId } = tranche;
      if (seen.has(marketId)) throw new Error(`insurance.tranches[${index}].market_id: ${marketId} is listed twice`);
      for (const [field, text] of [
        ['balance', tranche.balance],
        ['window_opening', tranche.windowOpening || '0'],
        ['window_paid', tranche.windowPaid || '0'],
        ['total_in', tranche.totalIn || '0'],
        ['total_out', tranche.totalOut || '0'],
      ] as const) {
        if (!/^(0|[1-9][0-9]{0,30})$/.test(text)) {
          throw new Error(
            `insurance.tranches[${index}].${field}: ${JSON.stringify(text.slice(0, 40))} is not an amount in quote quanta`,
          );
        }
      }
      seen.add(marketId);
    }
    return state;
  }
}

function validateParams({ eventCapPpm, windowCapPpm }: Params): void {
  if (eventCapPpm > 500_000) throw errors.invalidParams(`event_cap_ppm: ${eventCapPpm}; at most 500000`);
  if (windowCapPpm > 1_000_000 || windowCapPpm < eventCapPpm) {
    throw errors.invalidParams(`window_cap_ppm: ${windowCapPpm}; expected event_cap_ppm to 1000000`);
  }
}
