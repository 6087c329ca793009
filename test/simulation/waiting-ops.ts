import type { Draws } from '../../cmd/plimsolld/replay/random.js';
import { between, oneIn, pick } from './draws.js';
import { json } from './message.js';
import { clientIdFor, drawOrder, perps, sideOf, type Op } from './occasion.js';

/** What triggers a waiting order, on the right side of the mark for its kind. */
function triggerOf(draws: Draws, buy: boolean, priceAt: (ppm: number) => bigint): Record<string, unknown> {
  const distance = between(draws, 500, 60_000);
  const fields = pick(draws, [
    { kind: 'TRIGGER_KIND_STOP_LOSS', trigger_price: priceAt(buy ? distance : -distance) },
    { kind: 'TRIGGER_KIND_TAKE_PROFIT', trigger_price: priceAt(buy ? -distance : distance) },
    { kind: 'TRIGGER_KIND_TRAILING_STOP', trailing_ppm: between(draws, 1, 50) * 1_000 },
  ]);
  return { ...fields, trigger_source: oneIn(draws, 3) ? 'TRIGGER_SOURCE_LAST' : 'TRIGGER_SOURCE_MARK' };
}

/** Orders that wait for a price or a time. */
export const waitingOps: readonly Op[] = [
  {
    name: 'conditional',
    weight: 6,
    make(actor, draws, world) {
      const drawn = drawOrder(actor, draws, world);
      if (drawn === undefined) return undefined;
      const { number, market: view, held, quantity, priceAt } = drawn;
      const exit = held !== 0n && !oneIn(draws, 4);
      const buy = exit ? held < 0n : drawn.buy;
      return [
        json(`${perps}MsgPlaceConditionalOrder`, {
          owner: actor.wallet.bech32,
          subaccount_number: number,
          market_id: view.id,
          client_id: clientIdFor(draws, world),
          side: sideOf(buy),
          ...triggerOf(draws, buy, priceAt),
          type: 'ORDER_TYPE_MARKET',
          quantity: exit && oneIn(draws, 2) ? 0n : quantity,
          max_slippage_ppm: between(draws, 5_000, 90_000),
          may_open: !exit,
        }),
      ];
    },
  },
  {
    name: 'twap',
    weight: 3,
    make(actor, draws, world) {
      const drawn = drawOrder(actor, draws, world);
      if (drawn === undefined) return undefined;
      const slices = between(draws, 2, 20);
      return [
        json(`${perps}MsgPlaceTwapOrder`, {
          owner: actor.wallet.bech32,
          subaccount_number: drawn.number,
          market_id: drawn.market.id,
          client_id: clientIdFor(draws, world),
          side: sideOf(drawn.buy),
          quantity: drawn.quantity * 2n,
          slices,
          interval_ms: BigInt(between(draws, 1, 10) * 1_000),
          max_slippage_ppm: between(draws, 2_000, 20_000),
        }),
      ];
    },
  },
  {
    name: 'scale',
    weight: 2,
    make(actor, draws, world) {
      const drawn = drawOrder(actor, draws, world);
      if (drawn === undefined) return undefined;
      const sign = drawn.buy ? -1 : 1;
      return [
        json(`${perps}MsgPlaceScaleOrder`, {
          owner: actor.wallet.bech32,
          subaccount_number: drawn.number,
          market_id: drawn.market.id,
          first_client_id: world.height * 64n + 80n,
          side: sideOf(drawn.buy),
          quantity: drawn.quantity,
          orders: between(draws, 2, 10),
          first_price: drawn.priceAt(sign * between(draws, 500, 3_000)),
          last_price: drawn.priceAt(sign * between(draws, 8_000, 40_000)),
          shape: oneIn(draws, 2) ? 'SCALE_SHAPE_EVEN' : 'SCALE_SHAPE_RISING',
        }),
      ];
    },
  },
  {
    name: 'pegged',
    weight: 3,
    make(actor, draws, world) {
      const drawn = drawOrder(actor, draws, world);
      if (drawn === undefined) return undefined;
      const { tickSize } = drawn.market;
      return [
        json(`${perps}MsgPlacePeggedOrder`, {
          owner: actor.wallet.bech32,
          subaccount_number: drawn.number,
          market_id: drawn.market.id,
          client_id: clientIdFor(draws, world),
          side: sideOf(drawn.buy),
          quantity: drawn.quantity,
          offset: (drawn.buy ? -tickSize : tickSize) * BigInt(between(draws, 0, 30)),
        }),
      ];
    },
  },
  {
    name: 'schedule a cancel',
    weight: 1,
    make: (actor, draws, { nextMs }) => [
      json(`${perps}MsgScheduleCancel`, {
        owner: actor.wallet.bech32,
        subaccount_number: 0,
        time_ms: oneIn(draws, 4) ? 0n : nextMs + BigInt(between(draws, 5, 120) * 1_000),
      }),
    ],
  },
];
