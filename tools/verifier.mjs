// Writes the verifier as one HTML file that works from disk: `node tools/verifier.mjs [out]`.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { build } from 'esbuild';

const out = process.argv[2] ?? 'dist/verifier.html';
const { outputFiles } = await build({
  entryPoints: ['client/verifier/page.ts'],
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2022',
  platform: 'browser',
  write: false,
  logLevel: 'warning',
});
// A script ends where the HTML parser says so, even inside a string.
const script = outputFiles[0].text.replaceAll('</script', '<\\/script');
const page = readFileSync('client/verifier/index.html', 'utf8');
mkdirSync(dirname(out), { recursive: true });
writeFileSync(
  out,
  page.replace('<!-- script -->', () => `<script>\n${script}</script>`),
);
console.log(`${out}: ${Math.round(script.length / 1024)} kB of script, open it in a browser`);
