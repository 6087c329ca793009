import { Command } from 'commander';
import { keyFromMnemonic, keyFromSecret, newMnemonic } from '../keyring/keyring.js';
import { print, table } from '../output.js';
import { askLine, clientOf, homeOption, keyringFlags, keyringOf, type CommonFlags } from './common.js';
import { Option } from 'commander';

const keyCommand = (name: string, description: string): Command =>
  keyringFlags(new Command(name).description(description).addOption(homeOption())).addOption(
    new Option('--output <format>', 'text for people, json for programs').choices(['text', 'json']),
  );

/** plimsolld keys: the keyring of this home. */
export function keysCommand(): Command {
  const keys = new Command('keys')
    .description('Keep the keys that sign transactions')
    .addHelpText(
      'after',
      '\nExamples:\n  plimsolld keys add alice\n  plimsolld keys import bob < mnemonic.txt\n  plimsolld keys list --output json',
    );

  keys.addCommand(
    keyCommand('add', 'Make a new key and show its mnemonic once')
      .argument('<name>')
      .action(async (name: string, flags: CommonFlags) => {
        const mnemonic = newMnemonic();
        const info = await keyringOf(flags).add(name, keyFromMnemonic(mnemonic), mnemonic);
        if (clientOf(flags).output === 'json') print({ ...info, mnemonic }, 'json');
        else {
          print({ ...info }, 'text');
          process.stderr.write(
            '\nWrite these words down and keep them safe: they are the key, and are not shown again.\n\n',
          );
          process.stdout.write(`${mnemonic}\n`);
        }
      }),
  );
  keys.addCommand(
    keyCommand('import', 'Take a key over from a mnemonic, or from 0x and a private key, given on standard input')
      .argument('<name>')
      .action(async (name: string, flags: CommonFlags) => {
        const secret = (await askLine('Mnemonic or private key: ')).trim();
        print({ ...(await keyringOf(flags).add(name, keyFromSecret(secret), secret)) }, clientOf(flags).output);
      }),
  );
  keys.addCommand(
    keyCommand('list', 'List names and addresses').action((flags: CommonFlags) => {
      const list = keyringOf(flags).list();
      if (clientOf(flags).output === 'json')
        print(
          list.map((info) => ({ ...info })),
          'json',
        );
      else if (list.length === 0) process.stderr.write('no keys yet: plimsolld keys add <name>\n');
      else
        process.stdout.write(`${table([['name', 'address'], ...list.map(({ name, address }) => [name, address])])}\n`);
    }),
  );
  keys.addCommand(
    keyCommand('show', 'Show one key')
      .argument('<name>')
      .option('-a, --address', 'only the address')
      .action((name: string, flags: CommonFlags & { address?: boolean }) => {
        const info = keyringOf(flags).show(name);
        if (flags.address === true) process.stdout.write(`${info.address}\n`);
        else print({ ...info }, clientOf(flags).output);
      }),
  );
  keys.addCommand(
    keyCommand('export', 'Print the mnemonic (or private key) of a key')
      .argument('<name>')
      .action(async (name: string, flags: CommonFlags) => {
        process.stdout.write(`${await keyringOf(flags).secret(name)}\n`);
      }),
  );
  keys.addCommand(
    keyCommand('delete', 'Delete a key for ever')
      .argument('<name>')
      .action((name: string, flags: CommonFlags) => {
        keyringOf(flags).delete(name);
        process.stderr.write(`deleted ${name}\n`);
      }),
  );
  return keys;
}
