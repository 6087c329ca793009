import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Keyring } from '../keyring/keyring.js';
import { program } from '../program.js';

const homes = mkdtempSync(join(tmpdir(), 'gentx-'));
const home = (name: string): string => join(homes, name);
/** The command line in this process. */
const plimsolld = async (...args: string[]): Promise<unknown> => program().parseAsync(args, { from: 'user' });

describe('a genesis by two validators who send each other files', { concurrency: false }, () => {
  const names = ['one', 'two'];
  const addresses: string[] = [];
  const test_ = ['--keyring-backend', 'test'];

  before(async () => {
    for (const name of names) {
      await plimsolld('keys', 'add', name, '--home', home(name), ...test_);
      addresses.push(new Keyring(join(home(name), 'keyring'), 'test', async () => '').show(name).address);
    }
    for (const name of names)
      await plimsolld(
        'init',
        '--home',
        home(name),
        '--chain-id',
        'two-1',
        '--balance',
        ...addresses.map((each) => `${each}=5000000uplim`),
      );
    // Both sign for the same chain; only its name matters to a signature.
    for (const name of names)
      await plimsolld('gentx', name, '3000000uplim', '--moniker', name, '--home', home(name), ...test_);
  });
  after(() => rmSync(homes, { recursive: true }));

  const gentxOf = (name: string): string => {
    const directory = join(home(name), 'config', 'gentx');
    return join(directory, readdirSync(directory)[0]!);
  };

  test('names no validator for the engine, and both by stake', async () => {
    copyFileSync(gentxOf('two'), join(home('one'), 'config', 'gentx', 'gentx-two.json'));
    await plimsolld('collect-gentxs', '--home', home('one'));
    const genesis = JSON.parse(readFileSync(join(home('one'), 'config', 'genesis.json'), 'utf8'));
    assert.deepEqual(genesis.validators, []);
    assert.equal(genesis.app_state.valset.params.mode, 'MODE_STAKE');
    const [first] = genesis.app_state.genutil.gen_txs;
    assert.equal(first.body.messages[0]['@type'], '/cosmos.staking.v1beta1.MsgCreateValidator');
    assert.equal(first.body.messages[0].commission.rate, '0.100000000000000000');
    await plimsolld('validate-genesis', '--home', home('one'));
  });

  test('is refused when a signature does not fit what is signed', async () => {
    const path = gentxOf('two');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace('"moniker": "two"', '"moniker": "too"'));
    await assert.rejects(
      plimsolld('collect-gentxs', '--home', home('two')),
      /genutil\.gen_txs\[0\]: signature verification failed/,
    );
    writeFileSync(path, text);
  });

  test('is refused when a validator stakes more than it has', async () => {
    const file = join(homes, 'greedy.json');
    const args = ['--moniker', 'two', '--home', home('two'), '--output-document', file, ...test_];
    await plimsolld('gentx', 'two', '5000001uplim', ...args);
    copyFileSync(file, gentxOf('two'));
    await assert.rejects(
      plimsolld('collect-gentxs', '--home', home('two')),
      /spendable balance 5000000uplim is smaller/,
    );
  });

  test('wants an amount of coins', async () => {
    await assert.rejects(
      plimsolld('gentx', 'two', '5', '--moniker', 'two', '--home', home('two'), ...test_),
      /amount: expected something like 1000000uplim/,
    );
  });
});
