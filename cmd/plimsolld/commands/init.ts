import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { addBalance } from '../../../app/genesis.js';
import { paths } from '../config.js';
import { demoMarkets, demoPrices } from '../devnet/demo.js';
import { Failure } from '../failure.js';
import { buildAppState, genesisDoc, writeHome } from '../node/init.js';
import { cometConfig, writeNodeKey, writeSigningState } from '../testnet/comet-files.js';
import { homeOption } from './common.js';

const usdc = 1_000_000n;
const trancheSize = 1_000_000n * usdc;

interface InitFlags {
  readonly home: string;
  readonly chainId: string;
  readonly moniker: string;
  readonly engine: 'embedded' | 'cometbft';
  readonly balance?: readonly string[];
}

/** plimsolld init: a home with a chain of its own, or for a place in another. */
export function initCommand(): Command {
  return new Command('init')
    .description('Make a home: configuration, a validator key, and the genesis of a one-validator chain')
    .addOption(homeOption())
    .option('--chain-id <id>', 'name of the chain', 'plimsoll-local-1')
    .option('--moniker <name>', 'name of the node', 'plimsoll')
    .addOption(
      new Option('--engine <engine>', 'who will make the blocks; cometbft gets its own files too')
        .choices(['embedded', 'cometbft'])
        .default('embedded'),
    )
    .option('--balance <address=coins...>', 'fund an account, like plim1...=1000000uusdc; may be repeated')
    .addHelpText(
      'after',
      `
A chain of your own:
  plimsolld init --chain-id demo-1 --balance plim1...=5000000000uusdc
  plimsolld start

A validator beside others (docs/validators.md):
  plimsolld init --engine cometbft --chain-id plimsoll-1 --moniker alice
then put the network's genesis.json in the place of this home's own.`,
    )
    .action(async (flags: InitFlags) => {
      const state = await buildAppState(demoMarkets(trancheSize), (changed) => {
        for (const entry of flags.balance ?? []) {
          const match = /^(plim1[0-9a-z]+)=(\d+)([a-z]{3,})$/.exec(entry);
          if (match === null)
            throw new Failure(`--balance: expected address=amount and denomination, got ${JSON.stringify(entry)}`, 2);
          addBalance(changed, match[1]!, match[3]!, BigInt(match[2]!));
        }
      });
      const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
      const withComet = flags.engine === 'cometbft';
      writeHome(flags.home, (validator) => genesisDoc(flags.chainId, now, validator, state), {
        node: { moniker: flags.moniker },
        app: withComet
          ? { engine: 'cometbft', prices: { source: 'daemon' } }
          : { prices: { source: 'static', static: demoPrices } },
        client: { chain_id: flags.chainId },
      });
      if (withComet) writeCometFiles(flags.home, flags.moniker);
      process.stderr.write(`${flags.home} is ready; run it: plimsolld start --home ${flags.home}\n`);
    });
}

/** What CometBFT wants in a home. Keys that are there stay. */
function writeCometFiles(home: string, moniker: string): void {
  const files = paths(home);
  const nodeKey = join(files.config, 'node_key.json');
  if (!existsSync(nodeKey)) writeNodeKey(nodeKey);
  if (!existsSync(join(home, 'data', 'priv_validator_state.json'))) writeSigningState(home);
  const node = {
    name: moniker,
    p2pListen: '0.0.0.0:26656',
    p2pDial: '',
    rpc: '127.0.0.1:26657',
    abci: 'tcp://127.0.0.1:26658',
    grpc: '127.0.0.1:9090',
    prices: '127.0.0.1:26680',
  };
  // With CometBFT as engine, config.toml is CometBFT's.
  writeFileSync(files.configToml, cometConfig(node, [], { timeoutCommit: '1s', timeoutPropose: '3s' }));
}
