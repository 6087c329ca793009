import { ablations as cells, oursId } from '../simulation/compare/cells.js';
import { meansOf } from '../simulation/compare/compare.js';
import { cases, type Case } from '../simulation/compare/setup.js';
import { holders, measure, seedsOf } from './compare.js';
import type { Section } from './parts.js';
import { markdownTable } from './text.js';
import { venueRows } from './venue-rows.js';

const seeds = process.env['ABLATION_SEEDS'] ?? '10';

async function text(each: Case, say: (text: string) => void): Promise<string> {
  const count = seedsOf(seeds, each.id);
  const ids = cells.map(({ id }) => id);
  const means = meansOf(await measure(each, count, ids, say), ids);
  const table = markdownTable([
    ['', ...venueRows.map(([name]) => name)],
    ...[{ id: oursId, title: 'ours' }, ...cells].map(({ id, title }) => [
      title,
      ...venueRows.map(([, of]) => of(means[id]!)),
    ]),
  ]);
  return `Means over seeds 1 to ${count}, ${holders} accounts on each path.\n\n${table}`;
}

export const ablations: Section = {
  title: 'What each piece does',
  introduction: [
    "The ablations of section 21.5: the paths of the comparison, with one piece of ours taken away or put in at a time, and the other engines with our margin and other orders of deleveraging. A row differs from the first only in what its name says: margin at the floor of its class; no brackets (a depth unit that nobody comes near, which also takes the depth bound from what a vault sells at once); no keeper, whose capital is then the vault's; breakers as a new chain has them; a vault that owns 15 % of open interest, so that its limits let it hold 3 %. (a) at one price pays the last quote that a close takes for all of it, as an auction does.",
    'Not every cell of the product exists. Our engine has no queue: an order of deleveraging is consensus code, so orders are compared on engine (a). (a) and (b) have no brackets and no breakers to take away. The cap on open interest binds what is opened, nobody opens here, and the listed caps are far away: without it the figures are the same. `make ablations` measures this section anew; `ABLATION_SEEDS` says on how many paths.',
  ].join('\n\n'),
  parts: cases.map((each) => ({
    id: `ablations-${each.id}`,
    heading: `${each.title}, piece by piece`,
    write: (say) => text(each, say),
  })),
};
