import { keeperBids } from '../../x/perps/keeper-bids/store.js';
import { between, pick } from './draws.js';
import { json } from './message.js';
import { clientIdFor, numberFor, perps, sideOf, type Op } from './occasion.js';
import { keyOf, marketIds } from './world.js';

const usdc = 1_000_000n;

/** What those send who take liquidated positions over. */
export const keeperOps: readonly Op[] = [
  {
    name: 'bid as a keeper',
    weight: 6,
    make: (actor, draws, world) => [
      json(`${perps}MsgPlaceKeeperBid`, {
        owner: actor.wallet.bech32,
        subaccount_number: numberFor(draws),
        market_id: pick(draws, marketIds),
        client_id: clientIdFor(draws, world),
        side: sideOf(draws.below(2) === 0),
        max_notional: `${BigInt(pick(draws, [900, 2_000, 20_000])) * usdc}`,
        min_discount_ppm: between(draws, 0, 10) * 500,
      }),
    ],
  },
  {
    name: 'withdraw a keeper bid',
    weight: 1,
    make(actor, draws, { ctx }) {
      const bids = [...keeperBids.of(ctx, keyOf(actor))];
      if (bids.length === 0) return undefined;
      const [{ marketId, clientId }] = pick(draws, bids);
      return [
        json(`${perps}MsgCancelKeeperBid`, {
          owner: actor.wallet.bech32,
          subaccount_number: 0,
          market_id: marketId,
          client_id: clientId,
        }),
      ];
    },
  },
];
