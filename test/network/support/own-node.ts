import { nodeSettings } from '../../../cmd/plimsolld/commands/common.js';
import { startAppServer } from '../../../cmd/plimsolld/node/comet.js';
import { createLogger } from '../../../cmd/plimsolld/node/log.js';
import { runUntilStopped } from '../../../cmd/plimsolld/node/run.js';
import type { Application } from '../../../runtime/abci/application.js';

/** Runs the node of `--home DIR`, the last two arguments, with something between its application and CometBFT. */
export async function runNodeBehind(behind: (app: Application) => Application): Promise<void> {
  const home = process.argv.at(-1)!;
  const { node, app } = nodeSettings({ home });
  const logger = createLogger(node);
  await runUntilStopped((onFatal) => startAppServer({ home, node, app, logger, onFatal }, behind), logger);
}
