import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { parse } from 'smol-toml';
import { Failure } from '../failure.js';
import { loadPricesConfig, pricesToml, pricesTomlText } from './config.js';
import { pairText } from './pair.js';

const directory = mkdtempSync(join(tmpdir(), 'plimsoll-prices-'));
after(() => rmSync(directory, { recursive: true, force: true }));
let files = 0;
function file(text: string): string {
  const path = join(directory, `${files++}.toml`);
  writeFileSync(path, text);
  return path;
}

describe('the configuration', () => {
  test('without a file has markets, each with true dollars, and every provider that they need', () => {
    const { markets, providers } = loadPricesConfig(join(directory, 'none.toml'));
    assert.deepEqual(
      markets.map(({ symbol }) => symbol),
      ['BTC-USD', 'ETH-USD', 'SOL-USD', 'XRP-USD', 'DOGE-USD', 'USDT-USD'],
    );
    for (const { symbol, sources, minProviders } of markets) {
      const dollars = sources.filter(({ pair }) => pair.quote === 'USD').length;
      assert.ok(dollars >= minProviders, `${symbol} stands without its stablecoin`);
      assert.ok(sources.length > 2 * minProviders, `${symbol} stands without half of its providers`);
    }
    const binance = providers.find(({ provider }) => provider.name === 'binance')!;
    assert.deepEqual(binance.pairs.map(pairText), ['BTC-USDT', 'ETH-USDT', 'SOL-USDT', 'XRP-USDT', 'DOGE-USDT']);
    assert.equal(binance.freshnessMs, 15_000);
  });

  test('is printed as a file that says the same', () => {
    const { toml } = loadPricesConfig(join(directory, 'none.toml'));
    const text = pricesTomlText(toml);
    assert.deepEqual(pricesToml.parse(parse(text)), toml);
    assert.deepEqual(loadPricesConfig(file(text)).toml, toml);
  });

  test('of the file gives way to variables, and these to flags', () => {
    const path = file('laddr = "127.0.0.1:1"\nbook_interval_ms = 0');
    assert.equal(loadPricesConfig(path).toml.laddr, '127.0.0.1:1');
    process.env['PLIMSOLLD_PRICE_DAEMON_LADDR'] = '127.0.0.1:2';
    try {
      assert.equal(loadPricesConfig(path).toml.laddr, '127.0.0.1:2');
      const flags = { laddr: { flag: '--laddr', text: 'unix:/run/prices.sock' } };
      assert.equal(loadPricesConfig(path, flags).toml.laddr, 'unix:/run/prices.sock');
    } finally {
      delete process.env['PLIMSOLLD_PRICE_DAEMON_LADDR'];
    }
    assert.deepEqual(loadPricesConfig(path).markets[0]!.bookSources, []);
  });

  test('can switch a provider off everywhere, down to the minimum', () => {
    const market = '[markets.BTC-USD]\nproviders = ["coinbase", "kraken", "bitstamp"]\nmin_providers = 2\n';
    const { markets, providers } = loadPricesConfig(file(`${market}[providers.kraken]\ntransport = "off"`));
    assert.deepEqual(
      markets[0]!.sources.map(({ provider }) => provider),
      ['coinbase', 'bitstamp'],
    );
    assert.equal(providers.length, 2);
  });
});

const btc = (line: string): string => `[markets.BTC-USD]\nmin_providers = 1\n${line}`;
const broken: readonly (readonly [what: string, text: string, message: RegExp])[] = [
  ['no TOML', 'laddr = ', /Invalid TOML/],
  ['a field that does not exist', 'ladr = "127.0.0.1:1"', /Unrecognized key: "ladr"/],
  ['an address without a port', 'laddr = "localhost"', /laddr: expected host:port, or unix: and the absolute path/],
  ['no markets', '[markets]', /markets: expected at least one/],
  [
    'a symbol of another form',
    '[markets.BTCUSD]\nproviders = ["kraken"]',
    /markets.BTCUSD: expected a form like BTC-USD/,
  ],
  ['an empty list', btc('providers = []'), /markets.BTC-USD.providers: expected at least one provider/],
  [
    'an unknown provider',
    btc('providers = ["mtgox"]'),
    /providers\[0\]: no provider mtgox; there are binance, bitfinex/,
  ],
  [
    'settings of an unknown provider',
    '[providers.mtgox]\npoll_ms = 100',
    /providers.mtgox: no such provider; there are/,
  ],
  [
    'a perpetual as spot',
    btc('providers = ["okx-perp"]'),
    /okx-perp is a perp provider; expected one of binance, bitf/,
  ],
  ['a spot as perpetual', btc('providers = ["okx:BTC-USD"]\nperp_providers = ["okx"]'), /okx is a spot provider/],
  ['a venue twice', btc('providers = ["okx:BTC-USD", "okx:BTC-USDT"]'), /okx is listed twice; a venue is one source/],
  ['a price of something else', btc('providers = ["okx:ETH-USD"]'), /okx:ETH-USD is a price of ETH, not of BTC/],
  ['nothing that converts', btc('providers = ["okx:BTC-USDT"]'), /okx:BTC-USDT needs a market USDT-USD that converts/],
  [
    'a conversion by conversion',
    `${btc('providers = ["okx:BTC-USDT"]')}\n[markets.USDT-USD]\nmin_providers = 1\nproviders = ["kraken:USDT-USDC"]\n[markets.USDC-USD]\nmin_providers = 1\nproviders = ["kraken"]`,
    /kraken:USDT-USDC would have to be converted itself, so it cannot convert markets.BTC-USD/,
  ],
  ['a minimum that cannot be met', '[markets.BTC-USD]\nproviders = ["okx"]', /min_providers: 3; only 1 providers are/],
  ['a URL that is none', '[providers.okx]\nrest_url = "okx.com"', /providers.okx.rest_url: expected a URL like https/],
  ['a transport that does not exist', '[providers.okx]\ntransport = "fax"', /providers.okx.transport: .*auto.*off/],
  ['a deviation out of range', btc('providers = ["okx"]\nmax_deviation_ppm = 1'), /max_deviation_ppm: .*100/],
];
for (const [what, text, message] of broken)
  test(`a configuration with ${what} is refused, naming file and field`, () => {
    const path = file(text);
    assert.throws(
      () => loadPricesConfig(path),
      (error: Failure) => {
        assert.ok(error instanceof Failure, String(error));
        assert.ok(error.message.startsWith(`${path}: `), error.message);
        assert.match(error.message, message);
        return true;
      },
    );
  });
