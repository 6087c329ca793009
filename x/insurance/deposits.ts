import type {
  MsgCancelExit,
  MsgCancelExitResponse,
  MsgDeposit,
  MsgDepositResponse,
  MsgRequestExit,
  MsgRequestExitResponse,
} from '../../gen/plimsoll/insurance/v1/tx.js';
import type { TrancheId as ProtoId } from '../../gen/plimsoll/insurance/v1/insurance.js';
import type { Coin } from '../../gen/cosmos/base/v1beta1/coin.js';
import { parseAddress } from '../../runtime/baseapp/address.js';
import { parseAmount } from '../../runtime/baseapp/coins.js';
import type { Context } from '../../runtime/baseapp/context.js';
import { mint } from '../../runtime/pool/shares.js';
import { idFromProto, idText, idToProto } from './codecs.js';
import { errors } from './errors.js';
import { collateralDenom, moduleName, type InsuranceKeeper } from './keeper.js';
import { depositRoom } from './slices.js';
import type { TrancheId } from './types.js';

/** @throws AppError insurance/3 */
export function requireId(proto: ProtoId | undefined): TrancheId {
  const id = idFromProto(proto);
  if (id === undefined)
    throw errors.trancheNotFound('tranche: expected a market and its id, a class from 1 (A) to 3 (C), or global and 0');
  return id;
}

/** @throws AppError insurance/4, sdk/10 */
export function requireCollateral(coin: Coin | undefined): bigint {
  if (coin?.denom !== collateralDenom)
    throw errors.invalidDenom(`amount: ${JSON.stringify(coin?.denom.slice(0, 140))}; only ${collateralDenom} is taken`);
  return parseAmount(coin.amount, 'amount');
}

/** Shares at what the senior slice is worth now. @throws AppError insurance/3, 4, 6, 7, sdk/5 */
export function deposit(ctx: Context, keeper: InsuranceKeeper, msg: MsgDeposit): MsgDepositResponse {
  const { store, bank } = keeper;
  const owner = parseAddress(msg.owner, 'owner');
  const tranche = keeper.requireTranche(ctx, requireId(msg.tranche));
  const amount = requireCollateral(msg.amount);
  const { minDeposit, juniorSharePpm } = store.params(ctx);
  if (amount < BigInt(minDeposit)) throw errors.depositTooSmall(`amount: ${amount}; at least ${minDeposit}`);
  const room = depositRoom(tranche, BigInt(juniorSharePpm));
  if (room !== undefined && amount > room)
    throw errors.noDepositRoom(
      `amount: ${amount}; ${idText(tranche.id)} takes ${room} more while its junior slice is ${tranche.junior}`,
    );
  const shares = mint(amount, tranche.shares, tranche.senior);
  if (shares === 0n) throw errors.depositTooSmall(`amount: ${amount} is less than the smallest share`);
  bank.sendToModule(ctx, owner, moduleName, collateralDenom, amount);
  store.setTranche(ctx, {
    ...tranche,
    senior: tranche.senior + amount,
    shares: tranche.shares + shares,
    totalIn: tranche.totalIn + amount,
  });
  store.setShares(ctx, tranche.id, owner, store.shares(ctx, tranche.id, owner) + shares);
  ctx.emit('plimsoll.insurance.v1.EventDeposit', {
    tranche: idToProto(tranche.id),
    owner: msg.owner,
    amount: amount.toString(),
    shares: shares.toString(),
  });
  return { shares: shares.toString() };
}

/** @throws AppError insurance/3, 8, 9, 10 */
export function requestExit(ctx: Context, keeper: InsuranceKeeper, msg: MsgRequestExit): MsgRequestExitResponse {
  const { store } = keeper;
  const owner = parseAddress(msg.owner, 'owner');
  const { id } = keeper.requireTranche(ctx, requireId(msg.tranche));
  if (!/^[1-9][0-9]{0,37}$/.test(msg.shares))
    throw errors.invalidShares(`shares: ${JSON.stringify(msg.shares.slice(0, 64))} is not a positive integer`);
  const asked = takeBack(ctx, keeper, id, owner) + BigInt(msg.shares);
  const held = store.shares(ctx, id, owner);
  if (asked > held) throw errors.insufficientShares(`shares: ${asked} with those asked before; held are ${held}`);
  const readyMs = ctx.block.timeMs + store.params(ctx).cooldownMs;
  store.setExit(ctx, { tranche: id, owner, shares: asked, readyMs, mature: false });
  ctx.emit('plimsoll.insurance.v1.EventExitRequested', {
    tranche: idToProto(id),
    owner: msg.owner,
    shares: asked.toString(),
    readyMs,
  });
  return { readyMs };
}

/** @throws AppError insurance/3, 10 */
export function cancelExit(ctx: Context, keeper: InsuranceKeeper, msg: MsgCancelExit): MsgCancelExitResponse {
  const owner = parseAddress(msg.owner, 'owner');
  const { id } = keeper.requireTranche(ctx, requireId(msg.tranche));
  const shares = takeBack(ctx, keeper, id, owner).toString();
  if (shares === '0') throw errors.noExit(`owner: ${msg.owner} asked for nothing of ${idText(id)}`);
  ctx.emit('plimsoll.insurance.v1.EventExitCancelled', { tranche: idToProto(id), owner: msg.owner, shares });
  return { shares };
}

/** Ends a request. @returns its shares, zero when there is none @throws AppError insurance/10 while an epoch serves it */
function takeBack(ctx: Context, { store }: InsuranceKeeper, id: TrancheId, owner: Uint8Array): bigint {
  const exit = store.exit(ctx, id, owner);
  if (exit === undefined) return 0n;
  if (exit.mature) {
    if (store.payout(ctx, id) !== undefined)
      throw errors.noExit(`tranche: an epoch of ${idText(id)} is being paid out; try again in the next block`);
    const tranche = store.tranche(ctx, id)!;
    store.setTranche(ctx, { ...tranche, matureShares: tranche.matureShares - exit.shares });
  }
  store.deleteExit(ctx, id, owner);
  return exit.shares;
}
