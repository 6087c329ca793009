import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import { consensusAddress, consensusPrefix, toBech32 } from '../../../runtime/crypto/address.js';
import { Ed25519Key } from '../../../runtime/crypto/ed25519.js';
import { ConsensusKey, describe } from '../../../runtime/engine/consensus-key.js';
import { cometVersion } from '../../../runtime/engine/engine.js';
import { paths } from '../config.js';
import { Failure } from '../failure.js';
import { writeSigningState } from '../testnet/comet-files.js';
import { homeOption } from './common.js';

const nodeKeyFile = z.object({
  priv_key: z.object({ type: z.literal('tendermint/PrivKeyEd25519'), value: z.string() }),
});

/** plimsolld comet: what concerns the consensus engine. */
export function cometCommand(): Command {
  return new Command('comet')
    .alias('cometbft')
    .alias('tendermint')
    .description("Show a home's keys as the consensus engine knows them, or forget its chain")
    .addCommand(showNodeId())
    .addCommand(showValidator())
    .addCommand(showAddress())
    .addCommand(engineVersion())
    .addCommand(unsafeResetAll());
}

function showNodeId(): Command {
  return new Command('show-node-id')
    .description('Print the id by which peers know the node, as in persistent_peers = "<id>@host:26656"')
    .addOption(homeOption())
    .addHelpText('after', '\nExample:\n  plimsolld comet show-node-id --home .testnet/node0')
    .action(({ home }: { home: string }) => {
      const path = join(paths(home).config, 'node_key.json');
      if (!existsSync(path))
        throw new Failure(`${path} does not exist: plimsolld testnet init-files or cometbft makes it`);
      let seed: Buffer;
      try {
        seed = Buffer.from(nodeKeyFile.parse(JSON.parse(readFileSync(path, 'utf8'))).priv_key.value, 'base64');
      } catch (error) {
        throw new Failure(`${path}: ${describe(error)}`);
      }
      if (seed.length !== 64) throw new Failure(`${path}: priv_key.value has ${seed.length} bytes, expected 64`);
      const { publicKey } = new Ed25519Key(seed.subarray(0, 32));
      process.stdout.write(`${Buffer.from(consensusAddress(publicKey)).toString('hex')}\n`);
    });
}

function showValidator(): Command {
  return new Command('show-validator')
    .description('Print the public key that the node votes with, as MsgCreateValidator wants it')
    .addOption(homeOption())
    .addHelpText('after', '\nExample:\n  plimsolld comet show-validator > pubkey.json')
    .action(({ home }: { home: string }) => {
      const key = Buffer.from(validatorKey(home).publicKey).toString('base64');
      process.stdout.write(`${JSON.stringify({ '@type': '/cosmos.crypto.ed25519.PubKey', key })}\n`);
    });
}

function showAddress(): Command {
  return new Command('show-address')
    .description("Print the validator's consensus address, by which votes and evidence name it")
    .addOption(homeOption())
    .addHelpText('after', `\nExample:\n  plimsolld comet show-address          # ${consensusPrefix}1...`)
    .action(({ home }: { home: string }) => {
      process.stdout.write(`${toBech32(validatorKey(home).address, consensusPrefix)}\n`);
    });
}

function engineVersion(): Command {
  return new Command('version')
    .description('Print the version of CometBFT that this release runs with')
    .addHelpText('after', '\nExample:\n  plimsolld comet version')
    .action(() => void process.stdout.write(`${cometVersion}\n`));
}

function unsafeResetAll(): Command {
  return new Command('unsafe-reset-all')
    .description(
      'Remove all blocks and state of a stopped node, and its record of what it signed; keys and settings stay',
    )
    .addOption(homeOption())
    .option('--yes', 'do it; a validator of a running chain that signs again what it signed before is slashed')
    .addHelpText('after', '\nExample:\n  plimsolld comet unsafe-reset-all --home .testnet/node0 --yes')
    .action(({ home, yes }: { home: string; yes?: boolean }) => {
      if (!existsSync(paths(home).genesis))
        throw new Failure(`${home} is no home of a node: config/genesis.json is missing`);
      if (yes !== true)
        throw new Failure('this removes the chain and the record of what the validator signed: add --yes to do it', 2);
      rmSync(join(home, 'data'), { recursive: true, force: true });
      writeSigningState(home);
      process.stderr.write(`${join(home, 'data')} is empty; keys and settings are as they were\n`);
    });
}

function validatorKey(home: string): ConsensusKey {
  const path = paths(home).validatorKey;
  if (!existsSync(path)) throw new Failure(`${path} does not exist: run plimsolld init first`);
  try {
    return ConsensusKey.load(path);
  } catch (error) {
    throw new Failure((error as Error).message);
  }
}
