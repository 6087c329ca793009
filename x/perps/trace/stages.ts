import { CancelReason } from '../../../gen/plimsoll/perps/v1/events.js';
import type { SubaccountId } from '../../../gen/plimsoll/perps/v1/types.js';
import type { TraceStep } from '../../../gen/plimsoll/perps/v1/trace.js';

/** The field of a step that an event stands in. */
export type StepField = Exclude<keyof TraceStep, 'stage' | 'text'>;
type EventIn<F extends StepField> = NonNullable<TraceStep[F]>;

/** How an event becomes steps: of the accounts that it names, or of everybody whose step in its market it explains. */
interface Rule<F extends StepField> {
  readonly field: F;
  readonly stage: string;
  /** Accounts whose step it is; none for what explains a market. */
  readonly accounts: (event: EventIn<F>) => readonly (SubaccountId | undefined)[];
  /** Step fields that make an account want what explains the market. */
  readonly explains?: readonly StepField[];
}

const rule = <F extends StepField>(
  field: F,
  stage: string,
  accounts: Rule<F>['accounts'],
  explains?: readonly StepField[],
): Rule<StepField> =>
  ({ field, stage, accounts, ...(explains === undefined ? {} : { explains }) }) as unknown as Rule<StepField>;

const own = ({ subaccount }: { readonly subaccount: SubaccountId | undefined }) => [subaccount];
const nobody = () => [];

/** Events of the waterfall by name, in the order in which they are told. risk-model section 10.5. */
export const stages: ReadonlyMap<string, Rule<StepField>> = new Map([
  ['EventBreaker', rule('breaker', 'L0', nobody, ['started', 'bankruptcy', 'deleveraged', 'haircut'])],
  ['EventLiquidationStarted', rule('started', 'L0', own)],
  [
    'EventOrderCancelled',
    rule('cancelled', 'L0', (event) =>
      event.reason === CancelReason.CANCEL_REASON_LIQUIDATION ? [event.subaccount] : [],
    ),
  ],
  ['EventLiquidation', rule('close', 'L1', own)],
  ['EventAuction', rule('auction', 'L1', nobody, ['close'])],
  ['EventFill', rule('fill', 'L1', (event) => (event.liquidation ? [event.subaccount] : []))],
  ['EventLiquidationPenalty', rule('penalty', 'L1', own)],
  ['EventKeeperFill', rule('keeperFill', 'L2', (event) => [event.subaccount, event.keeper])],
  ['EventBackstopTakeover', rule('takeover', 'L3', (event) => [event.subaccount, event.vault])],
  ['EventBankruptcy', rule('bankruptcy', 'L4', own)],
  ['EventDeficit', rule('deficit', 'L4', nobody, ['bankruptcy', 'deleveraged', 'haircut'])],
  ['EventDeleveraged', rule('deleveraged', 'L5', own)],
  ['EventHaircut', rule('haircut', 'L6', own)],
  ['EventRecoveryGranted', rule('recovery', 'L6', own)],
]);

const ranks = new Map([...stages.values()].map(({ field }, rank) => [field, 2 * rank]));

/** A penalty is charged in two stages, and stands behind what it was charged for. */
const isForTakeover = ({ penalty }: TraceStep): boolean => penalty?.takenOver === true;

/** Where a step stands among those of its account. */
export const rankOf = (field: StepField, step: TraceStep): number =>
  isForTakeover(step) ? ranks.get('keeperFill')! + 1 : ranks.get(field)!;

/** The stage of the waterfall that a step belongs to. */
export const stageOf = (stage: string, step: TraceStep): string => (isForTakeover(step) ? 'L2' : stage);

/** Markets that a step is about. */
export function marketsOf(step: TraceStep): readonly number[] {
  if (step.started !== undefined) return (step.started.standing?.positions ?? []).map(({ marketId }) => marketId);
  if (step.bankruptcy !== undefined) return step.bankruptcy.shares.map(({ marketId }) => marketId);
  const event =
    step.cancelled ??
    step.close ??
    step.auction ??
    step.fill ??
    step.penalty ??
    step.keeperFill ??
    step.takeover ??
    step.deficit ??
    step.deleveraged ??
    step.haircut ??
    step.recovery ??
    step.breaker;
  return event === undefined ? [] : [event.marketId];
}
