import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { Command, Option } from 'commander';
import { addBalance } from '../../../app/genesis.js';
import { loadAppConfig, loadNodeConfig, paths } from '../config.js';
import { demoAccounts, demoMarkets, demoPrices } from '../devnet/demo.js';
import { MarketMaker } from '../devnet/market-maker.js';
import { keyFromMnemonic, Keyring, type SigningKey } from '../keyring/keyring.js';
import { buildAppState, genesisDoc, writeHome } from '../node/init.js';
import { createLogger } from '../node/log.js';
import { startNode } from '../node/node.js';
import { runUntilStopped } from '../node/run.js';
import { table } from '../output.js';
import { homeOption } from './common.js';

const usdc = 1_000_000n;
const chainId = 'plimsoll-devnet-1';
const demoBalance = 10_000_000n * usdc;
const trancheSize = 1_000_000n * usdc;

interface DevnetFlags {
  readonly home: string;
  readonly fresh?: boolean;
  readonly rpc?: string;
  readonly grpc?: string;
  readonly blockInterval?: string;
  readonly logLevel: string;
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
    .addHelpText('after', '\nCtrl-C stops it; the next start continues from the stored state.')
    .action(async (flags: DevnetFlags) => {
      const fresh = flags.fresh === true || process.env['FRESH'] === '1';
      if (fresh) rmSync(flags.home, { recursive: true, force: true });
      const keys = demoAccounts.map(({ mnemonic }) => keyFromMnemonic(mnemonic));
      if (!existsSync(paths(flags.home).genesis)) await createHome(flags, keys);
      const node = { ...loadNodeConfig(flags.home), log_level: flags.logLevel as 'warn' };
      if (flags.rpc !== undefined) node.rpc.laddr = flags.rpc;
      if (flags.blockInterval !== undefined) node.consensus.block_interval_ms = Number(flags.blockInterval);
      const app = loadAppConfig(flags.home);
      if (flags.grpc !== undefined) app.grpc.address = flags.grpc;
      const logger = createLogger(node);
      await runUntilStopped(async (onFatal) => {
        const running = await startNode({ home: flags.home, node, app, logger, onFatal });
        const maker = new MarketMaker(
          running.rpcUrl,
          keys[demoAccounts.length - 1]!,
          2 * node.consensus.block_interval_ms,
          logger,
        );
        // Clients cannot read the status of a chain without blocks.
        if (running.engine.height === 0n) await once(running.engine.events, 'block');
        maker.start();
        await maker.firstQuotes;
        welcome(flags.home, running.rpcUrl, running.grpcAddress, running.engine.height, keys);
        return {
          stop: async () => {
            await maker.stop();
            await running.stop();
          },
        };
      }, logger);
    });
}

async function createHome(flags: DevnetFlags, keys: readonly SigningKey[]): Promise<void> {
  const state = await buildAppState(demoMarkets(trancheSize), (changed) => {
    for (const { address } of keys) {
      addBalance(changed, address, 'uusdc', demoBalance);
      addBalance(changed, address, 'uplim', demoBalance);
    }
  });
  const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  writeHome(flags.home, (validator) => genesisDoc(chainId, now, validator, state), {
    node: { moniker: 'devnet' },
    app: { prices: { source: 'synthetic', static: demoPrices } },
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
