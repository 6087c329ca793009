import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PricesHome } from './testing/prices-home.js';

test('prices once prints a table of all markets and leaves', async () => {
  const home = await PricesHome.make();
  try {
    const { code, stdout, stderr } = await home.start('once').done;
    assert.equal(code, 0, stderr);
    const [head, btc, tether] = stdout.split('\n');
    assert.match(head!, /^symbol +price +used +ppm apart +perp +depth +left out$/);
    assert.match(btc!, /^BTC-USD +(60000|59999)\S* +6\/6 /);
    assert.match(tether!, /^USDT-USD +0.999 +3\/3 /);
  } finally {
    await home.remove();
  }
});

test('prices once leaves with 1 when a price is missing, and says why', async () => {
  const home = await PricesHome.make({
    coinbase: () => ({ status: 451, body: '{"message":"not here"}' }),
    kraken: () => ({ cut: 'reset' }),
  });
  try {
    const { code, stdout, stderr } = await home.start('once', '--timeout', '3000', '--output', 'json').done;
    assert.equal(code, 1);
    const printed = JSON.parse(stdout) as readonly { symbol: string; fault?: string }[];
    assert.match(printed.find(({ symbol }) => symbol === 'USDT-USD')!.fault!, /too_few: 1 of at least 2/);
    assert.match(stderr, /coinbase: http_error: status 451: not here/);
    assert.match(stderr, /kraken: network: /);
  } finally {
    await home.remove();
  }
});
