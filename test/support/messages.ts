import { MsgPlaceKeeperBid } from '../../gen/plimsoll/perps/v1/keeper_bids.js';
import { MsgCancelNetting, MsgRequestNetting } from '../../gen/plimsoll/perps/v1/netting.js';
import { MsgDeposit, MsgPlaceOrder, MsgWithdraw } from '../../gen/plimsoll/perps/v1/tx.js';
import { OrderType, TimeInForce, type Side } from '../../gen/plimsoll/perps/v1/types.js';
import type { SigningKey } from '../../cmd/plimsolld/keyring/keyring.js';
import type { TxMessage } from '../../runtime/codec/tx.js';

/** A perps message as a transaction carries it. */
export const message = <T>(
  name: string,
  type: { encode(value: T): { finish(): Uint8Array } },
  value: T,
): TxMessage => ({
  typeName: `plimsoll.perps.v1.${name}`,
  bytes: type.encode(value).finish(),
});
export const coin = (amount: bigint) => ({ denom: 'uusdc', amount: amount.toString() });

export const deposit = ({ address: owner }: SigningKey, amount: bigint, subaccountNumber = 0): TxMessage =>
  message('MsgDeposit', MsgDeposit, { owner, subaccountNumber, amount: coin(amount) });
export const withdraw = ({ address: owner }: SigningKey, amount: bigint): TxMessage =>
  message('MsgWithdraw', MsgWithdraw, { owner, subaccountNumber: 0, amount: coin(amount) });
/** A limit order that rests in market 1, unless changed. */
export const order = (
  { address: owner }: SigningKey,
  side: Side,
  quantity: bigint,
  price: bigint,
  changes: Partial<MsgPlaceOrder> = {},
): TxMessage =>
  message(
    'MsgPlaceOrder',
    MsgPlaceOrder,
    MsgPlaceOrder.fromPartial({
      owner,
      subaccountNumber: 0,
      marketId: 1,
      clientId: 1n,
      side,
      type: OrderType.ORDER_TYPE_LIMIT,
      quantity,
      price,
      timeInForce: TimeInForce.TIME_IN_FORCE_GTC,
      ...changes,
    }),
  );

/** A bid to take failing longs (buy) or shorts (sell) of market 1 over, unless changed. */
export const keeperBid = (
  { address: owner }: SigningKey,
  side: Side,
  maxNotional: bigint,
  minDiscountPpm: number,
  changes: Partial<MsgPlaceKeeperBid> = {},
): TxMessage =>
  message(
    'MsgPlaceKeeperBid',
    MsgPlaceKeeperBid,
    MsgPlaceKeeperBid.fromPartial({
      owner,
      marketId: 1,
      clientId: 1n,
      side,
      maxNotional: maxNotional.toString(),
      minDiscountPpm,
      ...changes,
    }),
  );

/** A request to net a position of market 1: all of it unless a quantity is given. */
export const requestNetting = ({ address: owner }: SigningKey, quantity = 0n, marketId = 1): TxMessage =>
  message('MsgRequestNetting', MsgRequestNetting, { owner, subaccountNumber: 0, marketId, quantity });
export const cancelNetting = ({ address: owner }: SigningKey): TxMessage =>
  message('MsgCancelNetting', MsgCancelNetting, { owner, subaccountNumber: 0, marketId: 1 });
