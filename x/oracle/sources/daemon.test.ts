import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { maxPrice, scaleDecimal } from '../decimal.js';
import { DaemonPriceSource, readAnswer, type DaemonSourceOptions } from './daemon.js';

const sources: DaemonPriceSource[] = [];
const servers: Server[] = [];
after(() => {
  for (const source of sources) source.close();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener, port = 0): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function open(options: DaemonSourceOptions): DaemonPriceSource {
  const source = new DaemonPriceSource({ pollMs: 10, timeoutMs: 500, ...options });
  sources.push(source);
  return source;
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`waited for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const answer = (...prices: readonly object[]): string => JSON.stringify({ time_ms: Date.now(), prices });
const btc = (fields: object = {}): object => ({ symbol: 'BTC-USD', price: '60000.5', time_ms: Date.now(), ...fields });

describe('the price of a daemon', () => {
  test('is given out with what perpetuals cost and how deep books are', async () => {
    const address = await serve((_, response) =>
      response.end(answer(btc({ perp_price: '60010', depth_usd: '1000000.25', dispersion_ppm: 4, providers: ['a'] }))),
    );
    const source = open({ address });
    assert.deepEqual(source.prices(0n), [], 'before the first answer there is none');
    await until('a price', () => source.prices(0n).length > 0);
    assert.deepEqual(source.prices(0n), [
      { symbol: 'BTC-USD', price: '60000.5', perpPrice: '60010', sources: 1, depthUsd: '1000000.25' },
    ]);
    assert.equal(source.fault, undefined);
    source.close();
  });

  test('comes over a unix socket too', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'plimsoll-prices-'));
    try {
      const server = createServer((_, response) => response.end(answer(btc())));
      servers.push(server);
      await new Promise<void>((resolve) => server.listen(join(directory, 'prices.sock'), resolve));
      const source = open({ address: `unix:${join(directory, 'prices.sock')}` });
      await until('a price', () => source.prices(0n).length === 1);
      source.close();
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  test('ends when the daemon says it is old, by the clock of this node', async () => {
    let timeMs = Date.now() - 2_000;
    const address = await serve((_, response) => response.end(answer(btc({ time_ms: timeMs }))));
    const source = open({ address, maxAgeMs: 1_000 });
    let asked = 0;
    const stillNothing = setInterval(() => asked++, 1);
    await until('some answers', () => source.fault === undefined && asked > 20);
    clearInterval(stillNothing);
    assert.deepEqual(source.prices(0n), []);
    timeMs = Date.now() + 60_000;
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(source.prices(0n), [], 'nor is one from the future taken');
    timeMs = Date.now();
    await until('a fresh one', () => source.prices(0n).length === 1);
    source.close();
  });

  test('runs out when the daemon dies, and is back with it', async () => {
    let address = await serve((_, response) => response.end(answer(btc())));
    const source = open({ address, maxAgeMs: 400 });
    await until('a price', () => source.prices(0n).length === 1);
    const server = servers.pop()!;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await until('the price to run out', () => source.prices(0n).length === 0);
    assert.equal(source.fault, 'ECONNREFUSED');
    address = await serve((_, response) => response.end(answer(btc())), Number(address.split(':')[1]));
    await until('the price again', () => source.prices(0n).length === 1);
    source.close();
  });

  const nonsense: readonly (readonly [what: string, listener: RequestListener, fault: RegExp])[] = [
    ['hangs', () => {}, /no whole answer within 500 ms/],
    [
      'drips',
      (_, response) => {
        const timer = setInterval(() => response.write(' '), 20);
        response.on('close', () => clearInterval(timer));
      },
      /no whole answer within 500 ms/,
    ],
    ['hangs up', (_, response) => void response.socket?.destroy(), /ECONNRESET|socket hang up|closed/],
    ['answers 503', (_, response) => void response.writeHead(503).end('{}'), /status 503/],
    [
      'redirects',
      (_, response) => void response.writeHead(302, { location: 'http://127.0.0.1:1' }).end(),
      /status 302/,
    ],
    ['shows a page', (_, response) => void response.end('<html>'), /not JSON/],
    ['says nothing', (_, response) => void response.end(), /not JSON/],
    ['answers another thing', (_, response) => void response.end('{"prices":{"BTC-USD":"1"}}'), /no list of prices/],
    ['answers a list', (_, response) => void response.end('[]'), /no list of prices/],
    ['answers too much', (_, response) => void response.end(`${' '.repeat(300_000)}{}`), /more than 262144 bytes/],
    ['names too many', (_, response) => void response.end(answer(...Array(1_025).fill({}))), /more than 1024 prices/],
    [
      'stops in the middle',
      (_, response) => {
        response.writeHead(200, { 'content-length': '1000' });
        response.write('{"prices":', () => response.socket?.destroy());
      },
      /cut off|ECONNRESET|aborted|closed/,
    ],
  ];
  for (const [what, listener, fault] of nonsense) {
    test(`stays what it was while the daemon ${what}, and no longer than it is fresh`, async () => {
      let good = true;
      const address = await serve((request, response) => {
        if (good) response.end(answer(btc()));
        else listener(request, response);
      });
      const source = open({ address, maxAgeMs: 2_000 });
      await until('a price', () => source.prices(0n).length === 1);
      good = false;
      await until('the fault', () => source.fault !== undefined);
      assert.match(source.fault!, fault);
      good = true;
      await until('an answer again', () => source.fault === undefined);
      source.close();
    });
  }

  test('is nothing where something that is no HTTP server listens, or nothing, or the address is none', async () => {
    const tcp = createTcpServer((socket) => {
      socket.on('error', () => {});
      socket.end('SSH-2.0-OpenSSH_9.6\r\n');
    });
    await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
    const wrong = [
      `127.0.0.1:${(tcp.address() as AddressInfo).port}`,
      '127.0.0.1:1',
      '127.0.0.1:99999',
      'unix:/no/such.sock',
      'nonsense',
    ];
    for (const address of wrong) {
      const source = open({ address });
      await until(`a fault of ${address}`, () => source.fault !== undefined);
      assert.deepEqual(source.prices(0n), []);
      source.close();
    }
    tcp.close();
  });

  test('is told lost once and back once, however often it is asked', async () => {
    let good = false;
    let asked = 0;
    const address = await serve((_, response) => {
      asked++;
      response.writeHead(good ? 200 : 500).end(answer(btc()));
    });
    const told: string[] = [];
    const log = (_: object, message: string): void => void told.push(message);
    const source = open({ address, logger: { debug: log, info: log, warn: log, error: log } });
    await until('ten questions', () => asked > 10);
    good = true;
    await until('a price', () => source.prices(0n).length === 1);
    assert.deepEqual(told, ['the price daemon does not answer: its prices run out', 'the price daemon answers again']);
    source.close();
  });

  test('of other symbols than were wanted is left out', () => {
    const text = answer(btc(), { ...btc(), symbol: 'ETH-USD' });
    assert.deepEqual(
      (readAnswer(text, new Set(['ETH-USD'])) as readonly { symbol: string }[]).map(({ symbol }) => symbol),
      ['ETH-USD'],
    );
  });
});

describe('an entry is left out, and only it, whose', () => {
  const broken: readonly (readonly [what: string, fields: object])[] = [
    ['price is a number', { price: 60000.5 }],
    ['price is NaN', { price: 'NaN' }],
    ['price is 1e308', { price: '1e308' }],
    ['price has an exponent', { price: '6e4' }],
    ['price is negative', { price: '-60000' }],
    ['price has a sign', { price: '+60000' }],
    ['price is zero', { price: '0.000' }],
    ['price is empty', { price: '' }],
    ['price has a leading zero', { price: '060000' }],
    ['price has spaces', { price: ' 60000' }],
    ['price has no digit after the point', { price: '60000.' }],
    ['price is hexadecimal', { price: '0xEA60' }],
    ['price has digits of another script', { price: '٦٠٠٠٠' }],
    ['price is too long', { price: `1${'0'.repeat(15)}` }],
    ['price is too fine', { price: `0.${'0'.repeat(18)}1` }],
    ['price is a list', { price: ['60000'] }],
    ['price is missing', { price: undefined }],
    ['symbol is lower case', { symbol: 'btc-usd' }],
    ['symbol is too long', { symbol: `${'A'.repeat(17)}-USD` }],
    ['symbol is __proto__', { symbol: '__proto__' }],
    ['time is text', { time_ms: '1700000000000' }],
    ['time is a fraction', { time_ms: 1.5 }],
    ['time is negative', { time_ms: -1 }],
    ['time is missing', { time_ms: undefined }],
    ['perpetual price is broken', { perp_price: '1e5' }],
    ['depth is negative', { depth_usd: '-1' }],
  ];
  for (const [what, fields] of broken)
    test(what, () => {
      const read = readAnswer(answer(btc(fields), { ...btc(), symbol: 'ETH-USD' }));
      assert.deepEqual(
        (read as readonly { symbol: string }[]).map(({ symbol }) => symbol),
        ['ETH-USD'],
      );
    });

  test('symbol is there twice', () => {
    assert.deepEqual(
      readAnswer(answer(btc(), btc({ price: '1' }), btc())),
      [],
      'not even when it is there three times',
    );
  });

  test('content is any JSON at all: what is read can be voted', () => {
    const anything = fc.record(
      {
        symbol: fc.oneof(fc.constant('BTC-USD'), fc.string()),
        price: fc.oneof(fc.string(), fc.double().map(String), fc.bigInt().map(String), fc.anything()),
        time_ms: fc.oneof(fc.integer(), fc.anything()),
        perp_price: fc.option(fc.double().map(String), { nil: undefined }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(anything, fc.jsonValue())), (prices) => {
        let text: string;
        try {
          text = JSON.stringify({ prices }) ?? '';
        } catch {
          return;
        }
        const read = readAnswer(text);
        if (typeof read === 'string') return;
        for (const { price, timeMs } of read) {
          assert.ok(Number.isSafeInteger(timeMs));
          assert.match(price, /^\d+(\.\d+)?$/);
          const scaled = scaleDecimal(price, -2);
          assert.ok(scaled === undefined || (scaled > 0n && scaled < maxPrice));
        }
      }),
      { numRuns: Number(process.env['PLIMSOLL_FC_RUNS'] ?? 300) },
    );
  });
});
