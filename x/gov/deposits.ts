import { ProposalStatus, type Params, type Proposal } from '../../gen/cosmos/gov/v1/gov.js';
import { parseCoins, type CoinLike } from '../../runtime/baseapp/coins.js';
import type { Context } from '../../runtime/baseapp/context.js';
import { decFromText, type Dec } from '../../runtime/baseapp/dec.js';
import { msOfProtoTime, protoTimeOf } from '../../runtime/baseapp/time.js';
import { fromBech32 } from '../../runtime/crypto/address.js';
import type { Deps } from './deps.js';
import { errors } from './errors.js';
import { moduleName, queues } from './keeper.js';

type Coins = readonly (readonly [denom: string, amount: bigint])[];

export const coinsText = (coins: readonly CoinLike[]): string =>
  coins.map(({ denom, amount }) => amount + denom).join(',');

/** What opens the vote. */
export const minDepositOf = (params: Params, expedited: boolean): Params['minDeposit'] =>
  expedited ? params.expeditedMinDeposit : params.minDeposit;

const amountOf = (coins: readonly CoinLike[], denom: string): bigint =>
  BigInt(coins.find((coin) => coin.denom === denom)?.amount ?? '0');

const hasAll = (coins: readonly CoinLike[], least: readonly CoinLike[]): boolean =>
  least.every(({ denom, amount }) => amountOf(coins, denom) >= BigInt(amount));

/** A share of coins, up. */
const shareOf = (coins: readonly CoinLike[], ratio: Dec): CoinLike[] =>
  coins.map(({ denom, amount }) => ({
    denom,
    amount: ((BigInt(amount) * ratio + 10n ** 18n - 1n) / 10n ** 18n).toString(),
  }));

function plus(coins: readonly CoinLike[], more: Coins): { denom: string; amount: string }[] {
  const sums = new Map(coins.map(({ denom, amount }) => [denom, BigInt(amount)]));
  for (const [denom, amount] of more) sums.set(denom, (sums.get(denom) ?? 0n) + amount);
  return [...sums.keys()]
    .sort((a, b) => (a < b ? -1 : 1))
    .map((denom) => ({ denom, amount: sums.get(denom)!.toString() }));
}

/** What a proposal begins with. @throws AppError gov/16, gov/23, sdk/10 */
export function requireInitialDeposit(params: Params, given: readonly CoinLike[], expedited: boolean): Coins {
  const least = shareOf(minDepositOf(params, expedited), decFromText(params.minInitialDepositRatio));
  const coins = given.length === 0 ? [] : requireDenoms(params, given, expedited);
  if (!hasAll(given, least))
    throw errors.minDepositTooSmall(`initial_deposit: ${coinsText(given) || 'nothing'}; expected ${coinsText(least)}`);
  return coins;
}

function requireDenoms(params: Params, given: readonly CoinLike[], expedited: boolean): Coins {
  const accepted = minDepositOf(params, expedited).map(({ denom }) => denom);
  const coins = parseCoins(given, 'amount');
  for (const [denom] of coins)
    if (!accepted.includes(denom)) throw errors.invalidDepositDenom(`${denom}; expected ${accepted.join(' or ')}`);
  return coins;
}

/**
 * Adds to a proposal's deposit and opens its vote when it suffices.
 * @throws AppError gov/3 unless the proposal waits for deposits or is voted on, gov/16, gov/23, sdk/5, sdk/10
 */
export function addDeposit(
  ctx: Context,
  deps: Deps,
  proposal: Proposal,
  depositor: Uint8Array,
  given: readonly CoinLike[],
): void {
  const params = deps.keeper.params(ctx);
  const coins = requireDenoms(params, given, proposal.expedited);
  const least = shareOf(minDepositOf(params, proposal.expedited), decFromText(params.minDepositRatio));
  if (!least.some(({ denom, amount }) => amountOf(given, denom) >= BigInt(amount)))
    throw errors.minDepositTooSmall(`amount: ${coinsText(given)}; expected at least ${coinsText(least)}`);
  receive(ctx, deps, proposal, depositor, coins);
}

