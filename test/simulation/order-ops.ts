import type { Draws } from '../../cmd/plimsolld/replay/random.js';
import { between, pick } from './draws.js';
import { json } from './message.js';
import { clientIdFor, drawOrder, perps, sideOf, type Op } from './occasion.js';
import type { World } from './world.js';

/** An order whose terms a table names. */
function orderOp(
  name: string,
  weight: number,
  terms: (draws: Draws, world: World, drawn: NonNullable<ReturnType<typeof drawOrder>>) => Record<string, unknown>,
): Op {
  return {
    name,
    weight,
    make(actor, draws, world) {
      const drawn = drawOrder(actor, draws, world);
      if (drawn === undefined) return undefined;
      const { number, market, quantity, buy, priceAt } = drawn;
      // Around the mark: half of them would trade.
      const aggressive = between(draws, -8_000, 8_000);
      return [
        json(`${perps}MsgPlaceOrder`, {
          owner: actor.wallet.bech32,
          subaccount_number: number,
          market_id: market.id,
          client_id: clientIdFor(draws, world),
          side: sideOf(buy),
          type: 'ORDER_TYPE_LIMIT',
          quantity,
          price: priceAt(buy ? aggressive : -aggressive),
          time_in_force: 'TIME_IN_FORCE_GTC',
          ...terms(draws, world, drawn),
        }),
      ];
    },
  };
}

const market = { type: 'ORDER_TYPE_MARKET', price: 0n, time_in_force: 'TIME_IN_FORCE_IOC' };

/** Orders of every form and time in force. */
export const orderOps: readonly Op[] = [
  orderOp('limit', 14, () => ({})),
  orderOp('market', 14, (draws) => ({ ...market, max_slippage_ppm: between(draws, 1_000, 50_000) })),
  orderOp('close', 8, (draws, _, { held, market: { stepSize } }) => ({
    ...market,
    side: sideOf(held < 0n),
    quantity: held === 0n ? stepSize : held > 0n ? held : -held,
    reduce_only: true,
    max_slippage_ppm: between(draws, 1_000, 50_000),
  })),
  orderOp('immediate', 3, () => ({ time_in_force: 'TIME_IN_FORCE_IOC' })),
  orderOp('fill or kill', 2, () => ({ time_in_force: 'TIME_IN_FORCE_FOK' })),
  orderOp('post only', 4, (draws, _, { buy, priceAt }) => ({
    price: priceAt((buy ? -1 : 1) * between(draws, 500, 20_000)),
    post_only: true,
  })),
  orderOp('all or none', 2, () => ({ all_or_none: true })),
  orderOp('iceberg', 2, (_, __, { quantity, market: { stepSize } }) => {
    const shown = quantity / 5n;
    return { display_quantity: shown - (shown % stepSize) || stepSize };
  }),
  orderOp('until a time', 3, (draws, { nextMs }) => ({
    time_in_force: 'TIME_IN_FORCE_GTT',
    good_til_time_ms: nextMs + BigInt(between(draws, 1, 60) * 1_000),
    self_trade_prevention: pick(draws, [
      'SELF_TRADE_PREVENTION_CANCEL_OLDEST',
      'SELF_TRADE_PREVENTION_CANCEL_BOTH',
      'SELF_TRADE_PREVENTION_DECREMENT',
    ]),
  })),
  orderOp('until a block', 2, (draws, { height }) => ({
    time_in_force: 'TIME_IN_FORCE_GTB',
    good_til_block: height + BigInt(between(draws, 1, 50)),
  })),
  orderOp('bracket', 4, (draws, { height }, { buy, priceAt }) => ({
    take_profit: {
      client_id: height * 64n + 70n,
      trigger_price: priceAt((buy ? 1 : -1) * between(draws, 12_000, 60_000)),
      max_slippage_ppm: 20_000,
    },
    stop_loss: {
      client_id: height * 64n + 71n,
      trigger_price: priceAt((buy ? -1 : 1) * between(draws, 12_000, 60_000)),
      max_slippage_ppm: 50_000,
    },
  })),
];
