import { scenarios } from '../scenarios/index.js';
import type { Scenario } from '../scenarios/scenario.js';
import { comparison } from './compare.js';
import { figuresTable } from './text.js';

/** A piece of docs/results.md that is measured by itself and can be measured anew by itself. */
export interface Part {
  /** Unique; names it on the command line. */
  readonly id: string;
  /** Markdown without its heading. */
  write(say: (text: string) => void): Promise<string>;
  readonly heading: string;
}

export interface Section {
  readonly title: string;
  /** What the parts have in common. */
  readonly introduction: string;
  readonly parts: readonly Part[];
}

/** The page, in its order. A new kind of measurement is a section more. */
export const sections: readonly Section[] = [
  {
    title: 'Scenarios',
    introduction:
      'Each runs the real state machine: prices are voted, blocks execute, and after every block all accounts and coins are counted anew (identities ID-0 to ID-4 and the invariants of `test/simulation/invariants.ts`). A smaller form of each is a test of `make test`.',
    parts: scenarios.map(partOf),
  },
  comparison,
];

function partOf(each: Scenario): Part {
  const { id, title, source, expectation } = each;
  return {
    id,
    heading: `${id}: ${title}`,
    async write() {
      const figures = await each.run('full');
      each.check(figures);
      return `Why: ${source}.\n\nExpected: ${expectation}.\n\n${figuresTable(figures)}`;
    },
  };
}
