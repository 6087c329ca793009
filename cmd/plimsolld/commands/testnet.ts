import { Command } from 'commander';
import { demoAccounts } from '../devnet/demo.js';
import { Failure } from '../failure.js';
import { table } from '../output.js';
import { initTestnet, rpcUrl } from '../testnet/init-files.js';

interface InitFlags {
  readonly validators: string;
  readonly outputDir: string;
  readonly chainId: string;
  readonly nodeDirPrefix: string;
  readonly startingIpAddress?: string;
  readonly startingPort: string;
  readonly timeoutCommit: string;
  readonly timeoutPropose: string;
  readonly genesisTime?: string;
  readonly exchanges?: string;
}

/** plimsolld testnet: networks of several validators. */
export function testnetCommand(): Command {
  return new Command('testnet').description('Set up a network of several validators').addCommand(initFilesCommand());
}

function initFilesCommand(): Command {
  return new Command('init-files')
    .description('Write a home for each validator: CometBFT and application settings, keys, and one genesis')
    .option('-v, --validators <number>', 'how many validators', '4')
    .option('-o, --output-dir <dir>', 'where the homes go', '.testnet')
    .option('--chain-id <id>', 'name of the chain', 'plimsoll-testnet-1')
    .option('--node-dir-prefix <prefix>', 'name of a node without its number', 'node')
    .option(
      '--starting-ip-address <ip>',
      'a host for each node, counting up from this address (default: all on this host, each with its own ports)',
    )
    .option('--starting-port <port>', 'on one host: first port; each node takes the next ten', '26656')
    .option('--timeout-commit <duration>', 'pause between blocks', '1s')
    .option('--timeout-propose <duration>', 'how long to wait for a proposal', '3s')
    .option('--genesis-time <time>', 'when blocks begin, like 2026-01-01T00:00:00Z (default: now)')
    .option(
      '--exchanges <url>',
      'a price daemon beside each node asks simulated exchanges here (default: synthetic prices without a daemon)',
    )
    .addHelpText(
      'after',
      `
Each home then runs two processes, in any order:
  plimsolld start --home .testnet/node0
  cometbft start --home .testnet/node0        (tools/cometbft builds it)
With --exchanges also a third, and the exchanges themselves once:
  plimsolld prices start --home .testnet/node0
  plimsolld prices simulate

Examples:
  plimsolld testnet init-files --validators 4 --output-dir .testnet
  plimsolld testnet init-files -v 4 -o .testnet --starting-port 36656 --timeout-commit 500ms
  plimsolld testnet init-files -v 7 -o .testnet --starting-ip-address 192.168.10.2`,
    )
    .action(async (flags: InitFlags) => {
      const duration = (flag: string, text: string): string => {
        if (!/^\d{1,6}(ms|s)$/.test(text))
          throw new Failure(`${flag}: ${text}; expected a duration like 500ms or 1s`, 2);
        return text;
      };
      const number = (flag: string, text: string): number => {
        if (!/^\d{1,5}$/.test(text)) throw new Failure(`${flag}: ${text}; expected a whole number`, 2);
        return Number(text);
      };
      const url = (flag: string, text: string): string => {
        if (!/^https?:\/\/[^\s/]+$/.test(text)) throw new Failure(`${flag}: ${text}; expected http://host:port`, 2);
        return text;
      };
      const nodes = await initTestnet({
        validators: number('--validators', flags.validators),
        startingPort: number('--starting-port', flags.startingPort),
        ...(flags.startingIpAddress === undefined ? {} : { startingIp: flags.startingIpAddress }),
        namePrefix: flags.nodeDirPrefix,
        outputDir: flags.outputDir,
        chainId: flags.chainId,
        genesisTime: flags.genesisTime ?? new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
        timeoutCommit: duration('--timeout-commit', flags.timeoutCommit),
        timeoutPropose: duration('--timeout-propose', flags.timeoutPropose),
        ...(flags.exchanges === undefined ? {} : { exchanges: url('--exchanges', flags.exchanges) }),
      });
      const rows = nodes.map((node) => [node.home, node.nodeId, rpcUrl(node), node.grpc, node.abci]);
      process.stderr.write(
        `${table([['home', 'node id', 'RPC', 'gRPC', 'ABCI'], ...rows])}\n\nEach home's keyring holds ${demoAccounts.map(({ name }) => name).join(', ')}: their words are public.\n`,
      );
    });
}
