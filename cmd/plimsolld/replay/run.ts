import { setImmediate } from 'node:timers/promises';
import { createApp, type PlimsollApp } from '../../../app/app.js';
import { mounts } from '../../../app/mounts.js';
import type { Market } from '../../../gen/plimsoll/perps/v1/types.js';
import { fromBech32 } from '../../../runtime/crypto/address.js';
import { VirtualClock } from '../../../runtime/engine/clock.js';
import { ConsensusKey } from '../../../runtime/engine/consensus-key.js';
import { EmbeddedEngine } from '../../../runtime/engine/engine.js';
import type { Logger } from '../../../runtime/log.js';
import { openStore } from '../../../runtime/store/index.js';
import type { CommitMultiStore } from '../../../runtime/store/types.js';
import { CsvPriceSource } from '../../../x/oracle/sources/csv.js';
import { subaccountKey } from '../../../x/perps/subaccount-key.js';
import type { SubaccountKey } from '../../../x/perps/types.js';
import { auditBlock } from './audit.js';
import { replayChainId, replayGenesis, validatorSeed } from './genesis.js';
import { openHome, type Home } from './home.js';
import { Hindsight, type Case } from './hindsight.js';
import type { ReplayInputs } from './inputs.js';
import { Journal } from './journal.js';
import { marketFor } from './market.js';
import type { Progress } from './progress.js';
import { Randomness } from './random.js';
import { ratePoint } from './rate-paths.js';
import { recordOf, type BlockRecord } from './record.js';
import { Tally, type ReplayReport } from './report.js';
import { PriceHistory, Timeline } from './timeline.js';
import { Crowd } from './traders/crowd.js';
import { makeTraders } from './traders/trader.js';
import { TraderView } from './traders/view.js';

export interface ReplayOptions {
  readonly inputs: ReplayInputs;
  /** Directory that lets a killed replay continue; undefined keeps everything in memory. */
  readonly home?: string;
  readonly logger: Logger;
  /** How to show progress over so many blocks; undefined shows none. */
  readonly progress?: (blocks: number) => Progress;
  /** Stops after the current block. */
  readonly signal?: AbortSignal;
}

export interface ReplayOutcome {
  readonly report: ReplayReport;
  /** False when it was stopped before the last block. */
  readonly finished: boolean;
}

/** Versions of the state that stay readable: the audit and the next orders need the newest only. */
const keepVersions = 2;
/** Blocks between two looks at timers and signals. */
const breathInterval = 50;

/** Runs the real application through recorded prices and reports what happened to every loss. */
export async function replay(options: ReplayOptions): Promise<ReplayOutcome> {
  const { inputs } = options;
  const timeline = new Timeline(inputs);
  const markets = inputs.prices.map((file, index) => marketFor(file, index + 1, inputs.className));
  const home = options.home === undefined ? undefined : openHome(options.home, inputs);
  const store = await openStore({ path: home?.state, mounts, keepVersions, sync: false });
  try {
    const session = await Session.open(options, timeline, markets, home, store);
    try {
      return await session.run();
    } finally {
      await session.close();
    }
  } finally {
    await store.close();
  }
}

class Session {
  readonly #options: ReplayOptions;
  readonly #timeline: Timeline;
  readonly #markets: ReadonlyMap<number, Market>;
  readonly #histories: ReadonlyMap<number, PriceHistory>;
  readonly #crowd: Crowd;
  readonly #store: CommitMultiStore;
  readonly #plimsoll: PlimsollApp;
  readonly #engine: EmbeddedEngine;
  readonly #clock: VirtualClock;
  readonly #journal: Journal | undefined;
  readonly #tally: Tally;
  readonly #hindsight = new Hindsight();

  private constructor(parts: {
    readonly options: ReplayOptions;
    readonly timeline: Timeline;
    readonly markets: ReadonlyMap<number, Market>;
    readonly histories: ReadonlyMap<number, PriceHistory>;
    readonly crowd: Crowd;
    readonly store: CommitMultiStore;
    readonly plimsoll: PlimsollApp;
    readonly engine: EmbeddedEngine;
    readonly clock: VirtualClock;
    readonly journal: Journal | undefined;
    readonly tally: Tally;
  }) {
    this.#options = parts.options;
    this.#timeline = parts.timeline;
    this.#markets = parts.markets;
    this.#histories = parts.histories;
    this.#crowd = parts.crowd;
    this.#store = parts.store;
    this.#plimsoll = parts.plimsoll;
    this.#engine = parts.engine;
    this.#clock = parts.clock;
    this.#journal = parts.journal;
    this.#tally = parts.tally;
  }

  /** Builds the chain, or takes an earlier session up where it ended. */
  static async open(
    options: ReplayOptions,
    timeline: Timeline,
    listed: readonly Market[],
    home: Home | undefined,
    store: CommitMultiStore,
  ): Promise<Session> {
    const { inputs, logger } = options;
    const prices = new CsvPriceSource(Object.fromEntries(inputs.prices.map(({ symbol, path }) => [symbol, path])));
    const plimsoll = createApp({ store, chainId: replayChainId, prices, logger });
    const traders = makeTraders(inputs);
    const validator = ConsensusKey.fromSeed(validatorSeed(inputs.seed));
    const genesis = replayGenesis(inputs, listed, timeline, traders, plimsoll, validator);
    const clock = new VirtualClock(timeline.timeMs(0));
    const engine = await EmbeddedEngine.open({
      app: plimsoll.app,
      genesis,
      validator,
      path: home?.blocks,
      clock,
      logger,
    });
    const session = new Session({
      options,
      timeline,
      markets: new Map(listed.map((market) => [market.id, market])),
      histories: new Map(
        listed.map(({ id, ticker, priceExponent }) => [id, new PriceHistory(prices, timeline, ticker, priceExponent)]),
      ),
      crowd: new Crowd(traders, new Randomness(inputs.seed)),
      store,
      plimsoll,
      engine,
      clock,
      journal: home === undefined ? undefined : new Journal(home.journal),
      tally: new Tally(trancheSum(genesis.app_state), vaultSum(genesis.app_state)),
    });
    try {
      await session.#takeUp();
    } catch (error) {
      await session.close();
      throw error;
    }
    return session;
  }

