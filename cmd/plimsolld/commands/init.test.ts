import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { moduleAddress, toBech32 } from '../../../runtime/crypto/address.js';
import { loadAppConfig } from '../config.js';
import { program } from '../program.js';

const root = mkdtempSync(join(tmpdir(), 'plimsoll-init-'));
after(() => rmSync(root, { recursive: true, force: true }));
const somebody = toBech32(moduleAddress('somebody'));

/** What the command line prints, in this process. */
async function plimsolld(...args: readonly string[]): Promise<string> {
  const write = process.stdout.write.bind(process.stdout);
  let text = '';
  process.stdout.write = ((chunk: string) => ((text += chunk), true)) as typeof process.stdout.write;
  try {
    await program().parseAsync(args, { from: 'user' });
  } finally {
    process.stdout.write = write;
  }
  return text;
}

describe('a home for CometBFT', () => {
  const home = join(root, 'comet');
  before(() => plimsolld('init', '--home', home, '--engine', 'cometbft', '--chain-id', 'demo-1', '--moniker', 'alice'));

  test('has both engines files, and the application asks the price daemon', () => {
    for (const file of ['config.toml', 'app.toml', 'genesis.json', 'node_key.json', 'priv_validator_key.json'])
      assert.ok(existsSync(join(home, 'config', file)), file);
    const config = readFileSync(join(home, 'config', 'config.toml'), 'utf8');
    assert.match(config, /^moniker = "alice"$/m);
    assert.match(config, /^proxy_app = "tcp:\/\/127\.0\.0\.1:26658"$/m);
    const { engine, prices, abci } = loadAppConfig(home);
    assert.deepEqual([engine, prices.source, abci.address], ['cometbft', 'daemon', 'tcp://127.0.0.1:26658']);
  });

  test('shows its keys as the engine knows them', async () => {
    const key = JSON.parse(readFileSync(join(home, 'config', 'priv_validator_key.json'), 'utf8')) as {
      address: string;
      pub_key: { value: string };
    };
    assert.match(await plimsolld('comet', 'show-node-id', '--home', home), /^[0-9a-f]{40}\n$/);
    assert.deepEqual(JSON.parse(await plimsolld('comet', 'show-validator', '--home', home)), {
      '@type': '/cosmos.crypto.ed25519.PubKey',
      key: key.pub_key.value,
    });
    const address = toBech32(Buffer.from(key.address, 'hex'), 'plimvalcons');
    assert.equal(await plimsolld('comet', 'show-address', '--home', home), `${address}\n`);
    assert.equal(await plimsolld('comet', 'version'), '0.38.25\n');
  });

  test('forgets its chain only when asked twice, and keeps its keys', async () => {
    const signed = join(home, 'data', 'priv_validator_state.json');
    writeFileSync(signed, '{"height":"7","round":0,"step":3}');
    await assert.rejects(plimsolld('comet', 'unsafe-reset-all', '--home', home), /add --yes/);
    assert.match(readFileSync(signed, 'utf8'), /"7"/);
    const id = await plimsolld('comet', 'show-node-id', '--home', home);
    await plimsolld('comet', 'unsafe-reset-all', '--home', home, '--yes');
    assert.match(readFileSync(signed, 'utf8'), /"height": "0"/);
    assert.equal(await plimsolld('comet', 'show-node-id', '--home', home), id);
    await assert.rejects(plimsolld('comet', 'unsafe-reset-all', '--home', root, '--yes'), /is no home of a node/);
  });

  test('names the file that is missing', async () => {
    await assert.rejects(plimsolld('comet', 'show-node-id', '--home', root), /node_key\.json does not exist/);
    await assert.rejects(plimsolld('comet', 'show-address', '--home', root), /priv_validator_key\.json does not exist/);
  });
});

describe('add-genesis-account', () => {
  const home = join(root, 'accounts');
  const balances = () => {
    const genesis = JSON.parse(readFileSync(join(home, 'config', 'genesis.json'), 'utf8')) as {
      app_state: { bank: { balances: { address: string; coins: unknown }[] } };
    };
    return genesis.app_state.bank.balances.find(({ address }) => address === somebody)?.coins;
  };
  before(() => plimsolld('init', '--home', home));

  test('gives coins, and more of them', async () => {
    await plimsolld('add-genesis-account', somebody, '5uplim,7uusdc', '--home', home);
    await plimsolld('add-genesis-account', somebody, '3uplim', '--home', home);
    assert.deepEqual(balances(), [
      { denom: 'uplim', amount: '8' },
      { denom: 'uusdc', amount: '7' },
    ]);
    await plimsolld('validate-genesis', '--home', home);
  });

  const bad: readonly (readonly [what: string, args: readonly string[], text: RegExp])[] = [
    [
      'an address of another chain',
      ['cosmos1zg69v7yszg69v7yszg69v7yszg69v7yszg69v7', '5uplim'],
      /prefix|checksum|Invalid/i,
    ],
    ['coins without a number', [somebody, 'uplim'], /coins: expected something like 1000000uplim, got "uplim"/],
    ['no coins', [somebody, '0uplim'], /coins: expected/],
  ];
  for (const [what, args, text] of bad) {
    test(`refuses ${what} and changes nothing`, async () => {
      const before = readFileSync(join(home, 'config', 'genesis.json'), 'utf8');
      await assert.rejects(plimsolld('add-genesis-account', ...args, '--home', home), text);
      assert.equal(readFileSync(join(home, 'config', 'genesis.json'), 'utf8'), before);
    });
  }

  test('is too late once the chain has begun', async () => {
    mkdirSync(join(home, 'data'), { recursive: true });
    writeFileSync(join(home, 'data', 'genesis.sha256'), 'x\n');
    await assert.rejects(
      plimsolld('add-genesis-account', somebody, '5uplim', '--home', home),
      /has a chain that began with its genesis/,
    );
  });
});
