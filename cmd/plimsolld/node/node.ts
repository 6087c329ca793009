import { appName, appVersion, type PlimsollApp } from '../../../app/app.js';
import { systemClock } from '../../../runtime/engine/clock.js';
import { ConsensusKey } from '../../../runtime/engine/consensus-key.js';
import { EmbeddedEngine } from '../../../runtime/engine/engine.js';
import { serveRpc } from '../../../runtime/engine/rpc/server.js';
import type { Logger } from '../../../runtime/log.js';
import { embeddedChain } from '../../../runtime/server/embedded-chain.js';
import { serveGrpc } from '../../../runtime/server/grpc.js';
import { paths, type AppConfig, type NodeConfig } from '../config.js';
import { Failure } from '../failure.js';
import { openApp, readGenesis } from './open.js';
import { NodeTelemetry, serveMetrics } from './telemetry.js';

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
  /** host:port; undefined while telemetry is off. */
  readonly metricsAddress: string | undefined;
  stop(): Promise<void>;
}

/** Host and port of host:port. */
export function splitAddress(text: string): { readonly host: string; readonly port: number } {
  const at = text.lastIndexOf(':');
  return { host: text.slice(0, at), port: Number(text.slice(at + 1)) };
}

/** Starts a one-validator node on the embedded engine, with RPC and gRPC. */
export async function startNode(options: NodeOptions): Promise<RunningNode> {
  const { logger } = options;
  const files = paths(options.home);
  readGenesis(files.genesis);
  let validator: ConsensusKey;
  try {
    validator = ConsensusKey.load(files.validatorKey);
  } catch (error) {
    throw new Failure((error as Error).message);
  }
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.reverse()) await closer();
  };
  try {
    const opened = await openApp(options.home, options.app, logger);
    closers.push(() => opened.close());
    const { genesis, plimsoll } = opened;
    const telemetry = options.app.telemetry.enabled ? new NodeTelemetry() : undefined;
    let engine: EmbeddedEngine;
    try {
      engine = await EmbeddedEngine.open({
        app: telemetry?.observe(plimsoll.app) ?? plimsoll.app,
        genesis,
        validator,
        clock: systemClock,
        path: files.blocks,
        logger,
      });
    } catch (error) {
      // A chain without blocks has nothing but its genesis to blame.
      throw opened.isNew ? new Failure(`${files.genesis}: ${(error as Error).message}`) : error;
    }
    opened.bindGenesis();
    closers.push(() => engine.stop());
    const { moniker } = options.node;
    const rpc = await serveRpc({ engine, ...splitAddress(options.node.rpc.laddr), moniker, logger });
    closers.push(() => rpc.close());
    const grpc = await serveGrpc({
      registry: plimsoll.registry,
      node: {
        app: plimsoll.app,
        chain: embeddedChain(engine),
        appName,
        appVersion,
        moniker,
        minGasPrices: options.app.minimum_gas_prices,
        earliestStoreHeight: opened.earliestStoreHeight,
        pruning: opened.pruning,
      },
      ...splitAddress(options.app.grpc.address),
      logger,
    });
    closers.push(() => grpc.close());
    const metrics = telemetry && (await serveMetrics(telemetry, splitAddress(options.app.telemetry.address), logger));
    if (metrics !== undefined) closers.push(() => metrics.close());
    engine.start(options.node.consensus.block_interval_ms, options.onFatal);
    logger.info(
      {
        chain: genesis.chain_id,
        height: `${engine.height}`,
        rpc: rpc.url,
        grpc: grpc.address,
        ...(metrics && { metrics: metrics.address }),
      },
      'node started',
    );
    return {
      chainId: genesis.chain_id,
      engine,
      plimsoll,
      rpcUrl: rpc.url,
      grpcAddress: grpc.address,
      metricsAddress: metrics?.address,
      stop: close,
    };
  } catch (error) {
    await close();
    throw error instanceof Failure ? error : new Failure((error as Error).message);
  }
}
