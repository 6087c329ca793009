/** How much history a node keeps; the names are the Cosmos SDK's. */
export type PruningStrategy = 'default' | 'nothing' | 'everything' | 'custom';

export interface Pruning {
  /** Newest versions that stay readable and provable; Infinity for all. */
  readonly keepRecent: number;
  /** Heights between two rounds of deleting from the disk what no kept version needs. */
  readonly interval: number;
}

/**
 * What a strategy means for this store, which holds the versions it keeps in
 * memory with shared structure, and on disk the newest base snapshot before
 * them and the log since.
 *
 * | strategy   | versions kept            | disk cleaned every |
 * | default    | 100                      | 10 heights         |
 * | nothing    | all: memory grows for ever | never            |
 * | everything | 2                        | 10 heights         |
 * | custom     | pruning-keep-recent      | pruning-interval   |
 *
 * @throws Error naming the setting and what would be accepted
 */
export function pruningOf(strategy: PruningStrategy, keepRecent = 0, interval = 0): Pruning {
  switch (strategy) {
    case 'default':
      return { keepRecent: 100, interval: 10 };
    case 'nothing':
      return { keepRecent: Infinity, interval: 1 };
    case 'everything':
      return { keepRecent: 2, interval: 10 };
    case 'custom':
      if (keepRecent < 2)
        throw new Error(`pruning-keep-recent is ${keepRecent}: custom pruning keeps at least 2 versions`);
      if (interval < 10) throw new Error(`pruning-interval is ${interval}: custom pruning takes at least 10 heights`);
      return { keepRecent, interval };
  }
}
