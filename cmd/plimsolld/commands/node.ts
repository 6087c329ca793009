import { existsSync } from 'node:fs';
import { Command, Option } from 'commander';
import { appName, appVersion, createApp } from '../../../app/app.js';
import { exportGenesis } from '../../../app/export.js';
import { mounts } from '../../../app/mounts.js';
import { cometVersion } from '../../../runtime/engine/engine.js';
import { silentLogger } from '../../../runtime/log.js';
import { signatureBackend } from '../../../runtime/crypto/secp256k1.js';
import { openStore, rollbackStore } from '../../../runtime/store/index.js';
import { StaticPriceSource } from '../../../x/oracle/sources/static.js';
import { ChainClient } from '../chain-client.js';
import { historyOf, loadAppConfig, paths } from '../config.js';
import { Failure } from '../failure.js';
import { checkGenesis } from '../node/init.js';
import { createLogger } from '../node/log.js';
import { startAppServer } from '../node/comet.js';
import { startNode } from '../node/node.js';
import { readGenesis } from '../node/open.js';
import { print } from '../output.js';
import { runUntilStopped } from '../node/run.js';
import { clientOf, homeOption, nodeFlags, nodeSettings, type CommonFlags, type NodeFlags } from './common.js';

/** plimsolld start: run the node of a home. */
export function startCommand(): Command {
  return new Command('start')
    .description('Run the node until it is interrupted')
    .addOption(homeOption())
    .option('--rpc <host:port>', 'CometBFT RPC (config.toml rpc.laddr)')
    .option('--grpc <host:port>', 'gRPC (app.toml grpc.address)')
    .option('--block-interval <ms>', 'time between blocks (config.toml consensus.block_interval_ms)')
    .addOption(
      new Option('--price-source <source>', 'where this validator takes prices from (app.toml prices.source)').choices([
        'static',
        'synthetic',
        'csv',
        'daemon',
        'exchanges',
      ]),
    )
    .addOption(
      new Option('--engine <engine>', 'who makes the blocks (app.toml engine)').choices(['embedded', 'cometbft']),
    )
    .option(
      '--abci-address <address>',
      'where CometBFT connects, tcp://host:port or unix:///path (app.toml abci.address)',
    )
    .option('--comet-rpc <url>', "CometBFT's RPC, for the gRPC services (app.toml cometbft.rpc)")
    .option('--price-daemon <address>', 'where plimsolld prices start serves (app.toml prices.daemon.address)')
    .option('--allow-slow-signatures', 'validate even without the native secp256k1 (app.toml allow_slow_signatures)')
    .addOption(
      new Option('--log-level <level>', 'least level that is logged (config.toml log_level)').choices([
        'debug',
        'info',
        'warn',
        'error',
        'silent',
      ]),
    )
    .addOption(
      new Option('--log-format <format>', 'lines for people, or JSON (config.toml log_format)').choices([
        'text',
        'json',
      ]),
    )
    .addHelpText(
      'after',
      `
Flags win over PLIMSOLLD_* variables, which win over the files in <home>/config.

Examples:
  plimsolld start --home demo --rpc 0.0.0.0:26657
  plimsolld start --home demo --price-source synthetic --block-interval 500
  plimsolld start --home node0 --engine cometbft --abci-address unix:///run/plimsolld/abci.sock
  plimsolld start --home demo --price-source daemon --price-daemon unix:/run/plimsoll/prices.sock
  PLIMSOLLD_LOG_FORMAT=json plimsolld start --home demo 2> node.log`,
    )
    .action(async (flags: NodeFlags) => {
      const { node, app } = nodeSettings(flags);
      const logger = createLogger(node);
      const start = app.engine === 'cometbft' ? startAppServer : startNode;
      await runUntilStopped(async (onFatal) => start({ home: flags.home, node, app, logger, onFatal }), logger);
    });
}

/** plimsolld status: what a running node says of itself. */
export function statusCommand(): Command {
  return nodeFlags(new Command('status').description('Ask a running node for its height, time and hashes'))
    .addHelpText('after', '\nExample:\n  plimsolld status --node http://127.0.0.1:26657 --output json')
    .action(async (flags: CommonFlags) => {
      const { node, chain_id: chainId, output } = clientOf(flags);
      const client = await ChainClient.connect(node, chainId);
      try {
        const { nodeInfo, syncInfo } = await client.comet.status();
        print(
          {
            chain_id: nodeInfo.network,
            moniker: nodeInfo.moniker,
            engine: nodeInfo.version,
            height: String(syncInfo.latestBlockHeight),
            time: syncInfo.latestBlockTime.toISOString(),
            block_hash: Buffer.from(syncInfo.latestBlockHash).toString('hex').toUpperCase(),
            app_hash: Buffer.from(syncInfo.latestAppHash).toString('hex').toUpperCase(),
          },
          output,
        );
      } finally {
        client.close();
      }
    });
}

