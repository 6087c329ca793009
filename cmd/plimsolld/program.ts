import { Command } from 'commander';
import { appVersion } from '../../app/app.js';
import { descriptorImage } from '../../gen/image.js';
import { createRegistry } from '../../runtime/codec/registry.js';
import { auditCommand } from './commands/audit.js';
import { cometCommand } from './commands/comet.js';
import { devnetCommand } from './commands/devnet.js';
import { collectGentxsCommand, gentxCommand } from './commands/gentx.js';
import { addGenesisAccountCommand } from './commands/genesis-account.js';
import { initCommand } from './commands/init.js';
import { keysCommand } from './commands/keys.js';
import {
  exportCommand,
  rollbackCommand,
  startCommand,
  statusCommand,
  validateGenesisCommand,
  versionCommand,
} from './commands/node.js';
import { pricesCommand } from './commands/prices.js';
import { proveCommand } from './commands/prove.js';
import { queryCommand } from './commands/query.js';
import { replayCommand } from './commands/replay.js';
import { testnetCommand } from './commands/testnet.js';
import { snapshotsCommand } from './commands/snapshots.js';
import { txCommand } from './commands/tx.js';

/** The whole command line. */
export function program(): Command {
  const registry = createRegistry(descriptorImage);
  const plimsolld = new Command('plimsolld')
    .description('Plimsoll: a perpetual-futures chain whose every block ends solvent.')
    .version(appVersion)
    .showHelpAfterError('(--help shows what is possible)')
    .addHelpText(
      'after',
      `
Start here:
  plimsolld devnet                      a chain to play with
  plimsolld query perps markets         what trades
  plimsolld replay --prices BTC-USD=bars.csv --out report.json
                                        drive the chain through recorded prices

Exit status: 0 done, 1 failed, 2 wrong usage.`,
    );
  const commands = [
    devnetCommand(),
    initCommand(),
    testnetCommand(),
    addGenesisAccountCommand(),
    gentxCommand(registry),
    collectGentxsCommand(),
    validateGenesisCommand(),
    startCommand(),
    statusCommand(),
    cometCommand(),
    keysCommand(),
    txCommand(registry),
    queryCommand(registry),
    proveCommand(),
    auditCommand(),
    pricesCommand(),
    replayCommand(),
    exportCommand(),
    rollbackCommand(),
    snapshotsCommand(),
    versionCommand(),
  ];
  for (const command of commands) plimsolld.addCommand(command);
  return plimsolld;
}
