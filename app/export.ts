import type { GenesisDoc } from '../runtime/engine/genesis-doc.js';
import type { Context } from '../runtime/baseapp/context.js';
import type { PlimsollApp } from './app.js';
import { exportAppState } from './genesis.js';
import { forgetHeights } from './heights.js';

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
  if (forZeroHeight) forgetHeights(state, ctx.block.height);
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
