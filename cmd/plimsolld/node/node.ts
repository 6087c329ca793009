import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { appName, appVersion, createApp, type PlimsollApp } from '../../../app/app.js';
import { validateAppState } from '../../../app/genesis.js';
import { mounts } from '../../../app/mounts.js';
import { sortedJson } from '../../../runtime/codec/amino-json.js';
import type { JsonValue } from '../../../runtime/codec/types.js';
import { sha256 } from '../../../runtime/crypto/hash.js';
import { signatureBackend } from '../../../runtime/crypto/secp256k1.js';
import { systemClock } from '../../../runtime/engine/clock.js';
import { ConsensusKey } from '../../../runtime/engine/consensus-key.js';
import { EmbeddedEngine } from '../../../runtime/engine/engine.js';
import { parseGenesis, type GenesisDoc } from '../../../runtime/engine/genesis-doc.js';
import { serveRpc } from '../../../runtime/engine/rpc/server.js';
import type { Logger } from '../../../runtime/log.js';
import { serveGrpc } from '../../../runtime/server/grpc.js';
import { openStore } from '../../../runtime/store/index.js';
import type { PriceSource } from '../../../x/oracle/price-source.js';
import { CsvPriceSource } from '../../../x/oracle/sources/csv.js';
import { StaticPriceSource } from '../../../x/oracle/sources/static.js';
import { SyntheticPriceSource } from '../../../x/oracle/sources/synthetic.js';
import { paths, type AppConfig, type NodeConfig } from '../config.js';
import { Failure } from '../failure.js';

export interface NodeOptions {
  readonly home: string;
  readonly node: NodeConfig;
  readonly app: AppConfig;
  readonly logger: Logger;
  /** Called once when the node cannot go on. */
  readonly onFatal: (error: Error) => void;
}

export interface RunningNode {
  readonly chainId: string;
  readonly engine: EmbeddedEngine;
  readonly plimsoll: PlimsollApp;
  readonly rpcUrl: string;
  readonly grpcAddress: string;
  stop(): Promise<void>;
}

/** @throws Failure naming file and field */
export function readGenesis(path: string): GenesisDoc {
  if (!existsSync(path)) throw new Failure(`${path} does not exist: run plimsolld init first`);
  try {
    return parseGenesis(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    throw new Failure(`${path}: ${(error as Error).message}`);
  }
}

export function priceSourceOf({ prices }: AppConfig): PriceSource {
  if (prices.source === 'csv') return new CsvPriceSource(prices.csv);
  if (prices.source === 'static') return new StaticPriceSource(prices.static);
  return new SyntheticPriceSource(
    prices.seed,
    Object.entries(prices.static).map(([symbol, start]) => ({ symbol, start: Number(start), volatilityPpm: 600 })),
  );
}

/**
 * Refuses a genesis that is not the one this home's chain began with: blocks
 * of the one would be executed on the state of the other.
 * @returns sha256 of the genesis, whatever the layout of its JSON
 */
function checkGenesis(files: ReturnType<typeof paths>, genesis: GenesisDoc): string {
  const hash = Buffer.from(sha256(Buffer.from(sortedJson(genesis as JsonValue), 'utf8'))).toString('hex');
  if (existsSync(files.genesisHash) && readFileSync(files.genesisHash, 'utf8').trim() !== hash) {
    throw new Failure(
      `${files.genesis} is not the genesis that the chain in ${dirname(files.state)} began with: put that one back, or start over with another --home`,
    );
  }
  return hash;
}

function splitAddress(text: string): { readonly host: string; readonly port: number } {
  const at = text.lastIndexOf(':');
  return { host: text.slice(0, at), port: Number(text.slice(at + 1)) };
}

/** Starts a one-validator node on the embedded engine, with RPC and gRPC. */
export async function startNode(options: NodeOptions): Promise<RunningNode> {
  const { logger } = options;
  const files = paths(options.home);
  const genesis = readGenesis(files.genesis);
  const backend = signatureBackend();
  logger.info({ backend }, 'secp256k1 loaded');
  if (backend === 'fallback' && !options.app.allow_slow_signatures) {
    throw new Failure(
      'the native secp256k1 library did not load: a validator would fall behind. Reinstall, or set allow_slow_signatures in app.toml',
    );
  }
  const genesisHash = checkGenesis(files, genesis);
  let validator: ConsensusKey;
  try {
    validator = ConsensusKey.load(files.validatorKey);
  } catch (error) {
    throw new Failure((error as Error).message);
  }
  let prices: PriceSource;
  try {
    prices = priceSourceOf(options.app);
  } catch (error) {
    throw new Failure(`price source: ${(error as Error).message}`);
  }

  mkdirSync(files.state, { recursive: true });
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.reverse()) await closer();
  };
  try {
    const store = await openStore({
      path: files.state,
      mounts,
      keepVersions: options.app.keep_versions,
      snapshotInterval: options.app.snapshot_interval,
    });
    closers.push(() => store.close());
    const plimsoll = createApp({
      store,
      chainId: genesis.chain_id,
      prices,
      logger,
      minGasPrices: options.app.minimum_gas_prices,
    });
    const isNew = store.lastCommit().version === 0n;
    let engine: EmbeddedEngine;
    try {
      if (isNew) validateAppState(plimsoll.modules, genesis.app_state);
      engine = await EmbeddedEngine.open({
        app: plimsoll.app,
        genesis,
        validator,
        clock: systemClock,
        path: files.blocks,
        logger,
      });
    } catch (error) {
      // A chain without blocks has nothing but its genesis to blame.
      throw isNew ? new Failure(`${files.genesis}: ${(error as Error).message}`) : error;
    }
    writeFileSync(files.genesisHash, `${genesisHash}\n`);
    closers.push(() => engine.stop());
    const { moniker } = options.node;
    const rpc = await serveRpc({ engine, ...splitAddress(options.node.rpc.laddr), moniker, logger });
    closers.push(() => rpc.close());
    const grpc = await serveGrpc({
      app: plimsoll.app,
      registry: plimsoll.registry,
      node: { engine, appName, appVersion, moniker, minGasPrices: options.app.minimum_gas_prices },
      ...splitAddress(options.app.grpc.address),
      logger,
    });
    closers.push(() => grpc.close());
    engine.start(options.node.consensus.block_interval_ms, options.onFatal);
    logger.info(
      { chain: genesis.chain_id, height: `${engine.height}`, rpc: rpc.url, grpc: grpc.address },
      'node started',
    );
    return { chainId: genesis.chain_id, engine, plimsoll, rpcUrl: rpc.url, grpcAddress: grpc.address, stop: close };
  } catch (error) {
    await close();
    throw error instanceof Failure ? error : new Failure((error as Error).message);
  }
}
