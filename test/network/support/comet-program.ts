import { spawnSync } from 'node:child_process';

/** Exit status of the build where Go is missing or too old. */
const noGo = 3;

/**
 * The pinned CometBFT, built on first use. Undefined, after a loud line, where
 * there is no Go to build it with: the tests then skip what they cannot run.
 */
export function cometProgram(): string | undefined {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['tools/cometbft/build.mjs'], { encoding: 'utf8' });
  if (status === 0) return stdout.trim();
  if (status !== noGo) throw new Error(`CometBFT was not built: ${stderr}`);
  process.stderr.write(`\n*** SKIPPED: the tests on CometBFT itself. ${stderr.trim()} ***\n\n`);
  return undefined;
}

export const comet = cometProgram();
/** Options of tests that need CometBFT. */
export const needsComet = comet === undefined ? { skip: 'Go is missing: CometBFT cannot be built' } : {};
