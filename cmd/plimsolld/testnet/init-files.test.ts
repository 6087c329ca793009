import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { parse } from 'smol-toml';
import { consensusAddress } from '../../../runtime/crypto/address.js';
import { ConsensusKey } from '../../../runtime/engine/consensus-key.js';
import { loadAppConfig, loadClientConfig, loadSharedConfig } from '../config.js';
import { readGenesis } from '../node/open.js';
import { initTestnet, type TestnetOptions } from './init-files.js';
import { planNodes } from './plan.js';

const directory = mkdtempSync(join(tmpdir(), 'plimsoll-testnet-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const options = (name: string, changes: Partial<TestnetOptions> = {}): TestnetOptions => ({
  validators: 4,
  namePrefix: 'node',
  startingPort: 26_656,
  outputDir: join(directory, name),
  chainId: 'plimsoll-testnet-1',
  genesisTime: '2026-01-01T00:00:00Z',
  timeoutCommit: '1s',
  timeoutPropose: '3s',
  ...changes,
});
const json = (...path: string[]): Record<string, unknown> =>
  JSON.parse(readFileSync(join(...path), 'utf8')) as Record<string, unknown>;

interface CometToml {
  readonly proxy_app: string;
  readonly rpc: { readonly laddr: string };
  readonly p2p: { readonly laddr: string; readonly persistent_peers: string };
}
const comet = (home: string): CometToml =>
  parse(readFileSync(join(home, 'config', 'config.toml'), 'utf8')) as unknown as CometToml;

describe('homes of four validators on one host', async () => {
  const nodes = await initTestnet(options('one'));

  test('share one genesis with all validators, two markets and funded accounts', () => {
    const genesis = readGenesis(join(nodes[0]!.home, 'config', 'genesis.json'));
    assert.deepEqual(
      genesis.validators.map(({ name, power }) => [name, power]),
      [0, 1, 2, 3].map((index) => [`node${index}`, '10']),
    );
    assert.equal(genesis.consensus_params.abci.vote_extensions_enable_height, '2');
    const { perps, bank } = genesis.app_state as {
      perps: { markets: { ticker: string }[] };
      bank: { balances: { address: string; coins: { amount: string }[] }[] };
    };
    assert.deepEqual(
      perps.markets.map(({ ticker }) => ticker),
      ['BTC-USD', 'ETH-USD'],
    );
    assert.ok(bank.balances.filter(({ coins }) => coins.some(({ amount }) => amount === '10000000000000')).length >= 4);
    const text = readFileSync(join(nodes[0]!.home, 'config', 'genesis.json'), 'utf8');
    for (const { home } of nodes) assert.equal(readFileSync(join(home, 'config', 'genesis.json'), 'utf8'), text);
  });

  test('each hold the key that the genesis names, readable by its owner only, and have signed nothing', () => {
    const genesis = readGenesis(join(nodes[0]!.home, 'config', 'genesis.json'));
    for (const [index, { home }] of nodes.entries()) {
      const path = join(home, 'config', 'priv_validator_key.json');
      const key = ConsensusKey.load(path);
      assert.equal(genesis.validators[index]!.pub_key.value, Buffer.from(key.publicKey).toString('base64'));
      assert.equal(statSync(path).mode & 0o777, 0o600);
      assert.equal(statSync(join(home, 'config', 'node_key.json')).mode & 0o777, 0o600);
      assert.deepEqual(json(home, 'data', 'priv_validator_state.json'), { height: '0', round: 0, step: 0 });
    }
  });

  test('know the three others by the ids of their keys', () => {
    const ids = nodes.map(({ home, nodeId }) => {
      const { priv_key: key } = json(home, 'config', 'node_key.json') as { priv_key: { value: string } };
      const bytes = Buffer.from(key.value, 'base64');
      assert.equal(bytes.length, 64);
      assert.equal(nodeId, Buffer.from(consensusAddress(bytes.subarray(32))).toString('hex'));
      return nodeId;
    });
    for (const [index, { home }] of nodes.entries()) {
      const peers = comet(home).p2p.persistent_peers.split(',');
      assert.deepEqual(
        peers,
        ids.flatMap((id, other) => (other === index ? [] : [`${id}@127.0.0.1:${26_656 + 10 * other}`])),
      );
    }
  });

  test('listen on ports of their own, where CometBFT and the application find each other', () => {
    const taken: string[] = [];
    for (const [index, { home }] of nodes.entries()) {
      const { proxy_app: proxy, rpc, p2p } = comet(home);
      const app = loadAppConfig(home);
      assert.equal(app.engine, 'cometbft');
      assert.equal(app.abci.address, proxy);
      assert.equal(app.cometbft.rpc, rpc.laddr.replace('tcp', 'http'));
      assert.equal(loadClientConfig(home).node, app.cometbft.rpc);
      assert.equal(loadSharedConfig(home).moniker, `node${index}`);
      taken.push(proxy, rpc.laddr, p2p.laddr, `tcp://${app.grpc.address}`);
    }
    assert.equal(new Set(taken).size, 16);
  });

  test('quote slightly different prices', () => {
    const prices = nodes.map(({ home }) => loadAppConfig(home).prices.static['BTC-USD']);
    assert.deepEqual(prices, ['60000.0000', '60001.2000', '60002.4000', '60003.6000']);
  });

  test('are never overwritten', async () => {
    await assert.rejects(initTestnet(options('one')), /node0 exists: choose another --output-dir/);
  });
});

test('on hosts of their own: usual ports, counted addresses, and the application reachable from its host only', async () => {
  const nodes = planNodes({ validators: 3, namePrefix: 'v', startingPort: 26_656, startingIp: '192.168.10.254' });
  assert.deepEqual(
    nodes.map(({ p2pDial }) => p2pDial),
    ['192.168.10.254:26656', '192.168.10.255:26656', '192.168.11.0:26656'],
  );
  for (const { abci, rpc } of nodes) {
    assert.equal(abci, 'tcp://127.0.0.1:26658');
    assert.equal(rpc, '0.0.0.0:26657');
  }
});

const refused: [changes: Partial<TestnetOptions>, why: RegExp][] = [
  [{ validators: 0 }, /validators: 0; expected 1 to 100/],
  [{ validators: 101 }, /validators: 101/],
  [{ startingPort: 80 }, /starting port: 80; expected 1024 to/],
  [{ startingPort: 65_500 }, /starting port: 65500; expected 1024 to 65496/],
  [{ startingIp: '10.0.0.300' }, /"10.0.0.300"; expected four numbers/],
];
for (const [changes, why] of refused) {
  test(`refuses ${JSON.stringify(changes)}`, () => assert.rejects(initTestnet(options('none', changes)), why));
}
