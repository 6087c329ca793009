import type { MsgDefinition } from '../../gen/cosmos/distribution/v1beta1/tx.js';
import { parseAddress } from '../../runtime/baseapp/address.js';
import { requireAuthority } from '../../runtime/baseapp/authority.js';
import { parseCoins } from '../../runtime/baseapp/coins.js';
import { sdkErrors } from '../../runtime/baseapp/errors.js';
import type { Handlers } from '../../runtime/baseapp/module.js';
import { operatorPrefix, toBech32 } from '../../runtime/crypto/address.js';
import { coinsOf, coinsText, hasAll, subCoins, type Coins } from './dec-coins.js';
import { errors } from './errors.js';
import { moduleName, type DistributionKeeper } from './keeper.js';
import { validateParams } from './params.js';
import { startDelegation, withdraw, withdrawCommission } from './rewards.js';

export function messages(k: DistributionKeeper, authority: string): Handlers<typeof MsgDefinition> {
  return {
    setWithdrawAddress: (ctx, msg) => {
      const delegator = parseAddress(msg.delegatorAddress, 'delegator_address');
      const address = parseAddress(msg.withdrawAddress, 'withdraw_address');
      if (!k.params(ctx).withdrawAddrEnabled) throw errors.withdrawAddressFixed();
      if (k.bank.isBlocked(address))
        throw sdkErrors.unauthorized(`withdraw_address: ${msg.withdrawAddress} is a module's and receives nothing`);
      k.setWithdrawAddress(ctx, delegator, address);
      ctx.events.emit('set_withdraw_address', [['withdraw_address', msg.withdrawAddress]]);
      return {};
    },
    withdrawDelegatorReward: (ctx, msg) => {
      const delegator = parseAddress(msg.delegatorAddress, 'delegator_address');
      const operator = parseAddress(msg.validatorAddress, 'validator_address', operatorPrefix);
      const paid = withdraw(ctx, k, operator, delegator);
      startDelegation(ctx, k, operator, delegator);
      return { amount: toProto(paid) };
    },
    withdrawValidatorCommission: (ctx, msg) => {
      const operator = parseAddress(msg.validatorAddress, 'validator_address', operatorPrefix);
      return { amount: toProto(withdrawCommission(ctx, k, operator)) };
    },
    fundCommunityPool: (ctx, msg) => {
      const depositor = parseAddress(msg.depositor, 'depositor');
      const coins = parseCoins(msg.amount, 'amount');
      for (const [denom, amount] of coins) k.bank.sendToModule(ctx, depositor, moduleName, denom, amount);
      k.addToPool(ctx, coinsOf(coins));
      return {};
    },
    updateParams: (ctx, msg) => {
      requireAuthority(msg.authority, authority);
      if (msg.params === undefined) throw sdkErrors.invalidRequest('params: missing');
      validateParams(msg.params);
      k.setParams(ctx, msg.params);
      return {};
    },
    communityPoolSpend: (ctx, msg) => {
      requireAuthority(msg.authority, authority);
      const recipient = parseAddress(msg.recipient, 'recipient');
      if (k.bank.isBlocked(recipient))
        throw sdkErrors.unauthorized(`recipient: ${toBech32(recipient)} is a module's and receives nothing`);
      const coins = parseCoins(msg.amount, 'amount');
      const wanted = coinsOf(coins);
      const pool = k.communityPool(ctx);
      if (!hasAll(pool, wanted)) throw errors.poolTooSmall(`amount: ${coinsText(coins)}`);
      k.setCommunityPool(ctx, subCoins(pool, wanted));
      for (const [denom, amount] of coins) k.bank.sendFromModule(ctx, moduleName, recipient, denom, amount);
      return {};
    },
  };
}

const toProto = (coins: Coins) => coins.map(([denom, amount]) => ({ denom, amount: amount.toString() }));