  async close(): Promise<void> {
    this.#journal?.close();
    await this.#engine.stop();
  }

  async run(): Promise<ReplayOutcome> {
    const { progress, signal, inputs } = this.#options;
    const last = this.#timeline.blocks;
    const shown = progress?.(last);
    try {
      for (let height = Number(this.#engine.height) + 1; height <= last; height++) {
        if (height % breathInterval === 0) await setImmediate();
        if (signal?.aborted === true) break;
        const record = await this.#block(height);
        this.#journal?.append(record);
        this.#tally.add(record);
        if (shown !== undefined && (shown.due() || height === last)) shown.show(this.#standing(height));
      }
    } finally {
      shown?.end();
    }
    return {
      report: this.#tally.report(inputs, this.#crowd.roles, this.#engine.appHash),
      finished: Number(this.#engine.height) >= last,
    };
  }

  /** Orders, block, audit. */
  async #block(height: number): Promise<BlockRecord> {
    const started = process.hrtime.bigint();
    for (const tx of this.#orders(height)) {
      const { code, log } = await this.#engine.broadcastTx(tx);
      if (code !== 0) throw new Error(`block ${height}: a trader's transaction was refused: ${log}`);
    }
    // The vote on this block says when the next one is.
    this.#clock.set(this.#timeline.timeMs(height + 1));
    const { results } = await this.#engine.produceBlock();
    if (this.#engine.mempool.size > 0) {
      throw new Error(
        `block ${height}: ${this.#engine.mempool.size} transactions did not fit: the next block would depend on them`,
      );
    }
    return this.#record(height, results, () => Number((process.hrtime.bigint() - started) / 1_000n));
  }

  /** Recounts the block that was just committed and writes down what it did. */
  #record(height: number, results: Parameters<typeof recordOf>[1], micros: () => number): BlockRecord {
    const { keepers } = this.#plimsoll;
    const from = this.#store.at();
    const audit = auditBlock(from, keepers);
    const timeMs = this.#timeline.timeMs(height);
    const markets = keepers.perps.markets(from);
    const open = (accounts: readonly string[]): readonly Case[] =>
      accounts.length === 0
        ? []
        : this.#hindsight.open(accounts.map(keyOfAccount), this.#store.at(BigInt(height - 1)), keepers, timeMs);
    const verdicts = this.#hindsight.judge(timeMs, markets);
    const rates = [...this.#markets.keys()]
      .map(markets)
      .filter(({ markPrice }) => markPrice !== 0n)
      .map(ratePoint);
    return recordOf(height, results, this.#markets, audit, { rates, verdicts, open }, micros());
  }

  /** Nobody trades before the first price can be marked, which is with the first votes. */
  #orders(height: number): Uint8Array[] {
    if (height < 3) return [];
    const view = new TraderView(
      height - 1,
      this.#timeline.timeMs(height),
      this.#store.at(),
      this.#plimsoll.keepers,
      this.#histories,
    );
    return this.#crowd.transactions(view, replayChainId);
  }

  /** Counts what earlier sessions did. A block that was committed but not counted is counted from its results. */
  async #takeUp(): Promise<void> {
    const height = Number(this.#engine.height);
    const records = this.#journal?.read(height) ?? [];
    for (const record of records) {
      this.#tally.add(record);
      this.#hindsight.restore(record.cases, record.verdicts);
    }
    if (records.length === height) return;
    const results = await this.#engine.store.results(height);
    if (results === undefined) throw new Error(`results of block ${height} are missing`);
    const record = this.#record(height, results, () => 0);
    this.#journal?.append(record);
    this.#tally.add(record);
  }

  #standing(height: number): Parameters<Progress['show']>[0] {
    const from = this.#store.at();
    let openInterest = 0n;
    const prices: string[] = [];
    for (const { id, ticker, priceExponent } of this.#markets.values()) {
      const view = this.#plimsoll.keepers.perps.marketView(from, id);
      openInterest += view.openInterest;
      prices.push(`${ticker} ${decimal(view.markPrice, priceExponent)}`);
    }
    return { height, prices: prices.join('  '), openInterest, insurance: this.#tally.insurance };
  }
}

function keyOfAccount(account: string): SubaccountKey {
  const [owner, number] = account.split('/');
  return subaccountKey(fromBech32(owner!), Number(number));
}

function trancheSum(state: Record<string, unknown>): bigint {
  const { tranches } = state['insurance'] as {
    readonly tranches: readonly { readonly junior: string; readonly senior: string }[];
  };
  return tranches.reduce((sum, { junior, senior }) => sum + BigInt(junior) + BigInt(senior), 0n);
}

/** A new chain's vaults hold what they were given and nothing else. */
function vaultSum(state: Record<string, unknown>): bigint {
  const { vaults } = state['backstop'] as { readonly vaults: readonly { readonly total_in: string }[] };
  return vaults.reduce((sum, { total_in: given }) => sum + BigInt(given), 0n);
}

/** Five significant digits. */
const decimal = (value: bigint, exponent: number): string =>
  String(Number((Number(value) * 10 ** exponent).toPrecision(5)));
