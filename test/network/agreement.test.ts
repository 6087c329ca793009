import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { needsComet } from './support/comet-program.js';
import { Trader } from './support/load.js';
import { Network } from './support/network.js';

const blocksUnderLoad = Number(process.env['PLIMSOLL_NETWORK_BLOCKS'] ?? '15');

describe('four validators on CometBFT', { concurrency: false, ...needsComet }, () => {
  let network: Network;
  before(async () => {
    network = await Network.create({ validators: 4 });
    await network.start();
    await network.reach(3);
  });
  after(() => network.remove());

  test(`agree on every block and state over ${blocksUnderLoad} blocks of trades, each taking its own client's`, async () => {
    const traders = await Promise.all(network.nodes.map((node, index) => Trader.connect(node, index)));
    const from = await network.tip();
    const runs = traders.map((trader) => trader.run());
    await Promise.race([network.reach(from + blocksUnderLoad), Promise.all(runs)]);
    for (const trader of traders) trader.stop();
    await Promise.all(runs);
    for (const trader of traders) assert.ok(trader.included >= 1, `${trader.address}: ${trader.admitted} admitted`);
    const to = from + blocksUnderLoad;
    const blocks = await network.agreed(1, to);
    assert.equal(new Set(blocks.map(({ proposer }) => proposer)).size, 4, 'every validator proposes');
    assert.ok(new Set(blocks.map(({ appHash }) => appHash)).size > blocksUnderLoad, 'the state moves');
  });
});
