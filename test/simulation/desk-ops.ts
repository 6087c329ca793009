import type { Draws } from '../../cmd/plimsolld/replay/random.js';
import { between, oneIn, pick } from './draws.js';
import { json, type Message } from './message.js';
import { drawOrder, numberFor, perps, sideOf, usdc, type Op } from './occasion.js';
import { keyOf, marketIds, type Actor, type World } from './world.js';

/** Quotes both sides anew, in one message. */
function quote(actor: Actor, draws: Draws, world: World): readonly Message[] | undefined {
  const marketId = marketIds[actor.index % marketIds.length]!;
  const drawn = drawOrder(actor, draws, world, marketId);
  if (drawn === undefined) return undefined;
  const { market: view, account, priceAt } = drawn;
  const own = [...world.app.keepers.perps.ordersOf(world.ctx, keyOf(actor))].map(([at]) => at);
  const size = (account.cash > 0n ? account.cash : usdc) / 40n;
  const raw = (size * view.quoteDivisor) / view.markPrice;
  const quantity = raw - (raw % view.stepSize);
  if (quantity === 0n) return undefined;
  const spread = between(draws, 200, 4_000);
  const places = [1, 2, 3].flatMap((level) =>
    [true, false].map((buy) => ({
      market_id: view.id,
      client_id: world.height * 64n + BigInt(level * 2 + (buy ? 0 : 1)),
      side: sideOf(buy),
      type: 'ORDER_TYPE_LIMIT',
      quantity,
      price: priceAt((buy ? -1 : 1) * spread * level),
      time_in_force: 'TIME_IN_FORCE_GTC',
    })),
  );
  return [
    json(`${perps}MsgBatchOrders`, {
      owner: actor.wallet.bech32,
      subaccount_number: 0,
      cancels: own.map((at) => ({ market_id: at.marketId, client_id: at.clientId })),
      places,
      best_effort: true,
    }),
  ];
}

/** One of the actor's open orders. */
function openOrder(actor: Actor, draws: Draws, { app, ctx }: World) {
  const orders = [...app.keepers.perps.ordersOf(ctx, keyOf(actor))];
  return orders.length === 0 ? undefined : pick(draws, orders);
}

/** What is done with open orders and settings. */
export const deskOps: readonly Op[] = [
  { name: 'quote', weight: 2, make: quote },
  {
    name: 'cancel',
    weight: 5,
    make(actor, draws, world) {
      const order = openOrder(actor, draws, world);
      if (order === undefined) return undefined;
      const [{ marketId, clientId }] = order;
      return [
        json(`${perps}MsgCancelOrder`, {
          owner: actor.wallet.bech32,
          subaccount_number: 0,
          market_id: marketId,
          client_id: clientId,
        }),
      ];
    },
  },
  {
    name: 'cancel all',
    weight: 1,
    make: (actor, draws) => [
      json(`${perps}MsgCancelAllOrders`, {
        owner: actor.wallet.bech32,
        subaccount_number: numberFor(draws),
        market_id: draws.below(marketIds.length + 1),
      }),
    ],
  },
  {
    name: 'amend',
    weight: 4,
    make(actor, draws, world) {
      const order = openOrder(actor, draws, world);
      if (order === undefined) return undefined;
      const [{ marketId, clientId, price }, { remaining }] = order;
      const { tickSize, stepSize } = world.app.keepers.perps.marketView(world.ctx, marketId);
      const half = remaining / 2n;
      return [
        json(`${perps}MsgAmendOrder`, {
          owner: actor.wallet.bech32,
          subaccount_number: 0,
          market_id: marketId,
          client_id: clientId,
          remaining: oneIn(draws, 2) ? half - (half % stepSize) : 0n,
          price: oneIn(draws, 2) ? price + tickSize * BigInt(between(draws, 1, 20)) : 0n,
        }),
      ];
    },
  },
  {
    name: 'leverage',
    weight: 1,
    make: (actor, draws) => [
      json(`${perps}MsgSetLeverage`, {
        owner: actor.wallet.bech32,
        subaccount_number: numberFor(draws),
        market_id: pick(draws, marketIds),
        leverage: between(draws, 0, 20),
      }),
    ],
  },
  {
    name: 'margin mode',
    weight: 1,
    make: (actor, draws) => [
      json(`${perps}MsgSetMarginMode`, {
        owner: actor.wallet.bech32,
        subaccount_number: numberFor(draws),
        mode: pick(draws, ['MARGIN_MODE_PORTFOLIO', 'MARGIN_MODE_CROSS', 'MARGIN_MODE_ISOLATED']),
      }),
    ],
  },
];

/** What makers do nearly always. */
export const quoting: Op = { name: 'quote', weight: 1, make: quote };
