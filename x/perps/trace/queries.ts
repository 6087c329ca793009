import type { QueryDefinition } from '../../../gen/plimsoll/perps/v1/query.js';
import type { Trace, TraceMarket } from '../../../gen/plimsoll/perps/v1/trace.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { sdkErrors } from '../../../runtime/baseapp/errors.js';
import type { Handlers } from '../../../runtime/baseapp/module.js';
import { paginate } from '../../../runtime/baseapp/pagination.js';
import { bytes, keyBytes, u64 } from '../../../runtime/store/key.js';
import type { Deps } from '../deps.js';
import { requireSubaccountKey } from '../msgs/common.js';
import { subaccountId } from '../subaccount-key.js';
import { marketsOf } from './stages.js';
import { textOf } from './texts.js';

/** Why something happened, out of what this node keeps. */
export function traceQueries(deps: Deps): Pick<Handlers<typeof QueryDefinition>, 'why'> {
  return {
    why: (ctx, { owner, number, marketId, block, pagination }) => {
      const { traces } = deps;
      if (traces === undefined)
        throw sdkErrors.notFound(
          'this node keeps no traces: set traces.steps in its app.toml above 0, or ask another node',
        );
      const { first } = traces;
      if (first === undefined) throw sdkErrors.notFound('this node has executed no block since it started');
      if (block !== 0n && block < first)
        throw sdkErrors.notFound(
          `block: ${block}; this node can explain blocks from ${first} on: ask a node that keeps more`,
        );
      const account = owner === '' ? undefined : subaccountId(requireSubaccountKey(owner, number, 'number'));
      const page = paginate(
        traces.find({
          account,
          marketId: marketId === 0 ? undefined : marketId,
          block: block === 0n ? undefined : block,
        }),
        pagination,
        (trace) =>
          keyBytes(u64(trace.block) + bytes(Buffer.from(`${trace.subaccount!.owner}/${trace.subaccount!.number}`))),
        (trace) => told(ctx, deps, trace),
      );
      return { traces: page.items, firstBlock: first, pagination: page.pagination };
    },
  };
}

/** A trace with its texts and what its markets' listings say. */
function told(ctx: Context, { keeper }: Deps, trace: Trace): Trace {
  const ids = [...new Set(trace.steps.flatMap(marketsOf))].sort((a, b) => a - b);
  const markets = ids.flatMap((id): TraceMarket[] => {
    const market = keeper.market(ctx, id);
    if (market === undefined) return [];
    const { ticker, baseExponent, priceExponent, tickSize, stepSize } = market;
    return [
      {
        marketId: id,
        ticker,
        baseExponent,
        priceExponent,
        tickSize,
        stepSize,
        class: market.class,
        stressVectors: market.stressShocksPpm.length,
      },
    ];
  });
  const byId = new Map(markets.map((market) => [market.marketId, market]));
  return { ...trace, markets, steps: trace.steps.map((step) => ({ ...step, text: textOf(trace, step, byId) })) };
}
