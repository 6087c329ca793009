import type { PlimsollApp } from '../../app/app.js';
import { addBalance, type AppState } from '../../app/genesis.js';
import type { GenesisMarket } from '../../cmd/plimsolld/node/init.js';
import { Wallet } from '../../cmd/plimsolld/replay/wallet.js';
import type { Context } from '../../runtime/baseapp/context.js';
import { subaccountKey } from '../../x/perps/subaccount-key.js';
import { acceptCollateral } from '../support/collateral.js';
import { listed, type Listing } from '../scenarios/support/crowd.js';
import { scaled } from '../scenarios/support/stage.js';
import type { Listed } from './prices.js';

/** Somebody who sends transactions. */
export interface Actor {
  readonly index: number;
  readonly wallet: Wallet;
  /** Quotes both sides most of the time: without these nobody would trade. */
  readonly maker: boolean;
  /** Votes on proposals. */
  readonly council: boolean;
}

/** What somebody who decides what to send can see. */
export interface World {
  readonly app: PlimsollApp;
  /** The newest committed state. */
  readonly ctx: Context;
  readonly actors: readonly Actor[];
  readonly height: bigint;
  /** Time of the block that is being made, milliseconds. */
  readonly nextMs: bigint;
}

export const listings: readonly Listing[] = [
  ['BTC-USD', 'A', '60000'],
  ['ETH-USD', 'A', '3000'],
  ['SOL-USD', 'B', '150'],
  ['ALT-USD', 'C', '2.5'],
  ['NEW-USD', 'D', '0.8'],
];
export const marketIds = listings.map((_, index) => index + 1);

export const quoted: readonly Listed[] = [
  ...listings.map(([symbol, , price]) => ({ symbol, first: scaled(price, -6), moves: true })),
  { symbol: 'USDT-USD', first: 1_000_000n, moves: false },
];

export const makers = 6;
const councillors = 3;
const usdc = 1_000_000n;

export const makeActors = (seed: string, count: number): Actor[] =>
  Array.from({ length: count }, (_, index) => ({
    index,
    wallet: new Wallet(`plimsoll simulation ${seed} ${index}`),
    maker: index < makers,
    council: index >= makers && index < makers + councillors,
  }));

/** Tranches that a crash can empty. */
export const marketsOfWorld = (): GenesisMarket[] => listed(listings, 2_000n * usdc);

/** Coins for everybody, two assets beside USDC, and a council that decides within a minute. */
export function furnish(state: AppState, actors: readonly Actor[], clamp: boolean): void {
  const owners = actors.map(({ wallet }) => ({ address: wallet.bech32 }));
  for (const { wallet, maker } of actors) {
    addBalance(state, wallet.bech32, 'uusdc', (maker ? 10_000_000n : 300_000n) * usdc);
    addBalance(state, wallet.bech32, 'uplim', 100_000n * usdc);
  }
  acceptCollateral(state, owners as never);
  const charter = state['charter'] as { params: { timelock: string; council: unknown[] } };
  charter.params = {
    timelock: '10s',
    council: actors.filter(({ council }) => council).map(({ wallet }) => ({ address: wallet.bech32, weight: '1' })),
  };
  const { params } = state['gov'] as { params: { voting_period: string; expedited_voting_period: string } };
  params.voting_period = '60s';
  params.expedited_voting_period = '20s';
  if (!clamp) {
    const { pairs } = state['oracle'] as { readonly pairs: { clamp_floor_ppm: number }[] };
    for (const pair of pairs) pair.clamp_floor_ppm = 0;
  }
}

export const keyOf = ({ wallet }: Actor, number = 0): string => subaccountKey(wallet.address, number);
