import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { createApp, type PlimsollApp } from '../../../app/app.js';
import { validateAppState } from '../../../app/genesis.js';
import { mounts } from '../../../app/mounts.js';
import { SnapshotConnection } from '../../../runtime/baseapp/snapshots.js';
import { sortedJson } from '../../../runtime/codec/amino-json.js';
import type { JsonValue } from '../../../runtime/codec/types.js';
import { sha256 } from '../../../runtime/crypto/hash.js';
import { signatureBackend } from '../../../runtime/crypto/secp256k1.js';
import { parseGenesis, type GenesisDoc } from '../../../runtime/engine/genesis-doc.js';
import type { Logger } from '../../../runtime/log.js';
import { openStore } from '../../../runtime/store/index.js';
import type { Pruning } from '../../../runtime/store/pruning.js';
import { SnapshotLibrary, SnapshotManager } from '../../../runtime/store/statesync/index.js';
import type { PriceSource } from '../../../x/oracle/price-source.js';
import { CsvPriceSource } from '../../../x/oracle/sources/csv.js';
import { DaemonPriceSource } from '../../../x/oracle/sources/daemon.js';
import { StaticPriceSource } from '../../../x/oracle/sources/static.js';
import { SyntheticPriceSource } from '../../../x/oracle/sources/synthetic.js';
import { historyOf, paths, type AppConfig } from '../config.js';
import { Failure } from '../failure.js';
import { loadPricesConfig, pricesTomlPath } from '../prices/config.js';
import { InProcessPriceSource } from '../prices/in-process.js';
import { LevelTraceArchive } from './trace-archive.js';

/** @throws Failure naming file and field */
export function readGenesis(path: string): GenesisDoc {
  if (!existsSync(path)) throw new Failure(`${path} does not exist: run plimsolld init first`);
  try {
    return parseGenesis(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    throw new Failure(`${path}: ${(error as Error).message}`);
  }
}

export function priceSourceOf(home: string, { prices }: AppConfig, logger: Logger): PriceSource {
  if (prices.source === 'exchanges') return new InProcessPriceSource(loadPricesConfig(pricesTomlPath(home)), logger);
  if (prices.source === 'csv') return new CsvPriceSource(prices.csv);
  if (prices.source === 'daemon') {
    const { address, poll_ms: pollMs, max_age_ms: maxAgeMs } = prices.daemon;
    return new DaemonPriceSource({ address, pollMs, maxAgeMs, logger });
  }
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

/** The application of a home, open and behind no engine yet. */
export interface OpenedApp {
  readonly genesis: GenesisDoc;
  readonly plimsoll: PlimsollApp;
  /** No block is committed: what fails now is the genesis' fault. */
  readonly isNew: boolean;
  /** From now on this home belongs to this genesis. */
  bindGenesis(): void;
  /** Smallest height whose state is kept. */
  earliestStoreHeight(): bigint;
  readonly pruning: Pruning;
  close(): Promise<void>;
}

/** Opens the state of a home and the application over it. @throws Failure naming file and field */
export async function openApp(home: string, config: AppConfig, logger: Logger): Promise<OpenedApp> {
  const files = paths(home);
  const genesis = readGenesis(files.genesis);
  const backend = signatureBackend();
  logger.info({ backend }, 'secp256k1 loaded');
  if (backend === 'fallback' && !config.allow_slow_signatures) {
    throw new Failure(
      'the native secp256k1 library did not load: a validator would fall behind. Reinstall, or set allow_slow_signatures in app.toml',
    );
  }
  const genesisHash = checkGenesis(files, genesis);
  mkdirSync(files.state, { recursive: true });
  const pruning = historyOf(config);
  const stateSync = {
    interval: config['state-sync']['snapshot-interval'],
    keepRecent: config['state-sync']['snapshot-keep-recent'],
  };
  const store = await openStore({
    path: files.state,
    mounts,
    keepVersions: pruning.keepRecent,
    pruneInterval: pruning.interval,
    snapshotInterval: config.snapshot_interval,
  });
  let prices: PriceSource | undefined;
  let snapshots: SnapshotManager | undefined;
  let traces: Awaited<ReturnType<typeof LevelTraceArchive.open>> | undefined;
  const close = async (): Promise<void> => {
    prices?.close?.();
    await snapshots?.close();
    await traces?.archive.close();
    await store.close();
  };
  try {
    try {
      prices = priceSourceOf(home, config, logger);
    } catch (error) {
      throw new Failure(`price source: ${(error as Error).message}`);
    }
    // Opening the library removes what a killed process left half-written.
    snapshots = new SnapshotManager(store, await SnapshotLibrary.open(files.snapshots), stateSync, logger);
    const { steps } = config.traces;
    if (steps > 0) traces = await LevelTraceArchive.open(files.traces, logger);
    const plimsoll = createApp({
      store,
      chainId: genesis.chain_id,
      prices,
      logger,
      minGasPrices: config.minimum_gas_prices,
      snapshots: new SnapshotConnection(store, snapshots, logger),
      proofs: {
        interval: BigInt(config.proofs.interval),
        perBlock: config.proofs['accounts-per-block'],
        keep: config.proofs.keep,
      },
      traces: {
        steps,
        ...(traces === undefined ? {} : { archive: traces.archive }),
        ...(traces?.archived === undefined ? {} : { archived: traces.archived }),
      },
      retention: {
        minRetainBlocks: config['min-retain-blocks'],
        keepVersions: pruning.keepRecent,
        snapshotInterval: stateSync.interval,
        snapshotKeepRecent: stateSync.keepRecent,
      },
    });
    const isNew = store.lastCommit().version === 0n;
    try {
      if (isNew) validateAppState(plimsoll.modules, genesis.app_state);
    } catch (error) {
      // A chain without blocks has nothing but its genesis to blame.
      throw new Failure(`${files.genesis}: ${(error as Error).message}`);
    }
    return {
      genesis,
      plimsoll,
      isNew,
      bindGenesis: () => writeFileSync(files.genesisHash, `${genesisHash}\n`),
      earliestStoreHeight: () => store.earliestVersion(),
      pruning,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
