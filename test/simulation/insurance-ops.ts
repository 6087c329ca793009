import type { Draws } from '../../cmd/plimsolld/replay/random.js';
import { between, oneIn, pick } from './draws.js';
import { json } from './message.js';
import type { Op } from './occasion.js';
import { marketIds, type Actor, type World } from './world.js';

const insurance = 'plimsoll.insurance.v1.';
const usdc = 1_000_000n;

const tranche = (draws: Draws) =>
  pick(draws, [
    { kind: 'TRANCHE_KIND_GLOBAL', number: 0 },
    { kind: 'TRANCHE_KIND_CLASS', number: between(draws, 1, 3) },
    { kind: 'TRANCHE_KIND_MARKET', number: pick(draws, marketIds) },
    { kind: 'TRANCHE_KIND_MARKET', number: 1 },
  ]);

/** One of the tranches that the actor has shares of. */
function held(actor: Actor, draws: Draws, { app, ctx }: World) {
  const own = [...app.keepers.insurance.store.allShares(ctx)].filter(([[, owner]]) =>
    Buffer.from(owner).equals(Buffer.from(actor.wallet.address)),
  );
  return own.length === 0 ? undefined : pick(draws, own);
}

const kinds = { market: 'TRANCHE_KIND_MARKET', class: 'TRANCHE_KIND_CLASS', global: 'TRANCHE_KIND_GLOBAL' } as const;

/** What depositors of the insurance tranches send. */
export const insuranceOps: readonly Op[] = [
  {
    name: 'insure',
    weight: 3,
    make: (actor, draws) => [
      json(`${insurance}MsgDeposit`, {
        owner: actor.wallet.bech32,
        tranche: tranche(draws),
        amount: { denom: 'uusdc', amount: BigInt(between(draws, 50, 5_000)) * usdc },
      }),
    ],
  },
  {
    name: 'give to a tranche',
    weight: 1,
    make: (actor, draws) => [
      json(`${insurance}MsgContribute`, {
        contributor: actor.wallet.bech32,
        tranche: tranche(draws),
        amount: { denom: 'uusdc', amount: BigInt(between(draws, 1, 500)) * usdc + BigInt(draws.below(1_000)) },
      }),
    ],
  },
  {
    name: 'ask to leave a tranche',
    weight: 2,
    make(actor, draws, world) {
      const share = held(actor, draws, world);
      if (share === undefined) return undefined;
      const [[id], shares] = share;
      return [
        json(`${insurance}MsgRequestExit`, {
          owner: actor.wallet.bech32,
          tranche: { kind: kinds[id.kind], number: id.number },
          shares: `${oneIn(draws, 2) ? shares : shares / 3n || 1n}`,
        }),
      ];
    },
  },
  {
    name: 'stay in a tranche',
    weight: 1,
    make(actor, draws, world) {
      const share = held(actor, draws, world);
      if (share === undefined) return undefined;
      const [[id]] = share;
      return [
        json(`${insurance}MsgCancelExit`, {
          owner: actor.wallet.bech32,
          tranche: { kind: kinds[id.kind], number: id.number },
        }),
      ];
    },
  },
];
