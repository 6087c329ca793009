import type { Coin } from '../../gen/cosmos/base/v1beta1/coin.js';
import type {
  MsgCancelExit,
  MsgCancelExitResponse,
  MsgDeposit,
  MsgDepositResponse,
  MsgFundProtocol,
  MsgFundProtocolResponse,
  MsgRequestExit,
  MsgRequestExitResponse,
} from '../../gen/plimsoll/backstop/v1/tx.js';
import { parseAddress } from '../../runtime/baseapp/address.js';
import { parseAmount } from '../../runtime/baseapp/coins.js';
import type { Context } from '../../runtime/baseapp/context.js';
import { toBech32 } from '../../runtime/crypto/address.js';
import { million } from '../../runtime/math/integers.js';
import { mint } from '../../runtime/pool/shares.js';
import { errors } from './errors.js';
import { collateralDenom, type BackstopKeeper } from './keeper.js';
import { assetsOf } from './pricing.js';
import { classNames } from './types.js';

/** @throws AppError backstop/3 */
export function requireNumber(number: number): number {
  if (classNames[number] === undefined)
    throw errors.vaultNotFound(`number: ${number}; expected a class from 1 (A) to 4 (D)`);
  return number;
}

/** Shares at what the vault is worth now, less half the margin of what it holds. @throws AppError backstop/3, 4, 6, 7, sdk/5 */
export function deposit(ctx: Context, keeper: BackstopKeeper, msg: MsgDeposit): MsgDepositResponse {
  const owner = parseAddress(msg.owner, 'owner');
  const shares = enter(ctx, keeper, msg.number, owner, msg.amount, false);
  keeper.store.setShares(ctx, msg.number, owner, keeper.store.shares(ctx, msg.number, owner) + shares);
  return { shares: shares.toString() };
}

/** A gift for which the protocol gets shares, at the price that everybody pays. @throws AppError backstop/3, 4, 6, 7, sdk/5 */
export function fundProtocol(ctx: Context, keeper: BackstopKeeper, msg: MsgFundProtocol): MsgFundProtocolResponse {
  const funder = parseAddress(msg.funder, 'funder');
  return { shares: enter(ctx, keeper, msg.number, funder, msg.amount, true).toString() };
}

/** @returns shares, rounded down */
function enter(
  ctx: Context,
  keeper: BackstopKeeper,
  number: number,
  from: Uint8Array,
  coin: Coin | undefined,
  protocol: boolean,
): bigint {
  const { store } = keeper;
  requireNumber(number);
  if (coin?.denom !== collateralDenom)
    throw errors.invalidDenom(`amount: ${JSON.stringify(coin?.denom.slice(0, 140))}; only ${collateralDenom} is taken`);
  const amount = parseAmount(coin.amount, 'amount');
  const { minDeposit } = store.params(ctx);
  if (amount < BigInt(minDeposit)) throw errors.depositTooSmall(`amount: ${amount}; at least ${minDeposit}`);
  const standing = keeper.accounts.standing(ctx, number);
  const name = classNames[number]!;
  if (!standing.priced)
    throw errors.notPriced(`number: a position of the vault of class ${name} has no fresh price; try again with one`);
  const vault = store.vault(ctx, number);
  const assets = assetsOf(standing.worth, standing.maintenanceMargin);
  // Shares of a vault that lost all but a millionth would soon be more than 128 bits count.
  if (vault.shares > 0n && (assets + 1n) * million * million < vault.shares)
    throw errors.notPriced(`number: the vault of class ${name} lost what its shares were made of; it has ${assets}`);
  const shares = mint(amount, vault.shares, assets);
  if (shares === 0n) throw errors.depositTooSmall(`amount: ${amount} is less than the smallest share`);
  keeper.fund(ctx, number, from, amount, shares, protocol);
  ctx.emit('plimsoll.backstop.v1.EventDeposit', {
    number,
    owner: protocol ? '' : toBech32(from),
    amount: amount.toString(),
    shares: shares.toString(),
  });
  return shares;
}

/** @throws AppError backstop/3, 8, 9, 10 */
export function requestExit(ctx: Context, keeper: BackstopKeeper, msg: MsgRequestExit): MsgRequestExitResponse {
  const { store } = keeper;
  const owner = parseAddress(msg.owner, 'owner');
  const number = requireNumber(msg.number);
  if (!/^[1-9][0-9]{0,37}$/.test(msg.shares))
    throw errors.invalidShares(`shares: ${JSON.stringify(msg.shares.slice(0, 64))} is not a positive integer`);
  const asked = takeBack(ctx, keeper, number, owner) + BigInt(msg.shares);
  const held = store.shares(ctx, number, owner);
  if (asked > held) throw errors.insufficientShares(`shares: ${asked} with those asked before; held are ${held}`);
  const readyMs = ctx.block.timeMs + store.params(ctx).cooldownMs;
  store.setExit(ctx, { number, owner, shares: asked, readyMs, mature: false });
  ctx.emit('plimsoll.backstop.v1.EventExitRequested', {
    number,
    owner: msg.owner,
    shares: asked.toString(),
    readyMs,
  });
  return { readyMs };
}

/** @throws AppError backstop/3, 10 */
export function cancelExit(ctx: Context, keeper: BackstopKeeper, msg: MsgCancelExit): MsgCancelExitResponse {
  const owner = parseAddress(msg.owner, 'owner');
  const number = requireNumber(msg.number);
  const shares = takeBack(ctx, keeper, number, owner).toString();
  if (shares === '0')
    throw errors.noExit(`owner: ${msg.owner} asked for nothing of the vault of class ${classNames[number]}`);
  ctx.emit('plimsoll.backstop.v1.EventExitCancelled', { number, owner: msg.owner, shares });
  return { shares };
}

/** Ends a request. @returns its shares, zero when there is none @throws AppError backstop/10 while an epoch serves it */
function takeBack(ctx: Context, { store }: BackstopKeeper, number: number, owner: Uint8Array): bigint {
  const exit = store.exit(ctx, number, owner);
  if (exit === undefined) return 0n;
  if (exit.mature) {
    if (store.payout(ctx, number) !== undefined)
      throw errors.noExit(`number: an epoch of class ${classNames[number]} is being paid out; try again next block`);
    const vault = store.vault(ctx, number);
    store.setVault(ctx, { ...vault, matureShares: vault.matureShares - exit.shares });
  }
  store.deleteExit(ctx, number, owner);
  return exit.shares;
}
