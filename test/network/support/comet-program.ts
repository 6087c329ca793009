import { spawnSync } from 'node:child_process';

/** Exit statuses of the build where Go is missing or too old, and where the source is out of reach. */
const impossible = [3, 4];

/**
 * The pinned CometBFT, built on first use. Undefined, after a loud line, where
 * it cannot be built: the tests then skip what they cannot run.
 */
export function cometProgram(): string | undefined {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['tools/cometbft/build.mjs'], { encoding: 'utf8' });
  if (status === 0) return stdout.trim();
  if (status === null || !impossible.includes(status)) throw new Error(`CometBFT was not built: ${stderr}`);
  process.stderr.write(`\n*** SKIPPED: the tests on CometBFT itself. ${stderr.trim()} ***\n\n`);
  return undefined;
}

export const comet = cometProgram();
/** Options of tests that need CometBFT. */
export const needsComet = comet === undefined ? { skip: 'CometBFT cannot be built here' } : {};
