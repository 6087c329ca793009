import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import cliProgress from 'cli-progress';
import { createApp } from '../../../app/app.js';
import { mounts } from '../../../app/mounts.js';
import { fromBech32 } from '../../../runtime/crypto/address.js';
import { VirtualClock } from '../../../runtime/engine/clock.js';
import { EmbeddedEngine } from '../../../runtime/engine/engine.js';
import type { Logger } from '../../../runtime/log.js';
import { openStore } from '../../../runtime/store/index.js';
import { CsvPriceSource } from '../../../x/oracle/sources/csv.js';
import { audit } from '../../../x/perps/block/identities.js';
import { quoteDivisorOf } from '../../../x/perps/keeper.js';
import { paths } from '../config.js';
import { Failure } from '../failure.js';
import { signDirect } from '../tx/sign.js';
import { Counters, type Report } from './report.js';
import { chainId, setUp, type ReplayInputs } from './setup.js';
import { act, type View } from './traders.js';

export interface ReplayOptions extends ReplayInputs {
  /** Keeps the chain on disk, so that a cut replay can go on; undefined runs in memory. */
  readonly home?: string;
  /** Stops after this many bars. */
  readonly bars?: number;
  readonly logger: Logger;
  readonly onProgress?: (progress: Progress) => void;
  readonly interrupted?: () => boolean;
}

export interface Progress {
  readonly height: number;
  readonly total: number;
  readonly price: string;
  readonly openInterest: bigint;
  readonly insurance: bigint;
}

const gasPerMessage = 150_000n;

/** What the audit found, kept on disk the moment it is found. */
interface Findings {
  negativeEquityBlockEnds: number;
  identityViolations: number;
  details: string[];
}

/** Drives the real application on the real engine through recorded prices. */
export async function replay(options: ReplayOptions): Promise<Report> {
  const started = Date.now();
  let source: CsvPriceSource;
  try {
    source = new CsvPriceSource(options.prices);
  } catch (error) {
    throw new Failure((error as Error).message);
  }
  const span = source.span();
  const stepMs = Math.max(1, Math.floor(span.intervalMs / options.blocksPerBar));
  const endMs =
    options.bars === undefined ? span.endMs : Math.min(span.endMs, span.startMs + options.bars * span.intervalMs);
  const total = Math.floor((endMs - span.startMs) / stepMs);
  const setup = await setUp(options, source, span.startMs);
  const files = options.home === undefined ? undefined : homeFiles(options.home, options);

  const store = await openStore({ path: files?.state, mounts, keepVersions: 10, sync: false });
  try {
    const plimsoll = createApp({ store, chainId, prices: source, logger: options.logger });
    const clock = new VirtualClock(BigInt(span.startMs));
    const engine = await EmbeddedEngine.open({
      app: plimsoll.app,
      genesis: setup.genesis,
      validator: setup.validator,
      clock,
      path: files?.blocks,
      logger: options.logger,
    });
    try {
      const { keepers, perpsDeps } = plimsoll;
      const divisors = new Map<number, { divisor: bigint }>();
      const divisorOf = (id: number) => divisors.get(id)!;
      const counters = new Counters(setup.tranches);
      const findings = files === undefined ? newFindings() : readFindings(files.findings);
      const learnMarkets = (): void => {
        if (divisors.size > 0) return;
        for (const market of keepers.perps.allMarkets(plimsoll.app.queryContext()))
          divisors.set(market.id, { divisor: quoteDivisorOf(market) });
      };
      if (engine.height > 0n) learnMarkets();
      for (let height = 1; height <= Number(engine.height); height++)
        counters.add((await engine.store.results(height))!, divisorOf);
      const alreadyDone = Number(engine.height);
      const addresses = new Map(setup.traders.map((trader) => [trader.owner, fromBech32(trader.owner)]));

      while (Number(engine.height) < total && options.interrupted?.() !== true) {
        const height = Number(engine.height) + 1;
        // A block's time is the previous vote's time: set the clock before the vote.
        clock.set(BigInt(span.startMs + height * stepMs));
        if (engine.height > 0n) {
          const ctx = plimsoll.app.queryContext();
          const view: View = {
            ctx,
            keeper: keepers.perps,
            height,
            seed: options.seed,
            recentReturn: returns(source, ctx.block.timeMs, BigInt(10 * stepMs)),
            bankBalance: (owner) => keepers.bank.balance(ctx, addresses.get(owner)!, 'uusdc'),
          };
          for (const trader of setup.traders) {
            const messages = act(trader, view);
            if (messages.length === 0) continue;
            const account = keepers.auth.account(ctx, addresses.get(trader.owner)!)!;
            const tx = signDirect(
              { messages, fee: [], gasLimit: gasPerMessage * BigInt(messages.length + 1) },
              trader.key,
              { chainId, accountNumber: account.number, sequence: account.sequence },
            );
            await engine.broadcastTx(tx);
          }
        }
        const { results } = await engine.produceBlock();
        learnMarkets();
        counters.add(results, divisorOf);
        const after = plimsoll.app.queryContext();
        const found = audit(after, perpsDeps);
        if (found.negativeAccounts > 0) findings.negativeEquityBlockEnds++;
        findings.identityViolations += found.violations.filter(({ identity }) => identity !== 'ID-4').length;
        if (found.violations.length > 0) {
          findings.details.push(
            ...found.violations.slice(0, 3).map(({ identity, detail }) => `block ${height}: ${identity}: ${detail}`),
          );
          if (files !== undefined) writeFileSync(files.findings, JSON.stringify(findings));
          options.logger.error({ height, violations: found.violations.slice(0, 3) }, 'the books do not balance');
        }
        if (options.onProgress !== undefined && height % 20 === 0) {
          const state = keepers.perps.marketView(after, 1);
          options.onProgress({
            height,
            total,
            price: source.prices(after.block.timeMs)[0]?.price ?? 'gap',
            openInterest: state.openInterest,
            insurance: keepers.insurance.totalBalance(after),
          });
        }
      }
      if (Number(engine.height) < total) {
        throw new Failure(
          options.home === undefined
            ? 'interrupted; with --home it could be continued'
            : `interrupted at block ${engine.height} of ${total}: run the same command again to continue`,
        );
      }

      const wallSeconds = (Date.now() - started) / 1000;
      const done = counters.blocks - alreadyDone;
      const start = [...setup.tranches.values()].reduce((sum, each) => sum + each, 0n);
      return {
        blocks: counters.blocks,
        txs: counters.txs,
        failedTxs: counters.failedTxs,
        fills: counters.fills,
        liquidations: { accounts: counters.liquidatedAccounts, notional: (counters.book + counters.adl).toString() },
        waterfall: {
          book: counters.book.toString(),
          insurance: counters.insurance.toString(),
          adl: counters.adl.toString(),
          haircut: counters.haircut.toString(),
        },
        insurance: {
          start: start.toString(),
          min: counters.insuranceMin.toString(),
          end: counters.insuranceTotal.toString(),
        },
        badDebt: counters.badDebt.toString(),
        negativeEquityBlockEnds: findings.negativeEquityBlockEnds,
        identityViolations: findings.identityViolations,
        breakers: counters.halts,
        appHash: Buffer.from(engine.appHash).toString('hex').toUpperCase(),
        wallSeconds,
        blocksPerSecond: Math.round(done / wallSeconds),
        txsPerSecond: Math.round((counters.txs * done) / counters.blocks / wallSeconds),
        inputs: {
          prices: options.prices,
          seed: options.seed,
          accounts: options.accounts,
          class: options.class,
          blocksPerBar: options.blocksPerBar,
        },
      };
    } finally {
      await engine.stop();
    }
  } finally {
    await store.close();
  }
}

