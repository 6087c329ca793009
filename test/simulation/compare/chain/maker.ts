import type { GenesisMarket } from '../../../../cmd/plimsolld/node/init.js';
import { json, type Message } from '../../message.js';
import { ladder } from '../setup.js';
import { quanta } from './open.js';

/** The maker's book, anew: what stands is taken back, and the ladder of this depth is placed around the price. */
export function quotes(
  { market: { tickSize, stepSize } }: GenesisMarket,
  owner: string,
  standing: Iterable<{ readonly marketId: number; readonly clientId: bigint }>,
  height: bigint,
  price: number,
  depth: number,
): Message {
  const places = ladder(depth).flatMap(([distance, notional], index) =>
    ([1, -1] as const).map((sign) => {
      const raw = quanta(price * (1 - sign * distance));
      const at = sign === 1 ? raw - (raw % tickSize) : raw + ((tickSize - (raw % tickSize)) % tickSize);
      const size = (quanta(notional) * 10n ** 8n) / quanta(price);
      return {
        market_id: 1,
        client_id: height * 64n + BigInt(2 * index + (sign === 1 ? 0 : 1)),
        side: sign === 1 ? 'SIDE_BUY' : 'SIDE_SELL',
        type: 'ORDER_TYPE_LIMIT',
        quantity: size - (size % stepSize),
        price: at,
        time_in_force: 'TIME_IN_FORCE_GTC',
      };
    }),
  );
  return json('plimsoll.perps.v1.MsgBatchOrders', {
    owner,
    subaccount_number: 0,
    cancels: [...standing].map(({ marketId, clientId }) => ({ market_id: marketId, client_id: clientId })),
    places,
    best_effort: true,
  });
}
