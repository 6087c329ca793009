import { covered } from '../scenarios/covered.js';
import { scenarios } from '../scenarios/index.js';
import type { Scenario } from '../scenarios/scenario.js';
import { ablations } from './ablations.js';
import { comparison } from './compare.js';
import { figuresTable, markdownTable } from './text.js';

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
  {
    title: 'Covered by other tests',
    introduction:
      'What the gallery of attacks names besides: tests that already show it, each checked to exist, or the reason why there is nothing to run.',
    parts: [{ id: 'covered', heading: 'Entries', write: () => Promise.resolve(coveredTable()) }],
  },
  comparison,
  ablations,
];

function coveredTable(): string {
  const rows = covered.map(({ id, title, by, open }) => [
    id,
    title,
    [...by.map(({ file, test }) => `${file}: ${test}`), ...(open === undefined ? [] : [`Open: ${open}`])].join('; '),
  ]);
  return markdownTable([['id', 'what', 'shown by'], ...rows]);
}

function partOf(each: Scenario): Part {
  const { id, title, source, expectation, finding } = each;
  return {
    id,
    heading: `${id}: ${title}`,
    async write() {
      const figures = await each.run('full');
      each.check(figures);
      const missed = finding === undefined ? '' : `\n\nFound: ${finding}.`;
      return `Why: ${source}.\n\nExpected: ${expectation}.\n\n${figuresTable(figures)}${missed}`;
    },
  };
}
