import { rmSync } from 'node:fs';
import { readInputs, replay } from '../cmd/plimsolld/replay/index.js';
import { silentLogger } from '../runtime/log.js';
import { scratch, writePath } from '../test/replay-paths.js';
import { measurement, quick, type Measurements } from './measure.js';

/**
 * Blocks per second of a replay with 1,000 accounts: an hour, a crash by a
 * quarter, and another hour. The baseline is what the hardware would do if
 * a block cost nothing but verifying the signatures in it.
 */
export async function replayBench(verifications: number): Promise<Measurements> {
  const directory = scratch();
  try {
    const bars = quick ? 20 : 120;
    const path = writePath(directory, 'bench.csv', 43_538.02, [
      { bars, drift: 0, noise: 800 },
      { bars: Math.ceil(bars / 4), drift: -9_000, noise: 5_000 },
      { bars, drift: 500, noise: 1_500 },
    ]);
    const inputs = readInputs({
      prices: [`BTC-USD=${path}`],
      accounts: '1000',
      seed: 'bench',
      blocksPerBar: '4',
      class: 'A',
    });
    const { report } = await replay({ inputs, logger: silentLogger });
    if (report.identityViolations + report.negativeEquityBlockEnds > 0) throw new Error('the replay was not solvent');
    const verifyOnly = verifications / (report.txs / report.blocks);
    return { 'replay.blocksPerSecond': measurement(report.blocksPerSecond, 'blocks/s', verifyOnly) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
