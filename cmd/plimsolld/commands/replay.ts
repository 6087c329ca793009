import { Command } from 'commander';
import { Failure } from '../failure.js';
import { createLogger } from '../node/log.js';
import {
  progress,
  readInputs,
  replay,
  requireWritable,
  statusOf,
  writeReport,
  type ReplayReport,
} from '../replay/index.js';

interface Flags {
  readonly prices: readonly string[];
  readonly accounts: string;
  readonly seed: string;
  readonly blocksPerBar: string;
  readonly class: string;
  readonly blocks?: string;
  readonly home?: string;
  readonly out?: string;
}

const collect = (value: string, earlier: readonly string[]): readonly string[] => [...earlier, value];

/** plimsolld replay: the chain through recorded prices. */
export function replayCommand(): Command {
  return new Command('replay')
    .description('drive the real state machine through recorded prices and report how every loss was paid')
    .requiredOption(
      '--prices <symbol=file>',
      'bars to replay, like BTC-USD=btc.csv; repeat it for more markets',
      collect,
      [],
    )
    .option('--accounts <n>', 'seeded traders, 8 to 100000', '200')
    .option('--seed <s>', 'the same seed and files give the same chain', '1')
    .option('--blocks-per-bar <k>', 'blocks for each bar, 1 to 60; four see all its prices', '4')
    .option('--class <class>', 'solvency class of the markets: A, B, C or D', 'A')
    .option('--blocks <n>', 'stop after this many blocks (default: at the end of the files)')
    .option('--home <dir>', 'keep the chain here, so that a replay that was cut goes on (default: in memory)')
    .option('--out <file>', 'write the report here as JSON')
    .addHelpText(
      'after',
      `
Bars are CSV with a header: timestamp_utc_s,open,high,low,close,volume, or timestamp_utc_s,close;
times ascend, and gaps stay gaps: prices grow stale in them.

Of twenty accounts two are market makers, one is a keeper who keeps bids for failing
positions on both sides of its market at a ladder of discounts, and the others trade on
trends, reversions or leverage. The report counts them under "traders". Nobody deposits
into tranches and vaults: they start with a hundredth of what traders hold.

Exit status: 0 when no account ended a block with negative equity and every accounting
identity held after every block, 1 otherwise or on bad input, 2 on wrong usage.

Example:
  plimsolld replay --prices BTC-USD=btc.csv --prices ETH-USD=eth.csv --accounts 1000 --out report.json`,
    )
    .action(run);
}

async function run(flags: Flags): Promise<void> {
  const inputs = readInputs(flags);
  if (flags.out !== undefined) requireWritable(flags.out);
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  try {
    const { report, finished } = await replay({
      inputs,
      home: flags.home,
      logger: createLogger({ log_level: 'warn', log_format: 'text' }),
      progress,
      signal: stop.signal,
    });
    if (!finished) {
      const how =
        flags.home === undefined ? 'with --home it could be continued' : 'run the same command again to continue';
      throw new Failure(`stopped after block ${report.blocks}; ${how}`);
    }
    if (flags.out === undefined) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    else {
      writeReport(flags.out, report);
      process.stdout.write(`${summary(report)}\nThe whole report is in ${flags.out}\n`);
    }
    process.exitCode = statusOf(report);
  } finally {
    process.removeListener('SIGINT', interrupt);
    process.removeListener('SIGTERM', interrupt);
  }
}

const usdc = (quanta: string): string => `${(BigInt(quanta) / 1_000_000n).toLocaleString('en')} USDC`;

function summary(report: ReplayReport): string {
  const { liquidations, margin, waterfall, insurance } = report;
  const lines = [
    `${report.blocks} blocks, ${report.txs} transactions, ${report.fills} fills in ${report.wallSeconds} s (${report.blocksPerSecond} blocks/s)`,
    `${liquidations.accounts} accounts liquidated: ${usdc(liquidations.notional)}, of which ${usdc(waterfall.book)} through the book, ${usdc(waterfall.keepers)} by keepers, ${usdc(waterfall.backstop)} by vaults`,
    `of ${liquidations.judged} liquidations judged an hour later, ${liquidations.unnecessary} would not have been needed; allowed leverage ${margin.averageAllowedLeverage} on average`,
    `losses paid: insurance ${usdc(waterfall.insurance)}, haircut ${usdc(waterfall.haircut)}; deleveraged ${usdc(waterfall.adl)}`,
    `insurance ${usdc(insurance.start)} at the start, ${usdc(insurance.min)} at worst, ${usdc(insurance.end)} at the end; bad debt ${usdc(report.badDebt)}`,
    `negative equity at the end of a block: ${report.negativeEquityBlockEnds}; identity violations: ${report.identityViolations}`,
    ...report.violations,
    `breakers: ${report.breakers.filter(({ active }) => active).length} times`,
    ...report.breakers
      .filter(({ trigger }) => trigger === 'INVARIANT')
      .map(({ height, figure }) => `block ${height}: trading stopped: ${figure}`),
    `app hash ${report.appHash}`,
  ];
  return lines.join('\n');
}