/** Books a deposit without a least size: the one that a proposal comes with. */
export function receive(ctx: Context, deps: Deps, proposal: Proposal, depositor: Uint8Array, coins: Coins): void {
  const { keeper, bank } = deps;
  const { id, status } = proposal;
  if (
    status !== ProposalStatus.PROPOSAL_STATUS_DEPOSIT_PERIOD &&
    status !== ProposalStatus.PROPOSAL_STATUS_VOTING_PERIOD
  )
    throw errors.inactiveProposal(`proposal_id: ${id} has ended`);
  for (const [denom, amount] of coins) bank.sendToModule(ctx, depositor, moduleName, denom, amount);
  keeper.setDeposit(ctx, id, depositor, plus(keeper.deposit(ctx, id, depositor)?.amount ?? [], coins));
  let changed: Proposal = { ...proposal, totalDeposit: plus(proposal.totalDeposit, coins) };
  const enough = hasAll(changed.totalDeposit, minDepositOf(keeper.params(ctx), proposal.expedited));
  if (status === ProposalStatus.PROPOSAL_STATUS_DEPOSIT_PERIOD && enough) changed = openVote(ctx, deps, changed);
  keeper.setProposal(ctx, changed);
  ctx.events.emit('proposal_deposit', [
    ['amount', coins.map(([denom, amount]) => `${amount}${denom}`).join(',')],
    ['proposal_id', id.toString()],
  ]);
}

/** The vote on a proposal begins with this block. */
export function openVote(ctx: Context, { keeper }: Deps, proposal: Proposal): Proposal {
  const params = keeper.params(ctx);
  const now = ctx.block.timeMs;
  const end = now + msOfProtoTime(proposal.expedited ? params.expeditedVotingPeriod : params.votingPeriod);
  keeper.dequeue(ctx, queues.depositEnds, msOfProtoTime(proposal.depositEndTime), proposal.id);
  keeper.enqueue(ctx, queues.voteEnds, end, proposal.id);
  ctx.events.emit('proposal_deposit', [['voting_period_start', proposal.id.toString()]]);
  return {
    ...proposal,
    status: ProposalStatus.PROPOSAL_STATUS_VOTING_PERIOD,
    votingStartTime: protoTimeOf(now),
    votingEndTime: protoTimeOf(end),
  };
}

/** Gives every deposit of a proposal back. */
export function refundDeposits(ctx: Context, { keeper, bank }: Deps, id: bigint): void {
  for (const { depositor, amount } of [...keeper.deposits(ctx, id)])
    for (const coin of amount)
      bank.sendFromModule(ctx, moduleName, fromBech32(depositor), coin.denom, BigInt(coin.amount));
  keeper.deleteDeposits(ctx, id);
}

/** Destroys every deposit of a proposal. */
export function burnDeposits(ctx: Context, { keeper, bank }: Deps, id: bigint): void {
  for (const { amount } of [...keeper.deposits(ctx, id)])
    for (const coin of amount) bank.burn(ctx, moduleName, coin.denom, BigInt(coin.amount));
  keeper.deleteDeposits(ctx, id);
}

/** Gives deposits back less a share (down), which burns or goes to an address. */
export function chargeDeposits(ctx: Context, { keeper, bank }: Deps, id: bigint, ratio: Dec, to: string): void {
  for (const { depositor, amount } of [...keeper.deposits(ctx, id)]) {
    for (const coin of amount) {
      const whole = BigInt(coin.amount);
      const charge = (whole * ratio) / 10n ** 18n;
      if (whole > charge) bank.sendFromModule(ctx, moduleName, fromBech32(depositor), coin.denom, whole - charge);
      if (charge === 0n) continue;
      if (to === '') bank.burn(ctx, moduleName, coin.denom, charge);
      else bank.sendFromModule(ctx, moduleName, fromBech32(to), coin.denom, charge);
    }
  }
  keeper.deleteDeposits(ctx, id);
}
