import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cruise, type ICruiseOptions } from 'dependency-cruiser';
import { ESLint } from 'eslint';
import { createRequire } from 'node:module';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** The bans of `make lint` are only worth something if they fire: each is shown code that breaks it. */
describe('consensus code may not', () => {
  // With CI=true the parser reads a file it first meets from disk, not from the text it is given.
  const eslint = new ESLint({
    overrideConfig: { languageOptions: { parserOptions: { disallowAutomaticSingleRunInference: true } } },
  });
  /** Lints `code` as if it stood in a file of a module. */
  async function rulesBroken(code: string): Promise<string[]> {
    const [result] = await eslint.lintText(code, { filePath: 'x/perps/types.ts' });
    return [...new Set(result!.messages.map((message) => message.ruleId ?? message.message))].sort();
  }

  const cases: readonly (readonly [what: string, code: string, rule: string])[] = [
    ['read the clock', 'export const t = Date.now();', 'no-restricted-globals'],
    ['read the monotonic clock', 'export const t = performance.now();', 'no-restricted-globals'],
    ['draw random numbers', 'export const r = Math.random();', 'no-restricted-properties'],
    ['use float functions', 'export const r = Math.sqrt(2);', 'no-restricted-properties'],
    ['write a float', 'export const r = 0.5;', 'no-restricted-syntax'],
    ['divide numbers', 'export const r = 3 / 2;', 'plimsoll/no-number-division'],
    ['raise numbers to a power', 'export const r = 3 ** 2;', 'plimsoll/no-number-division'],
    ['parse a float', "export const r = parseFloat('1');", 'no-restricted-globals'],
    ['compare by locale', "export const r = 'a'.localeCompare('b');", 'no-restricted-syntax'],
    ['sort without a comparator', 'export const r = [2, 1].sort();', 'no-restricted-syntax'],
    ['iterate object keys', 'for (const key in {}) void key;', 'no-restricted-syntax'],
    ['read the environment', 'export const r = process.env;', 'no-restricted-globals'],
    ['read files', "import * as fs from 'node:fs'; export { fs };", 'no-restricted-imports'],
    ['wait', 'export async function f(p: Promise<void>) { await p; }', 'no-restricted-syntax'],
  ];
  for (const [what, code, rule] of cases) {
    test(what, async () => {
      const broken = await rulesBroken(code);
      assert.ok(broken.includes(rule), `expected ${rule}, got ${broken.join(', ') || 'nothing'}`);
    });
  }

  test('divide bigints is allowed', async () => {
    assert.deepEqual(await rulesBroken('export const r: bigint = 7n / 2n;'), []);
  });
});

describe('an import may not point', () => {
  const { forbidden, options } = createRequire(import.meta.url)('../.dependency-cruiser.cjs') as {
    forbidden: unknown;
    options: ICruiseOptions;
  };

  /** Cruises a small tree in which `from` imports `to`. */
  async function violated(from: string, to: string): Promise<string[]> {
    const root = mkdtempSync(join(tmpdir(), 'plimsoll-rules-'));
    try {
      symlinkSync(join(process.cwd(), 'node_modules'), join(root, 'node_modules'));
      for (const name of [from, to]) mkdirSync(join(root, dirname(name)), { recursive: true });
      writeFileSync(join(root, to), 'export const value = 1;\n');
      const up = '../'.repeat(from.split('/').length - 1);
      writeFileSync(
        join(root, from),
        `import { value } from './${up}${to.replace(/\.ts$/, '.js')}';\nexport { value as again };\n`,
      );
      const { output } = await cruise([from.split('/')[0]!, to.split('/')[0]!], {
        ...options,
        tsConfig: undefined,
        baseDir: root,
        validate: true,
        ruleSet: { forbidden },
      } as ICruiseOptions);
      if (typeof output === 'string') throw new Error(output);
      return output.summary.violations.map((violation) => violation.rule.name);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  }

  const cases: readonly (readonly [from: string, to: string, rule: string])[] = [
    ['runtime/store/a.ts', 'x/bank/b.ts', 'runtime-knows-nobody'],
    ['runtime/baseapp/a.ts', 'gen/plimsoll/perps/v1/tx.ts', 'runtime-knows-no-module-types'],
    ['x/perps/keeper.ts', 'app/app.ts', 'modules-look-down'],
    ['x/perps/keeper.ts', 'x/bank/keeper.ts', 'modules-do-not-know-each-other'],
    ['app/app.ts', 'cmd/plimsolld/main.ts', 'app-looks-down'],
    ['client/perps.ts', 'x/perps/types.ts', 'client-imports-types-only'],
    ['x/perps/keeper.ts', 'test/helper.ts', 'product-needs-no-tests'],
    ['x/perps/margin/equity.ts', 'x/perps/keeper.ts', 'pure-rules-read-no-store'],
    ['x/perps/margin/equity.ts', 'runtime/store/types.ts', 'pure-rules-read-no-store'],
  ];
  for (const [from, to, rule] of cases) {
    test(`from ${from} to ${to}`, async () => assert.ok((await violated(from, to)).includes(rule)));
  }

  test('down is allowed', async () => {
    assert.deepEqual(await violated('x/perps/keeper.ts', 'runtime/store/types.ts'), []);
    assert.deepEqual(await violated('x/perps/margin/equity.ts', 'runtime/math/integers.ts'), []);
  });
});
