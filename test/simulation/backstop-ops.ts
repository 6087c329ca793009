import { between, oneIn, pick } from './draws.js';
import { json } from './message.js';
import type { Op } from './occasion.js';
import type { Actor, World } from './world.js';

const backstop = 'plimsoll.backstop.v1.';
const usdc = 1_000_000n;
const vaults = [1, 2, 3, 4] as const;

const coin = (amount: bigint) => ({ denom: 'uusdc', amount });

/** Vaults of which the actor has shares. */
const owned = (actor: Actor, { app, ctx }: World): readonly (readonly [number: number, shares: bigint])[] =>
  [...app.keepers.backstop.store.allShares(ctx)]
    .filter(([[, owner]]) => Buffer.from(owner).equals(Buffer.from(actor.wallet.address)))
    .map(([[number], shares]) => [number, shares] as const);

/** What owners of the backstop vaults send. */
export const backstopOps: readonly Op[] = [
  {
    name: 'back a class',
    weight: 3,
    make: (actor, draws) => [
      json(`${backstop}MsgDeposit`, {
        owner: actor.wallet.bech32,
        number: pick(draws, vaults),
        amount: coin(BigInt(pick(draws, [60, 1_000, 20_000])) * usdc + BigInt(draws.below(1_000))),
      }),
    ],
  },
  {
    name: 'give to a vault',
    weight: 1,
    make: (actor, draws) => [
      json(`${backstop}MsgFundProtocol`, {
        funder: actor.wallet.bech32,
        number: pick(draws, vaults),
        amount: coin(BigInt(between(draws, 50, 5_000)) * usdc),
      }),
    ],
  },
  {
    name: 'ask to leave a vault',
    weight: 2,
    make(actor, draws, world) {
      const own = owned(actor, world);
      if (own.length === 0) return undefined;
      const [number, shares] = pick(draws, own);
      return [
        json(`${backstop}MsgRequestExit`, {
          owner: actor.wallet.bech32,
          number,
          shares: `${oneIn(draws, 2) ? shares : shares / 3n || 1n}`,
        }),
      ];
    },
  },
  {
    name: 'stay in a vault',
    weight: 1,
    make(actor, draws, world) {
      const own = owned(actor, world);
      if (own.length === 0) return undefined;
      return [json(`${backstop}MsgCancelExit`, { owner: actor.wallet.bech32, number: pick(draws, own)[0] })];
    },
  },
];
