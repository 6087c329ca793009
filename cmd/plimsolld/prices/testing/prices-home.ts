import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Exchange } from './exchange.js';
import { answerOf, honest, shapes } from '../simulator/venues.js';

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Honest exchanges, a home whose prices.toml leads to them, and `plimsolld prices` in processes of its own. */
export class PricesHome {
  readonly path = mkdtempSync(join(tmpdir(), 'plimsoll-prices-'));
  readonly config = join(this.path, 'prices.toml');
  readonly socket = `unix:${join(this.path, 'prices.sock')}`;
  readonly #exchanges: Exchange[] = [];
  readonly #children: ChildProcess[] = [];

  /** @param instead venues that answer something else */
  static async make(instead: Readonly<Record<string, Exchange['answering']>> = {}): Promise<PricesHome> {
    const home = new PricesHome();
    let providers = '';
    for (const venue of Object.keys(shapes)) {
      const exchange = await Exchange.start();
      home.#exchanges.push(exchange);
      exchange.answering =
        instead[venue] ??
        ((asked) =>
          answerOf(venue, asked, {
            'BTC-USD': honest(60_000),
            'BTC-USDT': honest(60_000 / 0.999),
            'USDT-USD': honest(0.999),
          }));
      providers += `[providers.${venue}]\ntransport = "rest"\nrest_url = "${exchange.url}"\npoll_ms = 100\n`;
    }
    writeFileSync(
      home.config,
      `book_interval_ms = 0
[markets.BTC-USD]
providers = ["coinbase", "kraken", "bitstamp", "okx:BTC-USDT", "bybit:BTC-USDT", "binance:BTC-USDT"]
[markets.USDT-USD]
providers = ["coinbase", "kraken", "bitstamp"]
min_providers = 2
${providers}`,
    );
    return home;
  }

  start(command: string, ...args: readonly string[]): { readonly child: ChildProcess; readonly done: Promise<Ran> } {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', 'cmd/plimsolld/main.ts', 'prices', command, '--config', this.config, ...args],
      { env: { ...process.env, PLIMSOLLD_HOME: this.path }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.#children.push(child);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (data) => (stdout += String(data)));
    child.stderr.on('data', (data) => (stderr += String(data)));
    return { child, done: new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr }))) };
  }

  async remove(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL');
    for (const exchange of this.#exchanges) await exchange.close();
    rmSync(this.path, { recursive: true, force: true });
  }
}
