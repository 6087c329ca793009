import { MsgCancelKeeperBid } from '../../gen/plimsoll/perps/v1/keeper_bids.js';
import {
  MsgAmendOrder,
  MsgCancelAllOrders,
  MsgCancelOrder,
  MsgPlaceConditionalOrder,
  MsgPlacePeggedOrder,
  MsgPlaceScaleOrder,
  MsgPlaceTwapOrder,
  MsgScheduleCancel,
} from '../../gen/plimsoll/perps/v1/tx.js';
import type { TriggerKind } from '../../gen/plimsoll/perps/v1/conditional.js';
import { OrderType, type Side } from '../../gen/plimsoll/perps/v1/types.js';
import type { SigningKey } from '../../cmd/plimsolld/keyring/keyring.js';
import type { TxMessage } from '../../runtime/codec/tx.js';
import { fromBech32 } from '../../runtime/crypto/address.js';
import { algosOf } from '../../x/perps/algos/orders.js';
import { conditionalsOf } from '../../x/perps/conditional/orders.js';
import { subaccountKey } from '../../x/perps/subaccount-key.js';
import type { TestChain } from './chain.js';
import { message } from './messages.js';

/** Messages of orders that wait, and what a subaccount has of each kind. */

export const conditional = (
  { address: owner }: SigningKey,
  kind: TriggerKind,
  side: Side,
  triggerPrice: bigint,
  changes: Partial<MsgPlaceConditionalOrder> = {},
): TxMessage =>
  message(
    'MsgPlaceConditionalOrder',
    MsgPlaceConditionalOrder,
    MsgPlaceConditionalOrder.fromPartial({
      owner,
      marketId: 1,
      clientId: 10n,
      side,
      kind,
      triggerPrice,
      type: OrderType.ORDER_TYPE_MARKET,
      maxSlippagePpm: 50_000,
      ...changes,
    }),
  );

export const twap = ({ address: owner }: SigningKey, changes: Partial<MsgPlaceTwapOrder>): TxMessage =>
  message('MsgPlaceTwapOrder', MsgPlaceTwapOrder, MsgPlaceTwapOrder.fromPartial({ owner, marketId: 1, ...changes }));

export const scale = ({ address: owner }: SigningKey, changes: Partial<MsgPlaceScaleOrder>): TxMessage =>
  message('MsgPlaceScaleOrder', MsgPlaceScaleOrder, MsgPlaceScaleOrder.fromPartial({ owner, marketId: 1, ...changes }));

export const peg = ({ address: owner }: SigningKey, changes: Partial<MsgPlacePeggedOrder>): TxMessage =>
  message(
    'MsgPlacePeggedOrder',
    MsgPlacePeggedOrder,
    MsgPlacePeggedOrder.fromPartial({ owner, marketId: 1, ...changes }),
  );

export const amend = ({ address: owner }: SigningKey, changes: Partial<MsgAmendOrder>): TxMessage =>
  message('MsgAmendOrder', MsgAmendOrder, MsgAmendOrder.fromPartial({ owner, marketId: 1, ...changes }));

export const cancel = ({ address: owner }: SigningKey, clientId: bigint): TxMessage =>
  message('MsgCancelOrder', MsgCancelOrder, { owner, subaccountNumber: 0, marketId: 1, clientId });

export const cancelKeeperBid = ({ address: owner }: SigningKey, clientId: bigint): TxMessage =>
  message('MsgCancelKeeperBid', MsgCancelKeeperBid, { owner, subaccountNumber: 0, marketId: 1, clientId });

export const cancelAll = ({ address: owner }: SigningKey): TxMessage =>
  message('MsgCancelAllOrders', MsgCancelAllOrders, { owner, subaccountNumber: 0, marketId: 0 });

export const schedule = ({ address: owner }: SigningKey, timeMs: bigint): TxMessage =>
  message('MsgScheduleCancel', MsgScheduleCancel, { owner, subaccountNumber: 0, timeMs });

const keyOf = ({ address }: SigningKey): string => subaccountKey(fromBech32(address), 0);

/** Client ids of a trader's open, conditional and algorithmic orders. */
export function idsOf(chain: TestChain, key: SigningKey) {
  const ctx = chain.plimsoll.app.queryContext();
  const account = keyOf(key);
  return {
    open: [...chain.plimsoll.keepers.perps.ordersOf(ctx, account)].map(([{ clientId }]) => clientId),
    conditional: [...conditionalsOf(ctx, account)].map(([{ clientId }]) => clientId),
    algo: [...algosOf(ctx, account)].map(([{ clientId }]) => clientId),
  };
}

export const positionOf = (chain: TestChain, key: SigningKey): bigint =>
  chain.plimsoll.keepers.perps.position(chain.plimsoll.app.queryContext(), keyOf(key), 1)?.quantity ?? 0n;

type WithEvents = {
  readonly events: readonly { readonly type: string; readonly attributes: readonly { key: string; value: string }[] }[];
};

/** Perps events of a name, with their attributes as values. */
export const eventsOf = (results: WithEvents, name: string): Record<string, unknown>[] =>
  results.events
    .filter(({ type }) => type === `plimsoll.perps.v1.${name}`)
    .map(({ attributes }) =>
      // What a transaction emits is tagged with its message, which is no JSON of an event.
      Object.fromEntries(
        attributes
          .filter(({ key }) => key !== 'msg_index')
          .map(({ key, value }) => [key, JSON.parse(value) as unknown]),
      ),
    );