/** plimsolld export: the state of a stopped node as a genesis. */
export function exportCommand(): Command {
  return new Command('export')
    .description('Print the state of a stopped node as a genesis file')
    .addOption(homeOption())
    .option('--height <height>', 'state after this block instead of the newest')
    .option('--for-zero-height', 'for a chain that begins at height 1: forget heights, and prices with them')
    .addHelpText(
      'after',
      `
The genesis continues at the next height with the validators of this one.

Examples:
  plimsolld export --home demo --height 1000 > genesis.json
  plimsolld export --home demo --for-zero-height > new-chain.json`,
    )
    .action(async (flags: { home: string; height?: string; forZeroHeight?: boolean }) => {
      const files = paths(flags.home);
      const genesis = readGenesis(files.genesis);
      if (!existsSync(files.state)) throw new Failure(`${files.state} does not exist: this node never ran`);
      if (flags.height !== undefined && !/^\d{1,15}$/.test(flags.height))
        throw new Failure('--height: expected a block height', 2);
      const { keepRecent } = historyOf(loadAppConfig(flags.home));
      const store = await openStore({ path: files.state, mounts, keepVersions: keepRecent });
      try {
        const plimsoll = createApp({
          store,
          chainId: genesis.chain_id,
          prices: new StaticPriceSource({}),
          logger: silentLogger,
        });
        const ctx = plimsoll.app.queryContext(BigInt(flags.height ?? '0'));
        const exported = exportGenesis(plimsoll, ctx, genesis, flags.forZeroHeight === true);
        process.stdout.write(`${JSON.stringify(exported, null, 2)}\n`);
      } finally {
        await store.close();
      }
    });
}

/** plimsolld rollback: forget the newest state of a stopped node; its blocks are executed again at the next start. */
export function rollbackCommand(): Command {
  return new Command('rollback')
    .description('Forget the newest committed state of a stopped node; the next start executes its stored blocks again')
    .addOption(homeOption())
    .option('--to <height>', 'newest height to keep (default: one less than now)')
    .addHelpText('after', '\nExample:\n  plimsolld rollback --home demo --to 1000')
    .action(async (flags: { home: string; to?: string }) => {
      const files = paths(flags.home);
      const store = await openStore({ path: files.state, mounts });
      const { version } = store.lastCommit();
      await store.close();
      if (flags.to !== undefined && !/^\d{1,15}$/.test(flags.to)) throw new Failure('--to: expected a block height', 2);
      const target = flags.to === undefined ? version - 1n : BigInt(flags.to);
      await rollbackStore(files.state, target);
      process.stderr.write(`state is at height ${target} now\n`);
    });
}

/** plimsolld version. */
export function versionCommand(): Command {
  return new Command('version')
    .description('Print the version')
    .option('--long', 'also of what it is built on')
    .addHelpText('after', '\nExample:\n  plimsolld version --long')
    .action((flags: { long?: boolean }) => {
      if (flags.long !== true) process.stdout.write(`${appVersion}\n`);
      else {
        print(
          {
            name: appName,
            version: appVersion,
            engine: cometVersion,
            node: process.version,
            secp256k1: signatureBackend(),
          },
          'text',
        );
      }
    });
}

/** plimsolld validate-genesis: would a chain start from this file? */
export function validateGenesisCommand(): Command {
  return new Command('validate-genesis')
    .description('Check a genesis file as the chain would')
    .addOption(homeOption())
    .argument('[file]', 'default: the genesis of the home')
    .addHelpText('after', '\nExample:\n  plimsolld validate-genesis genesis.json')
    .action(async (file: string | undefined, flags: { home: string }) => {
      const path = file ?? paths(flags.home).genesis;
      const genesis = readGenesis(path);
      try {
        await checkGenesis(genesis);
      } catch (error) {
        throw new Failure(`${path}: ${(error as Error).message}`);
      }
      process.stderr.write(`${path} is valid\n`);
    });
}
