// Draws the picture in docs/architecture.md from the imports. With --check it
// only says whether the picture is up to date.
import { readFileSync, writeFileSync } from 'node:fs';
import { cruise } from 'dependency-cruiser';

const page = 'docs/architecture.md';
const begin = '<!-- picture: begin -->';
const end = '<!-- picture: end -->';

function room(path) {
  if (path.endsWith('.test.ts') || path.includes('/testing/')) return undefined;
  const [top, second, third] = path.split('/');
  if (top === 'runtime') return third === undefined ? undefined : `runtime/${second}`;
  if (top === 'x') return `x/${second}`;
  return ['app', 'cmd', 'client'].includes(top) ? top : undefined;
}

const { output } = await cruise(['runtime', 'x', 'app', 'cmd', 'client'], {
  doNotFollow: { path: ['node_modules', '^gen/'] },
  tsPreCompilationDeps: true,
  tsConfig: { fileName: 'tsconfig.json' },
});
const arrows = new Set();
for (const file of output.modules) {
  const from = room(file.source);
  for (const { resolved } of file.dependencies) {
    const to = room(resolved);
    if (from !== undefined && to !== undefined && from !== to) arrows.add(`${from} ${to}`);
  }
}
const rooms = [...new Set([...arrows].flatMap((arrow) => arrow.split(' ')))].sort();
const id = (name) => name.replace(/\W/g, '_');
const group = (title, prefix) =>
  [
    `  subgraph ${title}`,
    ...rooms.filter((name) => name.startsWith(prefix)).map((name) => `    ${id(name)}["${name}"]`),
    '  end',
  ].join('\n');
const picture = [
  '```mermaid',
  'flowchart TD',
  ...rooms.filter((name) => !name.includes('/')).map((name) => `  ${id(name)}["${name}"]`),
  group('modules', 'x/'),
  group('runtime', 'runtime/'),
  ...[...arrows].sort().map((arrow) => `  ${arrow.split(' ').map(id).join(' --> ')}`),
  '```',
].join('\n');

const text = readFileSync(page, 'utf8');
const at = text.indexOf(begin) + begin.length;
const drawn = `${text.slice(0, at)}\n\n${picture}\n\n${text.slice(text.indexOf(end))}`;
if (process.argv.includes('--check')) {
  if (drawn !== text) {
    console.error(`${page}: the picture no longer shows the imports; run: make docs`);
    process.exit(1);
  }
} else {
  writeFileSync(page, drawn);
}
