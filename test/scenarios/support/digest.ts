import { createHash } from 'node:crypto';
import { simulate } from '../../simulation/simulation.js';

/** What a run of random people on the real chain came to, and where it ran. */
export interface Digest {
  /** One hash over the app hashes of all blocks. */
  readonly hash: string;
  readonly accepted: number;
  readonly fills: number;
  /** As the engine has them, so that a setting that did not take hold is seen. */
  readonly locale: string;
  readonly timeZone: string;
}

/** Runs a chain of so many blocks in this process. */
export async function digestOf(seed: string, blocks: number): Promise<Digest> {
  const all = createHash('sha256');
  const tally = await simulate({
    seed,
    blocks,
    actors: 20,
    shadow: false,
    onBlock: (height, { appHash }) => void all.update(`${height} ${appHash}\n`),
  });
  const { locale, timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const accepted = [...tally.sent.values()].reduce((sum, each) => sum + each.accepted, 0);
  return { hash: all.digest('hex'), accepted, fills: tally.count('EventFill'), locale, timeZone };
}
