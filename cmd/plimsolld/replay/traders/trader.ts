import { subaccountKey } from '../../../../x/perps/subaccount-key.js';
import type { MarketId, SubaccountKey } from '../../../../x/perps/types.js';
import type { ReplayInputs } from '../inputs.js';
import { Randomness } from '../random.js';
import { Wallet } from '../wallet.js';

/** How a trader behaves; see the file of the same name, and leveraged.ts for the last two. */
export type Role = 'maker' | 'keeper' | 'trend' | 'reversion' | 'long' | 'short';

export interface Trader {
  readonly index: number;
  readonly role: Role;
  /** Where it trades; leveraged traders of A to C sometimes hold two markets in one account. */
  readonly markets: readonly MarketId[];
  readonly wallet: Wallet;
  readonly subaccount: SubaccountKey;
  /** Collateral it starts with and tops up to, quote quanta. */
  readonly stake: bigint;
}

const usdc = 1_000_000n;
/** Of every twenty traders; the rest of each twenty follows this order. */
const roles: readonly Role[] = [
  'maker', 'long', 'short', 'keeper', 'long', 'reversion', 'short', 'long', 'trend', 'short',
  'maker', 'long', 'short', 'trend', 'reversion', 'long', 'short', 'trend', 'long', 'short',
]; // prettier-ignore
/** Beyond these, a market's makers would absorb any crash. */
const maxMakersPerMarket = 20;
/** What makers and keepers start with: others count on them. */
const deskStake = 15_000n * usdc;
const stakes = [500n, 1_000n, 1_500n, 2_000n, 3_000n, 4_000n, 6_000n, 10_000n].map((each) => each * usdc);

/** The traders of a replay: keys, roles and stakes follow from the seed and the index. */
export function makeTraders({ accounts, seed, prices, className }: ReplayInputs): Trader[] {
  const randomness = new Randomness(seed);
  const makers = new Map<MarketId, number>();
  return Array.from({ length: accounts }, (_, index) => {
    const draws = randomness.at(0, index);
    // Whole rounds of roles go to one market after the other, so that each market has every role.
    const home = (Math.floor(index / roles.length) % prices.length) + 1;
    let role = roles[index % roles.length]!;
    const known = makers.get(home) ?? 0;
    if (role === 'maker' && known >= maxMakersPerMarket) role = draws.below(2) === 0 ? 'long' : 'short';
    if (role === 'maker') makers.set(home, known + 1);
    const leveraged = role === 'long' || role === 'short';
    const second = leveraged && className !== 'D' && prices.length > 1 && draws.below(4) === 0;
    const wallet = new Wallet(`plimsoll replay ${seed} trader ${index}`);
    return {
      index,
      role,
      markets: second ? [home, (home % prices.length) + 1] : [home],
      wallet,
      subaccount: subaccountKey(wallet.address, 0),
      stake: role === 'maker' || role === 'keeper' ? deskStake : stakes[draws.below(stakes.length)]!,
    };
  });
}

/** How many traders there are of each role. */
export function countRoles(traders: readonly Trader[]): Record<Role, number> {
  const counts: Record<Role, number> = { maker: 0, keeper: 0, trend: 0, reversion: 0, long: 0, short: 0 };
  for (const { role } of traders) counts[role]++;
  return counts;
}
