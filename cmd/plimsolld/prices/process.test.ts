import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { DaemonPriceSource } from '../../../x/oracle/sources/daemon.js';
import { until } from './testing/exchange.js';
import { PricesHome } from './testing/prices-home.js';

const home = await PricesHome.make();
after(() => home.remove());

test('the price of a node runs out when its daemon is killed, comes back with it, and the daemon leaves cleanly', async () => {
  const source = new DaemonPriceSource({ address: home.socket, pollMs: 50, maxAgeMs: 1_500 });
  try {
    assert.deepEqual(source.prices(0n), []);
    const first = home.start('start', '--laddr', home.socket);
    await until('a price', () => source.prices(0n).some(({ symbol }) => symbol === 'BTC-USD'), 60_000);
    const { price } = source.prices(0n).find(({ symbol }) => symbol === 'BTC-USD')!;
    assert.ok(Math.abs(Number(price) - 60_000) < 1, price);

    first.child.kill('SIGKILL');
    await first.done;
    await until('the price to run out', () => source.prices(0n).length === 0);
    assert.notEqual(source.fault, undefined);

    // The killed one left its socket behind.
    const second = home.start('start', '--laddr', home.socket, '--log-format', 'json');
    await until('the price again', () => source.prices(0n).length === 2, 60_000);

    second.child.kill('SIGTERM');
    const { code, stderr } = await second.done;
    assert.equal(code, 0, stderr);
    const messages = stderr
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { msg: string }).msg);
    assert.ok(messages.includes('price daemon started') && messages.at(-1) === 'stopped', stderr);
  } finally {
    source.close();
  }
});
