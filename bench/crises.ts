import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { progress, readInputs, replay, statusOf, type ReplayReport } from '../cmd/plimsolld/replay/index.js';
import { table } from '../cmd/plimsolld/output.js';
import { silentLogger } from '../runtime/log.js';
import type { ClassName } from '../x/perps/params.js';

/** One replay: files that share their time, as markets of one class. */
interface Crisis {
  readonly name: string;
  readonly className: ClassName;
  /** Symbol to file name. */
  readonly files: Readonly<Record<string, string>>;
}

/** Every recorded price file, by event and liquidity. */
const crises: readonly Crisis[] = [
  crisis('12 March 2020, hours', 'A', {
    'BTC-USD': 'bt2020_BTCUSDT_binance_1h.csv',
    'ETH-USD': 'bt2020_ETHUSDT_binance_1h.csv',
  }),
  crisis('12 March 2020, two other venues', 'A', {
    'BTC-USD': 'bt2020_BTCUSD_bitstamp_1h.csv',
    'XBT-USD': 'bt2020_BTCUSD_coinbase_1h.csv',
  }),
  crisis('12 March 2020, five minutes', 'A', { 'BTC-USD': 'bt2020_BTCUSDT_binance_5m_until_0312T2110.csv' }),
  crisis('13 March 2020, derived closes', 'A', { 'BTC-USD': 'derived_bt2020_BTCUSDT_implied_from_XTZ_5m_close.csv' }),
  crisis('19 May 2021', 'A', {
    'BTC-USD': 'may2021_BTCUSDT_binance_1m.csv',
    'ETH-USD': 'may2021_ETHUSDT_binance_1m.csv',
  }),
  crisis('19 May 2021, DOGE', 'B', { 'DOGE-USD': 'may2021_DOGEUSDT_binance_1m.csv' }),
  crisis('May 2022, LUNA', 'D', { 'LUNA-USD': 'luna2022_LUNAUSDT_binance_1m.csv' }),
  crisis('May 2022, BTC', 'A', { 'BTC-USD': 'luna2022_BTCUSDT_binance_5m.csv' }),
  crisis('March 2023, BTC at two venues', 'A', {
    'BTC-USD': 'usdc2023_BTCUSD_coinbase_1m.csv',
    'XBT-USD': 'usdc2023_BTCUSD_kraken_1m.csv',
  }),
  crisis('March 2023, BTC in USDC', 'A', { 'BTC-USDC': 'usdc2023_BTCUSDC_kraken_1m.csv' }),
  crisis('March 2023, stable coins', 'B', {
    'USDC-USD': 'usdc2023_USDCUSD_kraken_1m.csv',
    'USDT-USD': 'usdc2023_USDTUSD_kraken_1m.csv',
  }),
  crisis('10 October 2025, spot', 'A', {
    'BTC-USD': 'oct2025_BTCUSDT_binance_5m.csv',
    'ETH-USD': 'oct2025_ETHUSDT_binance_5m.csv',
  }),
  crisis('10 October 2025, futures', 'B', {
    'BTC-USD': 'oct2025_BTCUSDT_binancefut_5m.csv',
    'ETH-USD': 'oct2025_ETHUSDT_binancefut_5m.csv',
    'SOL-USD': 'oct2025_SOLUSDT_binancefut_5m.csv',
    'DOGE-USD': 'oct2025_DOGEUSDT_binancefut_5m.csv',
  }),
  crisis('10 October 2025, a venue with gaps', 'B', {
    'BTC-USD': 'oct2025_BTCUSD_gemini_1m.csv',
    'ETH-USD': 'oct2025_ETHUSD_gemini_1m.csv',
    'SOL-USD': 'oct2025_SOLUSD_gemini_1m.csv',
    'AAVE-USD': 'oct2025_AAVEUSD_gemini_1m.csv',
    'ATOM-USD': 'oct2025_ATOMUSD_gemini_1m.csv',
  }),
  crisis('10 October 2025, alts at Coinbase', 'C', {
    'AAVE-USD': 'oct2025_AAVEUSD_coinbase_1m.csv',
    'ATOM-USD': 'oct2025_ATOMUSD_coinbase_1m.csv',
  }),
  crisis('10 October 2025, alts in the coin-margined book', 'C', {
    'AAVE-USD': 'oct2025_AAVEUSDPERP_binancecoinm_1m.csv',
    'ATOM-USD': 'oct2025_ATOMUSDPERP_binancecoinm_1m.csv',
  }),
];

