import type { GenesisDoc } from '../runtime/engine/genesis-doc.js';
import type { Context } from '../runtime/baseapp/context.js';
import type { PlimsollApp } from './app.js';
import { exportAppState, type AppState } from './genesis.js';

interface HeightSections {
  readonly oracle: { prices: unknown[] };
  readonly perps: { subaccounts: { underwater_height: string }[]; orders: { placed_height: string }[] };
  readonly staking: {
    validators: { unbonding_height: string }[];
    unbonding_delegations: { entries: { creation_height: string }[] }[];
    redelegations: { entries: { creation_height: string }[] }[];
  };
  readonly slashing: { signing_infos: { validator_signing_info: { start_height: string } }[] };
  readonly distribution: {
    delegator_starting_infos: { starting_info: { height: string } }[];
    validator_slash_events: { height: string }[];
  };
}

/**
 * The state at a context as a genesis: of a chain that goes on at the next
 * height, or of one that begins at height 1. Its validators are those of the
 * state, and votes carry prices from its second block on.
 * @param original the genesis of the chain: its name and what names the engine's limits
 */
export function exportGenesis(
  { modules, keepers }: PlimsollApp,
  ctx: Context,
  original: GenesisDoc,
  forZeroHeight: boolean,
): GenesisDoc {
  const state = exportAppState(modules, ctx);
  if (forZeroHeight) forgetHeights(state);
  const first = forZeroHeight ? 1n : ctx.block.height + 1n;
  const names = new Map(original.validators.map(({ pub_key: key, name }) => [key.value, name]));
  // By stake, the state itself names them.
  const named = keepers.valset.isByStake(ctx) ? [] : [...keepers.valset.validators(ctx)];
  const validators = named
    .filter(({ power }) => power > 0n)
    .map(({ address, pubKey, power }) => {
      const value = Buffer.from(pubKey).toString('base64');
      return {
        address: Buffer.from(address).toString('hex').toUpperCase(),
        pub_key: { type: 'tendermint/PubKeyEd25519' as const, value },
        power: power.toString(),
        name: names.get(value) ?? '',
      };
    });
  return {
    ...original,
    initial_height: first.toString(),
    consensus_params: {
      ...original.consensus_params,
      abci: { vote_extensions_enable_height: (first + 1n).toString() },
    },
    validators,
    app_state: state,
  };
}

/** Heights of the old chain mean nothing to a new one: open orders become the oldest, prices wait for its first votes. */
function forgetHeights(state: AppState): void {
  const { oracle, perps, staking, slashing, distribution } = state as unknown as HeightSections;
  oracle.prices = [];
  for (const subaccount of perps.subaccounts) subaccount.underwater_height = '0';
  for (const order of perps.orders) order.placed_height = '0';
  for (const validator of staking.validators) validator.unbonding_height = '0';
  // What was leaving the old chain does not answer for what is signed on the new one.
  for (const { entries } of [...staking.unbonding_delegations, ...staking.redelegations])
    for (const entry of entries) entry.creation_height = '0';
  for (const { validator_signing_info: info } of slashing.signing_infos) info.start_height = '0';
  // Slashes keep their order by their periods.
  for (const { starting_info: starting } of distribution.delegator_starting_infos) starting.height = '0';
  for (const event of distribution.validator_slash_events) event.height = '0';
}