/** Return of the recorded price over a lookback; 0 in gaps. */
function returns(source: CsvPriceSource, timeMs: bigint, lookbackMs: bigint): (symbol: string) => number {
  const table = (at: bigint): Map<string, number> =>
    new Map(source.prices(at).map(({ symbol, price }) => [symbol, Number(price)]));
  let now: Map<string, number> | undefined;
  let then: Map<string, number> | undefined;
  return (symbol) => {
    now ??= table(timeMs);
    then ??= table(timeMs - lookbackMs);
    const [a, b] = [now.get(symbol), then.get(symbol)];
    return a === undefined || b === undefined ? 0 : a / b - 1;
  };
}

const newFindings = (): Findings => ({ negativeEquityBlockEnds: 0, identityViolations: 0, details: [] });

function readFindings(path: string): Findings {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Findings) : newFindings();
}

/** Files of a replay's home. A home belongs to one set of inputs. @throws Failure when they differ */
function homeFiles(home: string, inputs: ReplayInputs & { readonly bars?: number }) {
  const { state, blocks } = paths(home);
  const name = join(home, 'replay.json');
  const digest = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');
  const { prices, accounts, seed, blocksPerBar } = inputs;
  const wanted = JSON.stringify({
    files: Object.fromEntries(Object.entries(prices).map(([symbol, path]) => [symbol, digest(path)])),
    accounts,
    seed,
    blocksPerBar,
    class: inputs.class,
  });
  try {
    mkdirSync(state, { recursive: true });
    if (existsSync(name)) {
      if (readFileSync(name, 'utf8') !== wanted)
        throw new Failure(`${home} holds a replay of other inputs: take another --home`);
    } else writeFileSync(name, wanted);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`--home: ${(error as Error).message}`);
  }
  return { state, blocks, findings: join(home, 'findings.json') };
}

/** A bar on a terminal, a line every few seconds elsewhere; all on stderr. */
export function progressView(): { readonly update: (progress: Progress) => void; readonly stop: () => void } {
  const usdc = (amount: bigint): string => `${(amount / 1_000_000n).toLocaleString('en-US')} USDC`;
  const texts = ({ price, openInterest, insurance }: Progress) => ({
    price,
    oi: usdc(openInterest),
    fund: usdc(insurance),
  });
  if (process.stderr.isTTY) {
    const bar = new cliProgress.SingleBar({
      format: '{bar} {value}/{total}  price {price}  open interest {oi}  insurance {fund}  {eta_formatted} left',
      hideCursor: true,
    });
    let running = false;
    return {
      update: (progress) => {
        if (!running) bar.start(progress.total, 0, texts(progress));
        running = true;
        bar.update(progress.height, texts(progress));
      },
      stop: () => {
        if (running) bar.stop();
      },
    };
  }
  let last = 0;
  return {
    update: (progress) => {
      if (Date.now() - last < 5_000) return;
      last = Date.now();
      const { price, oi, fund } = texts(progress);
      process.stderr.write(
        `block ${progress.height}/${progress.total}  price ${price}  open interest ${oi}  insurance ${fund}\n`,
      );
    },
    stop: () => {},
  };
}

/** Writes the report whole or not at all. @throws Failure when the place cannot be written */
export function writeReport(path: string, report: Report): void {
  const temporary = `${path}.part`;
  try {
    writeFileSync(temporary, `${JSON.stringify(report, null, 2)}\n`);
    renameSync(temporary, path);
  } catch (error) {
    throw new Failure(`--out: ${(error as Error).message}`);
  }
}
