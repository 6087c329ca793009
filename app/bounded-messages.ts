import { Params as BackstopParams } from '../gen/plimsoll/backstop/v1/backstop.js';
import type { MsgUpdateParams as BackstopUpdate } from '../gen/plimsoll/backstop/v1/tx.js';
import { Params as CharterParams } from '../gen/plimsoll/charter/v1/charter.js';
import type { MsgUpdateParams as CharterUpdate } from '../gen/plimsoll/charter/v1/tx.js';
import { Params as InsuranceParams } from '../gen/plimsoll/insurance/v1/insurance.js';
import type { MsgUpdateParams as InsuranceUpdate } from '../gen/plimsoll/insurance/v1/tx.js';
import { Params as OracleParams } from '../gen/plimsoll/oracle/v1/oracle.js';
import type { MsgUpdateParams as OracleUpdate } from '../gen/plimsoll/oracle/v1/tx.js';
import { CollateralAsset } from '../gen/plimsoll/perps/v1/collateral.js';
import type {
  MsgUpdateCollateral,
  MsgUpdateMarket,
  MsgUpdateParams as PerpsUpdate,
} from '../gen/plimsoll/perps/v1/tx.js';
import { Market, Params as PerpsParams } from '../gen/plimsoll/perps/v1/types.js';
import type { Context } from '../runtime/baseapp/context.js';
import type { BackstopKeeper } from '../x/backstop/keeper.js';
import type { BoundedMessage } from '../x/charter/bounded-messages.js';
import type { FieldRules } from '../x/charter/change-bounds.js';
import type { CharterKeeper } from '../x/charter/keeper.js';
import type { InsuranceKeeper } from '../x/insurance/keeper.js';
import type { OracleKeeper } from '../x/oracle/keeper.js';
import type { PerpsKeeper } from '../x/perps/keeper.js';

interface Encoder<V> {
  encode(value: V): { finish(): Uint8Array };
}

/** Parameters of a module: one value, replaced whole. */
function ofParams<V>(
  valueType: string,
  encoder: Encoder<V>,
  current: (ctx: Context) => V,
  rules: FieldRules = {},
): BoundedMessage {
  return {
    valueType,
    rules,
    wanted: ({ params }: { readonly params: V | undefined }) =>
      params === undefined ? undefined : { value: encoder.encode(params).finish(), id: 0 },
    current: (ctx) => encoder.encode(current(ctx)).finish(),
  };
}

/** One of many values, each with a number. */
function ofMany<M, V extends { readonly id: number }>(
  valueType: string,
  encoder: Encoder<V>,
  valueOf: (message: M) => V | undefined,
  current: (ctx: Context, id: number) => V | undefined,
  rules: FieldRules,
): BoundedMessage {
  return {
    valueType,
    rules,
    wanted(message: M) {
      const value = valueOf(message);
      return value === undefined ? undefined : { value: encoder.encode(value).finish(), id: value.id };
    },
    current(ctx, id) {
      const found = current(ctx, id);
      return found === undefined ? undefined : encoder.encode(found).finish();
    },
  };
}

type Wanted<M extends { readonly params: unknown }> = NonNullable<M['params']>;

/**
 * What governance may change by small steps only: the numbers of these
 * messages. Listings, a new asset or pair, the set of validators and the
 * council are acts of their own. risk-model section 16.
 */
export function boundedMessages(keepers: {
  readonly backstop: BackstopKeeper;
  readonly charter: CharterKeeper;
  readonly insurance: InsuranceKeeper;
  readonly oracle: OracleKeeper;
  readonly perps: PerpsKeeper;
}): ReadonlyMap<string, BoundedMessage> {
  const { backstop, charter, insurance, oracle, perps } = keepers;
  return new Map<string, BoundedMessage>([
    [
      'plimsoll.perps.v1.MsgUpdateParams',
      ofParams<Wanted<PerpsUpdate>>('plimsoll.perps.v1.Params', PerpsParams, (ctx) => perps.params(ctx), {
        // Who is in the index is a list of markets, not a size.
        free: ['rates.index[].market_id'],
        zeroIsNone: ['account_share_ppm', 'rates.horizon_review_days'],
      }),
    ],
    [
      'plimsoll.perps.v1.MsgUpdateMarket',
      {
        ...ofMany<MsgUpdateMarket, Market>(
          'plimsoll.perps.v1.Market',
          Market,
          ({ market }) => market,
          (ctx, id) => perps.market(ctx, id),
          {
            // A fact, a name, and a scenario; none of them is a limit.
            free: ['market_cap_usd', 'cluster', 'stress_shocks_ppm[]'],
            zeroIsNone: ['floor_rate_ppm'],
            mayFall: ['open_interest_cap'],
          },
        ),
        // A promotion must have been earned for 30 days, and comes with the numbers of its class.
        isOther: (before, after) => classOf(before) !== classOf(after),
      },
    ],
    [
      'plimsoll.perps.v1.MsgUpdateCollateral',
      ofMany<MsgUpdateCollateral, CollateralAsset>(
        'plimsoll.perps.v1.CollateralAsset',
        CollateralAsset,
        ({ asset }) => asset,
        (ctx, id) => perps.collateral.asset(ctx, id),
        { free: ['market_id', 'barred_market_ids[]'], mayFall: ['total_share_ppm', 'cover_share_ppm'] },
      ),
    ],
    [
      'plimsoll.insurance.v1.MsgUpdateParams',
      ofParams<Wanted<InsuranceUpdate>>('plimsoll.insurance.v1.Params', InsuranceParams, (ctx) =>
        insurance.store.params(ctx),
      ),
    ],
    [
      'plimsoll.backstop.v1.MsgUpdateParams',
      ofParams<Wanted<BackstopUpdate>>('plimsoll.backstop.v1.Params', BackstopParams, (ctx) =>
        backstop.store.params(ctx),
      ),
    ],
    [
      'plimsoll.oracle.v1.MsgUpdateParams',
      ofParams<Wanted<OracleUpdate>>('plimsoll.oracle.v1.Params', OracleParams, (ctx) => oracle.params(ctx)),
    ],
    [
      'plimsoll.charter.v1.MsgUpdateParams',
      ofParams<Wanted<CharterUpdate>>('plimsoll.charter.v1.Params', CharterParams, (ctx) => charter.params(ctx), {
        free: ['council[].weight'],
      }),
    ],
  ]);
}

const classOf = (market: unknown): unknown => (market as { readonly class: unknown }).class;
