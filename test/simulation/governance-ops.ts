import { authority } from '../../app/app.js';
import { Params as InsuranceParams } from '../../gen/plimsoll/insurance/v1/insurance.js';
import { Market, Params } from '../../gen/plimsoll/perps/v1/types.js';
import type { Draws } from '../../cmd/plimsolld/replay/random.js';
import { between, oneIn, pick } from './draws.js';
import { any, json, type Message } from './message.js';
import type { Op } from './occasion.js';
import { marketIds, type World } from './world.js';

/** The newest proposals that anybody might vote on. */
const recentProposals = 6;

function perpsParams(draws: Draws, { app, ctx }: World): Message {
  const params = app.keepers.perps.params(ctx);
  const value = app.registry.toJson('plimsoll.perps.v1.Params', Params.encode(params).finish());
  const change = pick(draws, [
    { target_health_ppm: between(draws, 1_050, 1_500) * 1_000 },
    { penalty_max_ppm: between(draws, 2, 50) * 1_000 },
    { slice_share_ppm: between(draws, 10, 1_000) * 1_000 },
    { max_solver_accounts: between(draws, 1, 50) },
    { stale_ms: `${between(draws, 5, 60) * 1_000}` },
    { max_open_orders: between(draws, 20, 200) },
  ]);
  return json('plimsoll.perps.v1.MsgUpdateParams', { authority, params: { ...(value as object), ...change } });
}

function marketChange(draws: Draws, { app, ctx }: World): Message {
  const market = app.keepers.perps.market(ctx, pick(draws, marketIds))!;
  const value = app.registry.toJson('plimsoll.perps.v1.Market', Market.encode(market).finish());
  const change = pick(draws, [
    {
      status: pick(draws, [
        'MARKET_STATUS_NORMAL',
        'MARKET_STATUS_NORMAL',
        'MARKET_STATUS_NORMAL',
        'MARKET_STATUS_REDUCE_ONLY',
        'MARKET_STATUS_HALTED',
      ]),
    },
    { taker_fee_ppm: between(draws, 100, 2_000) },
    { open_interest_cap: `${BigInt(between(draws, 1, 2_000)) * 1_000_000_000_000n}` },
    { depth_unit: `${BigInt(between(draws, 1, 500)) * 100_000_000_000n}` },
  ]);
  return json('plimsoll.perps.v1.MsgUpdateMarket', { authority, market: { ...(value as object), ...change } });
}

function insuranceParams(draws: Draws, { app, ctx }: World): Message {
  const params = app.keepers.insurance.store.params(ctx);
  const value = app.registry.toJson('plimsoll.insurance.v1.Params', InsuranceParams.encode(params).finish());
  const change = pick(draws, [
    { market_event_cap_ppm: between(draws, 5, 500) * 1_000 },
    { exit_fee_ppm: between(draws, 0, 5) * 1_000 },
    { junior_share_ppm: between(draws, 0, 1_000) * 1_000 },
  ]);
  return json('plimsoll.insurance.v1.MsgUpdateParams', { authority, params: { ...(value as object), ...change } });
}

/** The newest market is the one that is given up. */
const settlement = (): Message => json('plimsoll.perps.v1.MsgSettleMarket', { authority, market_id: marketIds.at(-1) });

/** What the council decides about, and how. */
export const governanceOps: readonly Op[] = [
  {
    name: 'propose',
    weight: 2,
    make: (actor, draws, world) => {
      if (!oneIn(draws, 4)) return undefined;
      const change = oneIn(draws, 25)
        ? settlement()
        : pick(draws, [perpsParams, marketChange, marketChange, insuranceParams])(draws, world);
      return [
        json('cosmos.gov.v1.MsgSubmitProposal', {
          messages: [any(change)],
          initial_deposit: [{ denom: 'uplim', amount: 10_000_000n }],
          proposer: actor.wallet.bech32,
          title: 'Try other values',
          summary: 'Whatever the council decides, every block ends solvent.',
        }),
      ];
    },
  },
  {
    name: 'vote',
    weight: 6,
    make: (actor, draws, { app, ctx }) => {
      if (!actor.council) return undefined;
      const active = [...app.keepers.gov.proposals(ctx)].slice(-recentProposals).filter(({ status }) => status === 2);
      if (active.length === 0) return undefined;
      return [
        json('cosmos.gov.v1.MsgVote', {
          proposal_id: pick(draws, active).id,
          voter: actor.wallet.bech32,
          option: oneIn(draws, 8) ? 'VOTE_OPTION_NO' : 'VOTE_OPTION_YES',
        }),
      ];
    },
  },
];
