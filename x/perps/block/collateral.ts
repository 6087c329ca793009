import type { Context } from '../../../runtime/baseapp/context.js';
import { nextState } from '../collateral/price.js';
import { rampTo } from '../collateral/ramp.js';
import { rampToProto } from '../collateral/store.js';
import type { Deps } from '../deps.js';

/** Takes over the block's prices of collateral assets and moves their rates on. O(assets). */
export function priceCollateral(ctx: Context, { keeper, oracle }: Deps): void {
  const { timeMs } = ctx.block;
  const params = keeper.params(ctx);
  for (const asset of [...keeper.collateral.assets(ctx)]) {
    const before = keeper.collateral.state(ctx, asset.id);
    const voted = oracle.price(ctx, asset.oraclePairId);
    const quoted =
      voted === undefined ? undefined : { ...voted, twap: oracle.statistics(ctx, asset.oraclePairId)?.twap ?? 0n };
    const after = nextState(asset, before, quoted, timeMs, params.staleMs, (from) =>
      rampTo(from, BigInt(asset.riskRatePpm), timeMs, params.collateral!.noticeMs),
    );
    keeper.collateral.setState(ctx, after);
    if (after.peg !== before.peg) {
      ctx.emit('plimsoll.perps.v1.EventPeg', {
        assetId: asset.id,
        peg: after.peg,
        price: after.price,
        riskRate: rampToProto(after.riskRate),
      });
    }
  }
}
