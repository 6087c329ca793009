import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { DaemonPriceSource } from '../../../x/oracle/sources/daemon.js';
import { Exchange, until } from './testing/exchange.js';
import { answerOf, honest, shapes } from './testing/venues.js';

/** The command itself, in a process of its own. */
const home = mkdtempSync(join(tmpdir(), 'plimsoll-prices-'));
const socket = `unix:${join(home, 'prices.sock')}`;
const children: ChildProcess[] = [];
const exchanges: Record<string, Exchange> = {};
after(async () => {
  for (const child of children) child.kill('SIGKILL');
  for (const exchange of Object.values(exchanges)) await exchange.close();
  rmSync(home, { recursive: true, force: true });
});

for (const venue of Object.keys(shapes)) {
  const exchange = (exchanges[venue] = await Exchange.start());
  exchange.answering = (asked) =>
    answerOf(venue, asked, {
      'BTC-USD': honest(60_000),
      'BTC-USDT': honest(60_000 / 0.999),
      'USDT-USD': honest(0.999),
    });
}
const configFile = join(home, 'prices.toml');
writeFileSync(
  configFile,
  `book_interval_ms = 0
[markets.BTC-USD]
providers = ["coinbase", "kraken", "bitstamp", "okx:BTC-USDT", "bybit:BTC-USDT", "binance:BTC-USDT"]
[markets.USDT-USD]
providers = ["coinbase", "kraken", "bitstamp"]
min_providers = 2
${Object.entries(exchanges)
  .map(([name, { url }]) => `[providers.${name}]\ntransport = "rest"\nrest_url = "${url}"\npoll_ms = 100\n`)
  .join('')}`,
);

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(...args: readonly string[]): {
  readonly child: ChildProcess;
  readonly done: Promise<Ran>;
  log(): string;
} {
  const child = spawn(process.execPath, ['--import', 'tsx', 'cmd/plimsolld/main.ts', 'prices', ...args], {
    env: { ...process.env, PLIMSOLLD_HOME: home },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data) => (stdout += String(data)));
  child.stderr.on('data', (data) => (stderr += String(data)));
  const done = new Promise<Ran>((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
  return { child, done, log: () => stderr };
}

test('the price of a node runs out when its daemon is killed, comes back with it, and the daemon leaves cleanly', async () => {
  const source = new DaemonPriceSource({ address: socket, pollMs: 50, maxAgeMs: 1_500 });
  try {
    assert.deepEqual(source.prices(0n), []);
    const first = start('start', '--config', configFile, '--laddr', socket);
    await until('a price', () => source.prices(0n).some(({ symbol }) => symbol === 'BTC-USD'), 60_000);
    const { price } = source.prices(0n).find(({ symbol }) => symbol === 'BTC-USD')!;
    assert.ok(Math.abs(Number(price) - 60_000) < 1, price);

    first.child.kill('SIGKILL');
    await first.done;
    await until('the price to run out', () => source.prices(0n).length === 0);
    assert.notEqual(source.fault, undefined);

    // The killed one left its socket behind.
    const second = start('start', '--config', configFile, '--laddr', socket, '--log-format', 'json');
    await until('the price again', () => source.prices(0n).length === 2, 60_000);
    const third = await start('start', '--config', configFile, '--laddr', socket).done;
    assert.equal(third.code, 1);
    assert.match(third.stderr, /laddr unix:.*something listens there already; choose another --laddr/);

    second.child.kill('SIGTERM');
    const { code, stderr } = await second.done;
    assert.equal(code, 0, stderr);
    const lines = stderr.trim().split('\n');
    const messages = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
    assert.ok(messages.includes('price daemon started') && messages.at(-1) === 'stopped', stderr);
  } finally {
    source.close();
  }
});

test('prices once prints a table, leaves with 1 when a price is missing, and says why', async () => {
  const good = await start('once', '--config', configFile).done;
  assert.equal(good.code, 0, good.stderr);
  const [head, btc, tether] = good.stdout.split('\n');
  assert.match(head!, /^symbol +price +used +ppm apart +perp +depth +left out$/);
  assert.match(btc!, /^BTC-USD +(60000|59999)\S* +6\/6 /);
  assert.match(tether!, /^USDT-USD +0.999 +3\/3 /);

  exchanges['coinbase']!.answering = () => ({ status: 451, body: '{"message":"not here"}' });
  exchanges['kraken']!.answering = () => ({ cut: 'reset' });
  const bad = await start('once', '--config', configFile, '--timeout', '3000', '--output', 'json').done;
  assert.equal(bad.code, 1);
  const parsed = JSON.parse(bad.stdout) as readonly { symbol: string; fault?: string }[];
  assert.match(parsed.find(({ symbol }) => symbol === 'USDT-USD')!.fault!, /too_few: 1 of at least 2/);
  assert.match(bad.stderr, /coinbase: http_error: status 451: not here/);
  assert.match(bad.stderr, /kraken: network: ECONNRESET|kraken: network: /);

  const wrong = await start('once', '--config', configFile, '--timeout', 'soon').done;
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /--timeout: expected milliseconds/);
});
