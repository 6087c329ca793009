import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { Command, Option } from 'commander';
import { addBalance, fundVault } from '../../../app/genesis.js';
import { mounts } from '../../../app/mounts.js';
import { openStore, StoreError } from '../../../runtime/store/index.js';
import { paths } from '../config.js';
import { Failure } from '../failure.js';
import { demoAccounts, demoGovernance, demoMarkets, demoPrices } from '../devnet/demo.js';
import { MarketMaker } from '../devnet/market-maker.js';
import { keyFromMnemonic, Keyring, type SigningKey } from '../keyring/keyring.js';
import { buildAppState, genesisDoc, writeHome } from '../node/init.js';
import { createLogger } from '../node/log.js';
import { startNode } from '../node/node.js';
import { runUntilStopped } from '../node/run.js';
import { table } from '../output.js';
import { homeOption, nodeSettings, type NodeFlags } from './common.js';

const usdc = 1_000_000n;
const chainId = 'plimsoll-devnet-1';
const demoBalance = 10_000_000n * usdc;
const trancheSize = 1_000_000n * usdc;
const vaultSize = 1_000_000n * usdc;

interface DevnetFlags extends NodeFlags {
  readonly fresh?: boolean;
}

/** plimsolld devnet: a chain to play with, in one command. */
export function devnetCommand(): Command {
  return new Command('devnet')
    .description('Boot a one-validator chain with markets, moving prices, funded accounts and a market maker')
    .addOption(homeOption().default('.devnet', '.devnet'))
    .option('--fresh', 'start over from block one (or set FRESH=1)')
    .option('--rpc <host:port>', 'CometBFT RPC')
    .option('--grpc <host:port>', 'gRPC')
    .option('--block-interval <ms>', 'time between blocks')
    .addOption(new Option('--log-level <level>').choices(['debug', 'info', 'warn', 'error', 'silent']).default('warn'))
    .addHelpText(
      'after',
      `
Ctrl-C stops it; the next start continues from the stored state.

Examples:
  plimsolld devnet
  plimsolld devnet --fresh --block-interval 500
  plimsolld devnet --home /tmp/demo --rpc 127.0.0.1:36657 --grpc 127.0.0.1:39090`,
    )
    .action(async (flags: DevnetFlags) => {
      const fresh = flags.fresh === true || process.env['FRESH'] === '1';
      if (fresh) await removeHome(flags.home);
      const keys = demoAccounts.map(({ mnemonic }) => keyFromMnemonic(mnemonic));
      if (!existsSync(paths(flags.home).genesis)) await createHome(flags, keys);
      const { node, app } = nodeSettings(flags);
      const logger = createLogger(node);
      await runUntilStopped(async (onFatal) => {
        const running = await startNode({ home: flags.home, node, app, logger, onFatal });
        const maker = new MarketMaker(
          running.rpcUrl,
          keys[demoAccounts.length - 1]!,
          2 * node.consensus.block_interval_ms,
          logger,
        );
        let stopping = false;
        // In the background, so that Ctrl-C works however long the first quotes take.
        void (async () => {
          // Clients cannot read the status of a chain without blocks.
          if (running.engine.height === 0n) await once(running.engine.events, 'block');
          if (stopping) return;
          maker.start();
          await maker.firstQuotes;
          if (!stopping) welcome(flags.home, running.rpcUrl, running.grpcAddress, running.engine.height, keys);
        })();
        return {
          stop: async () => {
            stopping = true;
            await maker.stop();
            await running.stop();
          },
        };
      }, logger);
    });
}

/** Removes a devnet's home. @throws Failure for a directory that is anything else, or one that a node uses now */
async function removeHome(home: string): Promise<void> {
  if (!existsSync(home) || readdirSync(home).length === 0) return;
  const { clientToml, state } = paths(home);
  if (!existsSync(clientToml) || !readFileSync(clientToml, 'utf8').includes(chainId))
    throw new Failure(`${home} is not the home of a devnet: --fresh would remove everything in it, so it does not`);
  try {
    if (existsSync(state)) await (await openStore({ path: state, mounts })).close();
  } catch (error) {
    // Whatever else is wrong with the state goes away with it.
    if (error instanceof StoreError && error.fault === 'locked') throw error;
  }
  rmSync(home, { recursive: true, force: true });
}

async function createHome(flags: DevnetFlags, keys: readonly SigningKey[]): Promise<void> {
  const state = await buildAppState(demoMarkets(trancheSize), (changed) => {
    for (const { address } of keys) {
      addBalance(changed, address, 'uusdc', demoBalance);
      addBalance(changed, address, 'uplim', demoBalance);
    }
    fundVault(changed, 1, vaultSize);
    demoGovernance(changed);
  });
  const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  writeHome(flags.home, (validator) => genesisDoc(chainId, now, validator, state), {
    node: { moniker: 'devnet' },
    // A proof of liabilities every half minute or so: nobody waits ten to see one.
    app: { prices: { source: 'synthetic', static: demoPrices }, proofs: { interval: 30 } },
    client: { chain_id: chainId, keyring_backend: 'test' },
  });
  const keyring = new Keyring(paths(flags.home).keyring, 'test', async () => '');
  for (const [index, { name, mnemonic }] of demoAccounts.entries()) await keyring.add(name, keys[index]!, mnemonic);
}

function welcome(home: string, rpc: string, grpc: string, height: bigint, keys: readonly SigningKey[]): void {
  const rows = demoAccounts.map(({ name, mnemonic }, index) => [name, keys[index]!.address, mnemonic]);
  process.stdout.write(`
Plimsoll devnet: markets BTC-USD (1) and ETH-USD (2), each account holds ${demoBalance / usdc} USDC.
These words are public; use them nowhere else.

${table([['name', 'address', 'mnemonic'], ...rows])}

RPC        ${rpc}
WebSocket  ${rpc.replace('http', 'ws')}/websocket
gRPC       ${grpc}

Try: npx plimsolld tx perps deposit --home ${home} --node ${rpc} --from alice --amount 1000000000uusdc --wait

ready at height ${height}
`);
}
