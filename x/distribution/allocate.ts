import type { Context } from '../../runtime/baseapp/context.js';
import { decFromWire, decOfInt, decOfPpm, decOne, decQuoTruncate, decSub } from '../../runtime/baseapp/dec.js';
import { moduleAddress } from '../../runtime/crypto/address.js';
import { coinsOf, mulCoinsTruncate, noCoins, subCoins, type DecCoins } from './dec-coins.js';
import { moduleName, type DistributionKeeper } from './keeper.js';
import { reward } from './rewards.js';

/**
 * Gives the previous block's fees to those who could vote on it, by power,
 * whether they signed or not: leaving a vote out must not pay. Tax, lost
 * weight and roundings go to the community pool. O(votes * denominations).
 * @param feeCollector module account that fees and other rewards arrive on
 */
export function allocateFees(ctx: Context, k: DistributionKeeper, feeCollector: string): void {
  const collected = [...k.bank.balancesOf(ctx, moduleAddress(feeCollector))].map(
    ([[, denom], amount]) => [denom, amount] as const,
  );
  if (collected.length === 0) return;
  for (const [denom, amount] of collected) k.bank.sendBetweenModules(ctx, feeCollector, moduleName, denom, amount);
  const all = coinsOf(collected);
  let rest = all;
  const votes = k.valset.isByStake(ctx) ? ctx.block.lastCommit : [];
  const totalPower = votes.reduce((sum, { power }) => sum + power, 0n);
  if (totalPower > 0n) {
    const tax = decFromWire(k.params(ctx).communityTax, 'community_tax');
    const forVotes = mulCoinsTruncate(all, decSub(decOne, tax));
    for (const { address, power } of votes) {
      const validator = k.staking.validatorByConsensus(ctx, address);
      if (validator === undefined) continue;
      const part = mulCoinsTruncate(forVotes, decQuoTruncate(decOfInt(power), decOfInt(totalPower)));
      const weighted = scale(part, k.weightOf(ctx, address));
      reward(ctx, k, validator, weighted);
      rest = subCoins(rest, weighted);
    }
  }
  k.addToPool(ctx, rest);
}

function scale(coins: DecCoins, weightPpm: bigint): DecCoins {
  if (weightPpm === 1_000_000n) return coins;
  return weightPpm === 0n ? noCoins : mulCoinsTruncate(coins, decOfPpm(weightPpm));
}
