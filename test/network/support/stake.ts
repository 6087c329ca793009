import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addBalance, collectGenTxs, type AppState } from '../../../app/genesis.js';
import { makeGenTx } from '../../../cmd/plimsolld/tx/gentx.js';
import { ConsensusKey } from '../../../runtime/engine/consensus-key.js';
import type { GenesisDoc } from '../../../runtime/engine/genesis-doc.js';
import { keys, plim, registry } from '../../support/staking.js';
import { chainId, type Network } from './network.js';

/** Of the validators that a network's genesis makes by stake, in whole PLIM. */
export const stakes = [40n, 30n, 20n, 10n];

/** Replaces the validators that the engine's genesis names by gentxs of the keys of the first four nodes. */
export function byStake(network: Network): ConsensusKey[] {
  const files = network.nodes.map(({ home }) => join(home, 'config', 'genesis.json'));
  const consensus = network.nodes
    .slice(0, stakes.length)
    .map(({ home }) => ConsensusKey.load(join(home, 'config', 'priv_validator_key.json')));
  const genesis = JSON.parse(readFileSync(files[0]!, 'utf8')) as GenesisDoc;
  const state: AppState = genesis.app_state;
  for (const { address } of keys) addBalance(state, address, 'uplim', 1_000n * plim);
  const genTxs = consensus.map(({ publicKey }, index) => {
    const value = { denom: 'uplim', amount: (stakes[index]! * plim).toString() };
    return makeGenTx(registry, chainId, keys[index]!, publicKey, value, { moniker: `node${index}` });
  });
  collectGenTxs(state, genTxs);
  for (const file of files) writeFileSync(file, JSON.stringify({ ...genesis, validators: [], app_state: state }));
  return consensus;
}
