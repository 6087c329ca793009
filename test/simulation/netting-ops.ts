import { standingOf } from '../../x/perps/breakers/index.js';
import { nettings } from '../../x/perps/netting/store.js';
import { oneIn, pick } from './draws.js';
import { json } from './message.js';
import { accountOf, numberFor, perps, type Op } from './occasion.js';
import { keyOf } from './world.js';

/** The way out of stopped markets. */
export const nettingOps: readonly Op[] = [
  {
    name: 'ask to net',
    weight: 6,
    make(actor, draws, world) {
      const { app, ctx } = world;
      const number = numberFor(draws);
      const { positions } = accountOf(actor, number, world);
      const stopped = positions.filter(
        ({ marketId }) => standingOf(ctx, app.keepers.perps.market(ctx, marketId)!).permits('net') !== 'no',
      );
      // Where a market trades normally it is refused: now and then somebody tries.
      const candidates = stopped.length > 0 || !oneIn(draws, 30) ? stopped : positions;
      if (candidates.length === 0) return undefined;
      const { marketId, quantity } = pick(draws, candidates);
      const { stepSize } = app.keepers.perps.marketView(ctx, marketId);
      const half = (quantity < 0n ? -quantity : quantity) / 2n;
      return [
        json(`${perps}MsgRequestNetting`, {
          owner: actor.wallet.bech32,
          subaccount_number: number,
          market_id: marketId,
          quantity: oneIn(draws, 3) ? half - (half % stepSize) : 0n,
        }),
      ];
    },
  },
  {
    name: 'ask no more to net',
    weight: 1,
    make(actor, draws, { ctx }) {
      const open = [...nettings.of(ctx, keyOf(actor))];
      if (open.length === 0) return undefined;
      return [
        json(`${perps}MsgCancelNetting`, {
          owner: actor.wallet.bech32,
          subaccount_number: 0,
          market_id: pick(draws, open).marketId,
        }),
      ];
    },
  },
];
