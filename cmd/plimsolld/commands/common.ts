import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Option, type Command } from 'commander';
import {
  defaultHome,
  loadAppConfig,
  loadClientConfig,
  loadNodeConfig,
  loadSharedConfig,
  paths,
  type AppConfig,
  type ClientConfig,
  type NodeConfig,
  type Overrides,
} from '../config.js';
import { Failure } from '../failure.js';
import { Keyring } from '../keyring/keyring.js';
import type { OutputFormat } from '../output.js';

export const homeOption = (): Option =>
  new Option('--home <dir>', 'directory of configuration, keys and data').default(defaultHome(), '~/.plimsolld');

/** Flags of commands that talk to a node. */
export function nodeFlags(command: Command): Command {
  return command
    .addOption(homeOption())
    .option('--node <url>', 'RPC address of a node (default: client.toml, then http://127.0.0.1:26657)')
    .option('--chain-id <id>', 'refuse to talk to any other chain')
    .addOption(new Option('--output <format>', 'text for people, json for programs').choices(['text', 'json']));
}

/** Flags of commands that use keys. */
export function keyringFlags(command: Command): Command {
  return command
    .addOption(
      new Option('--keyring-backend <backend>', 'file: encrypted with a passphrase; test: not encrypted').choices([
        'file',
        'test',
      ]),
    )
    .option('--passphrase-file <file>', 'read the keyring passphrase from a file (or set PLIMSOLLD_PASSPHRASE)');
}

/** Flags of commands that run a node. */
export interface NodeFlags {
  readonly home: string;
  readonly rpc?: string;
  readonly grpc?: string;
  readonly blockInterval?: string;
  readonly priceSource?: string;
  readonly engine?: string;
  readonly abciAddress?: string;
  readonly cometRpc?: string;
  readonly priceDaemon?: string;
  readonly allowSlowSignatures?: boolean;
  readonly logLevel?: string;
  readonly logFormat?: string;
}

/** Flags over PLIMSOLLD_* variables over config.toml and app.toml. @throws Failure naming what is wrong */
export function nodeSettings(flags: NodeFlags): { readonly node: NodeConfig; readonly app: AppConfig } {
  const overrides: Overrides = {
    'rpc.laddr': { flag: '--rpc', text: flags.rpc },
    'consensus.block_interval_ms': { flag: '--block-interval', text: flags.blockInterval },
    log_level: { flag: '--log-level', text: flags.logLevel },
    log_format: { flag: '--log-format', text: flags.logFormat },
    'grpc.address': { flag: '--grpc', text: flags.grpc },
    engine: { flag: '--engine', text: flags.engine },
    'abci.address': { flag: '--abci-address', text: flags.abciAddress },
    'cometbft.rpc': { flag: '--comet-rpc', text: flags.cometRpc },
    'prices.source': { flag: '--price-source', text: flags.priceSource },
    'prices.daemon.address': { flag: '--price-daemon', text: flags.priceDaemon },
    allow_slow_signatures: {
      flag: '--allow-slow-signatures',
      text: flags.allowSlowSignatures === true ? 'true' : undefined,
    },
  };
  const app = loadAppConfig(flags.home, overrides);
  return { node: (app.engine === 'cometbft' ? loadSharedConfig : loadNodeConfig)(flags.home, overrides), app };
}

export interface CommonFlags {
  readonly home: string;
  readonly node?: string;
  readonly chainId?: string;
  readonly output?: OutputFormat;
  readonly keyringBackend?: 'file' | 'test';
  readonly passphraseFile?: string;
}

/** Flags over client.toml. */
export function clientOf(flags: CommonFlags): ClientConfig {
  const config = loadClientConfig(flags.home);
  return {
    node: flags.node ?? config.node,
    chain_id: flags.chainId ?? config.chain_id,
    keyring_backend: flags.keyringBackend ?? config.keyring_backend,
    output: flags.output ?? config.output,
  };
}

export function keyringOf(flags: CommonFlags): Keyring {
  const { keyring_backend: backend } = clientOf(flags);
  return new Keyring(paths(flags.home).keyring, backend, (fresh) => passphrase(flags, fresh));
}

async function passphrase(flags: CommonFlags, fresh: boolean): Promise<string> {
  if (flags.passphraseFile !== undefined) {
    try {
      return readFileSync(flags.passphraseFile, 'utf8').replace(/\r?\n$/, '');
    } catch (error) {
      throw new Failure(`--passphrase-file: ${(error as Error).message}`);
    }
  }
  const fromEnvironment = process.env['PLIMSOLLD_PASSPHRASE'];
  if (fromEnvironment !== undefined) return fromEnvironment;
  const first = await askHidden(fresh ? 'New keyring passphrase (8 characters or more): ' : 'Keyring passphrase: ');
  if (fresh && first !== (await askHidden('Once more: '))) throw new Failure('the passphrases differ');
  return first;
}

/** Asks on the terminal without showing the answer. @throws Failure without a terminal */
export async function askHidden(question: string): Promise<string> {
  const { stdin, stderr } = process;
  if (!stdin.isTTY) throw new Failure('no terminal to ask on: use --passphrase-file or PLIMSOLLD_PASSPHRASE');
  stderr.write(question);
  stdin.setRawMode(true);
  stdin.resume();
  let typed = '';
  try {
    return await new Promise<string>((resolve, reject) => {
      const read = (data: Buffer): void => {
        for (const letter of data.toString('utf8')) {
          if (letter === '\r' || letter === '\n') {
            stdin.off('data', read);
            resolve(typed);
            return;
          }
          if (letter === '\u0003') {
            stdin.off('data', read);
            reject(new Failure('interrupted'));
            return;
          }
          typed = letter === '\u007f' ? typed.slice(0, -1) : typed + letter;
        }
      };
      stdin.on('data', read);
    });
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write('\n');
  }
}

/** Asks for a line; from a pipe it reads the first one. */
export async function askLine(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: process.stdin.isTTY });
  try {
    return await new Promise<string>((resolve) => lines.question(process.stdin.isTTY ? question : '', resolve));
  } finally {
    lines.close();
  }
}
