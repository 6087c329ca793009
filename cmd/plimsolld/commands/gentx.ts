import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { collectGenTxs } from '../../../app/genesis.js';
import type { Registry } from '../../../runtime/codec/registry.js';
import { ConsensusKey } from '../../../runtime/engine/consensus-key.js';
import { paths } from '../config.js';
import { Failure } from '../failure.js';
import { editGenesis } from '../node/edit-genesis.js';
import { readGenesis } from '../node/open.js';
import { makeGenTx, type GenTxOptions } from '../tx/gentx.js';
import { homeOption, keyringFlags, keyringOf, type CommonFlags } from './common.js';

interface GentxFlags extends CommonFlags, GenTxOptions {
  readonly outputDocument?: string;
}

/** plimsolld gentx: what a validator signs before there is a chain. */
export function gentxCommand(registry: Registry): Command {
  const command = new Command('gentx')
    .description('Sign the transaction that makes a validator of this home at genesis')
    .argument('<key>', 'key of the keyring that operates the validator')
    .argument('<amount>', 'its own stake, like 1000000uplim; the genesis must give it that much')
    .addOption(homeOption())
    .requiredOption('--moniker <name>', 'name of the validator')
    .option('--commission-rate <decimal>', "part of its delegators' rewards that it keeps", '0.1')
    .option('--commission-max-rate <decimal>', 'most that it will ever keep', '0.2')
    .option('--commission-max-change-rate <decimal>', 'largest rise in a day', '0.01')
    .option('--min-self-delegation <amount>', 'own stake below which it is jailed', '1')
    .option('--details <text>', 'about the validator')
    .option('--website <url>', 'where to read more')
    .option('--output-document <file>', 'default: <home>/config/gentx/gentx-<consensus address>.json');
  return keyringFlags(command)
    .addHelpText(
      'after',
      `
Each validator sends its file to whoever puts the genesis together: plimsolld collect-gentxs

Example:
  plimsolld gentx alice 1000000000uplim --moniker alice --home demo`,
    )
    .action(async (name: string, amount: string, flags: GentxFlags) => {
      const files = paths(flags.home);
      const coin = /^([1-9]\d{0,37})([a-zA-Z][a-zA-Z0-9/:._-]{2,127})$/.exec(amount);
      if (coin === null)
        throw new Failure(`amount: expected something like 1000000uplim, got ${JSON.stringify(amount)}`, 2);
      const { chain_id: chainId } = readGenesis(files.genesis);
      const validator = loadKey(files.validatorKey);
      const key = await keyringOf(flags).signingKey(name);
      let json: unknown;
      try {
        const value = { denom: coin[2]!, amount: coin[1]! };
        json = makeGenTx(registry, chainId, key, validator.publicKey, value, flags);
      } catch (error) {
        throw new Failure(`commission: ${(error as Error).message}`, 2);
      }
      const address = Buffer.from(validator.address).toString('hex');
      const path = flags.outputDocument ?? join(files.gentx, `gentx-${address}.json`);
      if (flags.outputDocument === undefined) mkdirSync(files.gentx, { recursive: true });
      writeFileSync(path, `${JSON.stringify(json, null, 2)}\n`);
      process.stderr.write(`${path} is written\n`);
    });
}

/** plimsolld collect-gentxs: a genesis whose validators made themselves. */
export function collectGentxsCommand(): Command {
  return new Command('collect-gentxs')
    .description('Put signed validator transactions into the genesis of this home; stake then says who votes')
    .addOption(homeOption())
    .option('--gentx-dir <dir>', 'default: <home>/config/gentx')
    .addHelpText('after', '\nExample:\n  plimsolld collect-gentxs --home demo')
    .action(async (flags: { home: string; gentxDir?: string }) => {
      const files = paths(flags.home);
      const directory = flags.gentxDir ?? files.gentx;
      let collected = 0;
      await editGenesis(
        flags.home,
        (state) => {
          const genTxs = readGenTxs(directory);
          collectGenTxs(state, genTxs);
          collected = genTxs.length;
          return { validators: [] };
        },
        `${directory}: `,
      );
      process.stderr.write(`${files.genesis} has ${collected} validators by stake\n`);
    });
}

function loadKey(path: string): ConsensusKey {
  try {
    return ConsensusKey.load(path);
  } catch (error) {
    throw new Failure((error as Error).message);
  }
}

/** In order of file name, so that everybody who has the same files makes the same genesis. */
function readGenTxs(directory: string): unknown[] {
  const names = existsSync(directory) ? readdirSync(directory).filter((name) => name.endsWith('.json')) : [];
  if (names.length === 0) throw new Failure(`${directory} has no .json files: run plimsolld gentx first`);
  return names.sort().map((name) => {
    try {
      return JSON.parse(readFileSync(join(directory, name), 'utf8')) as unknown;
    } catch (error) {
      throw new Failure(`${join(directory, name)}: ${(error as Error).message}`);
    }
  });
}
