import {
  LiquidationTrigger,
  type AccountStanding,
  type LiquidationTerms,
} from '../../../gen/plimsoll/perps/v1/standing.js';
import type { Params } from '../../../gen/plimsoll/perps/v1/types.js';
import { contributions, type Trigger } from '../liquidation/index.js';
import {
  clampedHealth,
  collateralValue,
  maintenanceMarginOf,
  unsettledFunding,
  type Standing,
} from '../margin/index.js';
import type { AccountView, Markets } from '../types.js';
import { positionValue } from '../units/index.js';

/** What each position contributes to maintenance margin, as `contributions`, quickly for an account with one. */
export function contributionsOf(account: AccountView, markets: Markets): readonly bigint[] {
  const [only, other] = account.positions;
  if (only === undefined) return [];
  const market = markets(only.marketId);
  if (other === undefined && account.collateral.length === 0 && market.shocks.length === 0)
    return [maintenanceMarginOf(market, only.quantity)];
  return contributions(account, markets);
}

/**
 * How an account stands, for an event: every number that its equity and margin
 * are made of. O(positions + assets held).
 * @param margins what each position contributes, in position order
 */
export function standingOf(
  account: AccountView,
  markets: Markets,
  { equity, maintenanceMargin }: Standing,
  margins: readonly bigint[],
): AccountStanding {
  return {
    cash: account.cash.toString(),
    collateralValue: collateralValue(account.collateral, markets).toString(),
    positions: account.positions.map((position, index) => {
      const market = markets(position.marketId);
      return {
        marketId: market.id,
        quantity: position.quantity,
        markPrice: market.markPrice,
        value: positionValue(market, position.quantity).toString(),
        unsettledFunding: unsettledFunding(market, position).toString(),
        margin: (margins[index] ?? 0n).toString(),
        maintenanceRatePpb: market.maintenanceRate,
        depthUnit: market.depthUnit.toString(),
      };
    }),
    equity: equity.toString(),
    maintenanceMargin: maintenanceMargin.toString(),
    healthPpm: Number(clampedHealth({ equity, maintenanceMargin })),
  };
}

/** The parameters that liquidations of a block obey. */
export const termsOf = (params: Params): LiquidationTerms => ({
  targetHealthPpm: params.targetHealthPpm,
  graceHealthPpm: params.graceHealthPpm,
  sliceHealthPpm: params.sliceHealthPpm,
  sliceSharePpm: params.sliceSharePpm,
  sliceNotional: params.sliceNotional,
  penaltyMinPpm: params.penaltyMinPpm,
  penaltyMaxPpm: params.penaltyMaxPpm,
  minLiquidationAb: params.minLiquidationAb,
  minLiquidationCd: params.minLiquidationCd,
});

const triggers: Readonly<Record<Trigger, LiquidationTrigger>> = {
  bankrupt: LiquidationTrigger.LIQUIDATION_TRIGGER_BANKRUPT,
  'below-grace': LiquidationTrigger.LIQUIDATION_TRIGGER_BELOW_GRACE,
  'second-block': LiquidationTrigger.LIQUIDATION_TRIGGER_SECOND_BLOCK,
};

export const triggerToProto = (trigger: Trigger): LiquidationTrigger => triggers[trigger];
