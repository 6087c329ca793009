import { Command, Option } from 'commander';
import type { ClassName } from '../../../x/perps/params.js';
import { Failure } from '../failure.js';
import { createLogger } from '../node/log.js';
import { progressView, replay, writeReport } from '../simulation/run.js';

interface ReplayFlags {
  readonly prices: readonly string[];
  readonly accounts: string;
  readonly seed: string;
  readonly blocksPerBar: string;
  readonly class: ClassName;
  readonly home?: string;
  readonly bars?: string;
  readonly out?: string;
}

/** plimsolld replay: the chain through recorded prices. */
export function replayCommand(): Command {
  return new Command('replay')
    .description('Drive the real state machine through recorded prices and report how every loss was paid')
    .requiredOption('--prices <symbol=file...>', 'bars to replay, like BTC-USD=btc.csv; one market for each')
    .option('--accounts <n>', 'seeded traders', '200')
    .option('--seed <n>', 'the same seed gives the same chain', '1')
    .option('--blocks-per-bar <n>', 'blocks in each bar', '4')
    .addOption(new Option('--class <class>', 'solvency class of the markets').choices(['A', 'B', 'C', 'D']).default('A'))
    .option('--home <dir>', 'keep the chain here; a replay that was cut goes on from it')
    .option('--bars <n>', 'stop after this many bars')
    .option('--out <file>', 'write the report as JSON (default: standard output)')
    .addHelpText(
      'after',
      `
Bars are CSV: timestamp_utc_s,open,high,low,close,volume (or timestamp_utc_s,close), ascending; gaps stay gaps.
Exit status is 0 only if no block ended with a negative account and every identity held after every block.

Example:
  plimsolld replay --prices BTC-USD=btc.csv --prices ETH-USD=eth.csv --accounts 1000 --out report.json`,
    )
    .action(async (flags: ReplayFlags) => {
      const prices: Record<string, string> = {};
      for (const entry of flags.prices) {
        const match = /^([A-Z0-9]{1,16}-[A-Z0-9]{1,16})=(.+)$/.exec(entry);
        if (match === null) throw new Failure(`--prices: expected SYMBOL=FILE like BTC-USD=btc.csv, got ${JSON.stringify(entry)}`, 2);
        if (prices[match[1]!] !== undefined) throw new Failure(`--prices: ${match[1]} is given twice`, 2);
        prices[match[1]!] = match[2]!;
      }
      const view = progressView();
      let interrupted = false;
      const interrupt = (): void => {
        interrupted = true;
      };
      process.once('SIGINT', interrupt);
      process.once('SIGTERM', interrupt);
      try {
        const report = await replay({
          prices,
          accounts: integer('--accounts', flags.accounts, 2, 100_000),
          seed: integer('--seed', flags.seed, 0, 0xffffffff),
          blocksPerBar: integer('--blocks-per-bar', flags.blocksPerBar, 1, 1_000),
          class: flags.class,
          home: flags.home,
          bars: flags.bars === undefined ? undefined : integer('--bars', flags.bars, 1, 10_000_000),
          logger: createLogger({ log_level: 'error', log_format: 'text' }),
          onProgress: view.update,
          interrupted: () => interrupted,
        });
        view.stop();
        if (flags.out === undefined) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
        else {
          writeReport(flags.out, report);
          process.stderr.write(`${report.blocks} blocks at ${report.blocksPerSecond} a second; the report is in ${flags.out}\n`);
        }
        if (report.negativeEquityBlockEnds > 0 || report.identityViolations > 0) process.exitCode = 1;
      } finally {
        view.stop();
      }
    });
}

function integer(flag: string, text: string, low: number, high: number): number {
  if (!/^\d{1,10}$/.test(text) || Number(text) < low || Number(text) > high) {
    throw new Failure(`${flag}: expected an integer from ${low} to ${high}, got ${JSON.stringify(text)}`, 2);
  }
  return Number(text);
}
