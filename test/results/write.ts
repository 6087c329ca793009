import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { format, resolveConfig } from 'prettier';
import { sections, type Part } from './parts.js';

const page = join(fileURLToPath(new URL('../..', import.meta.url)), 'docs', 'results.md');

const begin = (id: string): string => `<!-- measured: ${id} -->`;
const end = (id: string): string => `<!-- end: ${id} -->`;

/** What the page says of a part now. */
function written(text: string, id: string): string | undefined {
  const from = text.indexOf(begin(id));
  const to = text.indexOf(end(id));
  return from === -1 || to === -1 ? undefined : text.slice(from + begin(id).length, to).trim();
}

/** Measures the parts, and writes the page with what it said of all others. */
async function main(ids: readonly string[], options: { missing?: boolean }): Promise<void> {
  const known = sections.flatMap(({ parts }) => parts.map(({ id }) => id));
  for (const id of ids) {
    if (!known.includes(id)) throw new Error(`there is no ${id}; there are ${known.join(', ')}`);
  }
  const old = existsSync(page) ? readFileSync(page, 'utf8') : '';
  const wanted = ({ id }: Part): boolean => {
    if (options.missing === true) return written(old, id) === undefined;
    return ids.length === 0 || ids.includes(id);
  };
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  const texts = new Map<string, string>();
  const save = async (): Promise<void> => writeFileSync(page, await pageOf(texts));
  for (const { parts } of sections) for (const { id } of parts) texts.set(id, written(old, id) ?? 'Not measured yet.');
  for (const { parts } of sections) {
    for (const part of parts) {
      if (!wanted(part)) continue;
      say(`${part.id} ...`);
      texts.set(part.id, await part.write(say));
      // What was measured is kept, whatever happens to the rest.
      await save();
    }
  }
  await save();
  say(`written to ${page}`);
}

async function pageOf(texts: ReadonlyMap<string, string>): Promise<string> {
  const lines = [
    '# Results',
    '',
    'What the exchange does where others broke, and how it compares, in figures. `make results` measures everything anew and writes this page; `make results ONLY="T-A2 T-DUST"` measures some parts and leaves the rest as it is. Every figure follows from a stated seed: the same code gives the same page.',
  ];
  for (const { title, introduction, parts } of sections) {
    lines.push('', `## ${title}`, '', introduction);
    for (const { id, heading } of parts)
      lines.push('', `### ${heading}`, '', begin(id), '', texts.get(id)!, '', end(id));
  }
  return format(`${lines.join('\n')}\n`, { ...(await resolveConfig(page)), parser: 'markdown' });
}

await new Command('results')
  .description('measure scenarios and comparisons on the real state machine and write docs/results.md')
  .argument('[parts...]', 'parts to measure, like T-A2; all unless named')
  .option('--missing', 'only parts that the page says nothing of yet')
  .action(main)
  .parseAsync();
