import type { QueryAdlRankResponse, QueryDefinition } from '../../../gen/plimsoll/perps/v1/query.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { sdkErrors } from '../../../runtime/baseapp/errors.js';
import type { Handlers } from '../../../runtime/baseapp/module.js';
import type { Deps } from '../deps.js';
import {
  cutAtLevel,
  deleverageCandidate,
  marginOf,
  mostUseful,
  ratioOf,
  type DeleverageCandidate,
} from '../liquidation/index.js';
import { equity } from '../margin/index.js';
import { requireSubaccountKey } from '../msgs/common.js';
import type { MarketId, MarketView } from '../types.js';
import { million } from '../units/index.js';

/** One side of a market at one height: who would be closed against the bankrupt of the other. */
interface Line {
  readonly height: bigint;
  readonly market: MarketView;
  readonly long: boolean;
  /** In key order. */
  readonly candidates: readonly DeleverageCandidate[];
  readonly ratios: readonly (bigint | undefined)[];
}

/** Lines that are kept: both sides of the markets that many ask about. */
const maxLines = 16;

/** Where a position stands in the line of section 13.1, by the rules that the waterfall cuts by. */
export function adlQueries(deps: Deps): Pick<Handlers<typeof QueryDefinition>, 'adlRank'> {
  const lines = new Map<string, Line>();
  const lineOf = (ctx: Context, id: MarketId, long: boolean): Line => {
    const name = `${ctx.block.height}/${id}/${long}`;
    let line = lines.get(name);
    if (line === undefined) {
      line = lineUp(ctx, deps, id, long);
      const [oldest] = lines.keys();
      if (lines.size === maxLines) lines.delete(oldest!);
      lines.set(name, line);
    }
    return line;
  };
  return {
    adlRank: (ctx, { owner, number, marketId }) => {
      const key = requireSubaccountKey(owner, number, 'number');
      if (deps.keeper.market(ctx, marketId) === undefined)
        throw sdkErrors.keyNotFound(`market_id: ${marketId} is not listed`);
      const position = deps.keeper.position(ctx, key, marketId);
      if (position === undefined)
        throw sdkErrors.keyNotFound(`subaccount ${owner}/${number} has no position in market ${marketId}`);
      const line = lineOf(ctx, marketId, position.quantity > 0n);
      return rankIn(
        line,
        line.candidates.findIndex((each) => each.key === key),
        position.quantity,
      );
    },
  };
}

/** Everybody with equity that is not negative on one side: the bankrupt are no candidates. O(positions of the market's side, exact margin of each). */
function lineUp(ctx: Context, { keeper }: Deps, id: MarketId, long: boolean): Line {
  const markets = keeper.markets(ctx);
  const market = markets(id);
  const candidates: DeleverageCandidate[] = [];
  for (const [[key, marketId], { quantity }] of keeper.allPositions(ctx)) {
    if (marketId !== id || quantity > 0n !== long) continue;
    const account = keeper.account(ctx, key);
    const own = equity(account, markets);
    if (own >= 0n) candidates.push(deleverageCandidate(account, market, markets, own));
  }
  const ratios = candidates.map((each) => ratioOf(market, each));
  return { height: ctx.block.height, market, long, candidates, ratios };
}

function rankIn({ market, candidates, ratios }: Line, at: number, quantity: bigint): QueryAdlRankResponse {
  const own = candidates[at]!;
  const ratio = ratios[at];
  let before = 0n;
  let ahead = 0;
  let side = 0n;
  for (const [index, each] of candidates.entries()) {
    side += each.size;
    const theirs = ratios[index];
    if (ratio !== undefined && (theirs === undefined || theirs > ratio)) {
      ahead++;
      before += cutAtLevel(market, each, ratio);
    }
  }
  const holders = candidates.length;
  return {
    ratioPpm: (ratio ?? 0n).toString(),
    equity: own.equity.toString(),
    maintenanceMargin: marginOf(market, own).toString(),
    rank: BigInt(ahead + 1),
    holders: BigInt(holders),
    percentilePpm: Number((BigInt(ahead) * million) / BigInt(holders)),
    quantity,
    hedgeQuantity: own.size - mostUseful(market, own),
    quantityBefore: before.toString(),
    openInterestBeforePpm: Number(side === 0n ? 0n : (before * million) / side),
  };
}
