import { appName, appVersion } from '../../../app/app.js';
import type { Application } from '../../../runtime/abci/application.js';
import { serveAbci, type AbciServer } from '../../../runtime/abci/server/index.js';
import { cometChain } from '../../../runtime/server/comet-chain.js';
import { serveGrpc } from '../../../runtime/server/grpc.js';
import { Failure } from '../failure.js';
import { splitAddress, type NodeOptions } from './node.js';
import { openApp } from './open.js';
import { NodeTelemetry, serveMetrics } from './telemetry.js';

export interface RunningAppServer {
  readonly chainId: string;
  /** Where CometBFT connects. */
  readonly abciAddress: string;
  readonly grpcAddress: string;
  stop(): Promise<void>;
}

/**
 * Serves the application of a home to a CometBFT process, which has its own
 * life: it may come and go, and keeps blocks, peers, keys and RPC.
 * @param behind what stands between the application and the engine; the application itself unless given
 */
export async function startAppServer(
  options: NodeOptions,
  behind: (app: Application) => Application = (app) => app,
): Promise<RunningAppServer> {
  const { logger, node, app: config, onFatal } = options;
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.reverse()) await closer();
  };
  try {
    const opened = await openApp(options.home, config, logger);
    closers.push(() => opened.close());
    const { plimsoll, genesis } = opened;
    const telemetry = config.telemetry.enabled ? new NodeTelemetry() : undefined;
    const served = telemetry?.observe(plimsoll.app) ?? plimsoll.app;
    if (telemetry !== undefined) {
      const metrics = await serveMetrics(telemetry, splitAddress(config.telemetry.address), logger);
      closers.push(() => metrics.close());
      logger.info({ metrics: metrics.address }, 'serving metrics');
    }
    // The first committed block ties the home to its genesis: the chain's first, or the first above a restored snapshot.
    let isBound = false;
    plimsoll.app.onCommit(() => {
      if (!isBound) opened.bindGenesis();
      isBound = true;
    });
    const grpc = await serveGrpc({
      registry: plimsoll.registry,
      node: {
        app: plimsoll.app,
        chain: cometChain(genesis.chain_id, config.cometbft.rpc),
        appName,
        appVersion,
        moniker: node.moniker,
        minGasPrices: config.minimum_gas_prices,
        earliestStoreHeight: opened.earliestStoreHeight,
        pruning: opened.pruning,
      },
      ...splitAddress(config.grpc.address),
      logger,
    });
    closers.push(() => grpc.close());
    let abci: AbciServer;
    try {
      abci = await serveAbci({ app: behind(served), address: config.abci.address, logger, onFatal });
    } catch (error) {
      throw new Failure(`abci.address: ${(error as Error).message}`);
    }
    closers.push(() => abci.close());
    logger.info(
      { chain: genesis.chain_id, abci: abci.address, grpc: grpc.address, cometbft: config.cometbft.rpc },
      'waiting for CometBFT',
    );
    return { chainId: genesis.chain_id, abciAddress: abci.address, grpcAddress: grpc.address, stop: close };
  } catch (error) {
    await close();
    throw error instanceof Failure ? error : new Failure((error as Error).message);
  }
}