function crisis(name: string, className: ClassName, files: Readonly<Record<string, string>>): Crisis {
  return { name, className, files };
}

const stopsOf = ({ breakers }: ReplayReport): string[] =>
  breakers.filter(({ trigger }) => trigger === 'INVARIANT').map(({ figure }) => figure);

const usdc = (quanta: string): string => (BigInt(quanta) / 1_000_000n).toString();

function row({ name, className }: Crisis, report: ReplayReport): string[] {
  const { waterfall, insurance } = report;
  return [
    name,
    className,
    `${report.blocks}`,
    `${report.txs}`,
    `${report.fills}`,
    `${report.liquidations.accounts}`,
    usdc(report.liquidations.notional),
    usdc(waterfall.keepers),
    usdc(waterfall.backstop),
    usdc(waterfall.insurance),
    usdc(waterfall.adl),
    usdc(waterfall.haircut),
    waterfall.overshoot,
    `${usdc(insurance.start)}/${usdc(insurance.min)}/${usdc(insurance.end)}`,
    `${report.badDebt}/${report.negativeEquityBlockEnds}/${report.identityViolations}`,
    `${report.blocksPerSecond}`,
    report.appHash.slice(0, 8),
  ];
}

/** Replays every recorded crisis, or those whose name contains the argument, and prints a table in USDC. */
async function main(): Promise<number> {
  const data = process.env['PLIMSOLL_DATA'] ?? resolve('..', 'shared', 'data');
  if (!existsSync(data)) {
    process.stderr.write(`no recorded crises in ${data}; name their directory in PLIMSOLL_DATA\n`);
    return 1;
  }
  const covered = new Set(crises.flatMap(({ files }) => Object.values(files)));
  // Position and deleveraging records of another chain are no price files.
  const forgotten = readdirSync(data).filter(
    (name) => name.endsWith('.csv') && !name.includes('hyperliquid') && !covered.has(name),
  );
  if (forgotten.length > 0)
    process.stderr.write(`not replayed, name them in bench/crises.ts: ${forgotten.join(', ')}\n`);

  const wanted = process.argv[2] ?? '';
  const rows = [['crisis', 'class', 'blocks', 'txs', 'fills', 'liquidated', 'closed', 'keepers', 'backstop', 'insurance', 'adl', 'haircut', 'overshoot', 'tranches start/min/end', 'bad debt/negative/identity', 'blocks/s', 'hash']]; // prettier-ignore
  let status = forgotten.length > 0 ? 1 : 0;
  for (const each of crises.filter(({ name }) => name.includes(wanted))) {
    process.stderr.write(`${each.name}\n`);
    const inputs = readInputs({
      prices: Object.entries(each.files).map(([symbol, file]) => `${symbol}=${join(data, file)}`),
      accounts: process.env['PLIMSOLL_ACCOUNTS'] ?? '200',
      seed: process.env['PLIMSOLL_SEED'] ?? '1',
      blocksPerBar: '4',
      class: each.className,
    });
    const { report } = await replay({ inputs, logger: silentLogger, progress });
    rows.push(row(each, report));
    process.stderr.write(`${rows.at(-1)!.join('  ')}\n`);
    if (statusOf(report) !== 0 || report.badDebt !== '0' || report.liquidations.accounts === 0) {
      status = 1;
      process.stderr.write(
        `${each.name}: ${[...report.violations, ...stopsOf(report)].join('; ') || 'nobody was liquidated, or bad debt'}\n`,
      );
    }
  }
  process.stdout.write(`${table(rows)}\n`);
  return status;
}

process.exitCode = await main();
