// Two sets of rules: what every file obeys, and what consensus code obeys
// besides: nothing there may differ from one machine to the next.
import tseslint from 'typescript-eslint';
import { noNumberDivision } from './tools/eslint/no-number-division.mjs';

/** Code that FinalizeBlock reaches. */
const consensus = {
  files: ['runtime/{store,baseapp,codec,crypto,pool}/**/*.ts', 'x/**/*.ts', 'app/**/*.ts'],
  ignores: ['**/*.test.ts', '**/testing/**', 'x/oracle/sources/**'],
};

const bannedGlobals = [
  ['Date', 'Time comes from the block header (ctx.block.timeMs).'],
  ['performance', 'A clock differs from node to node.'],
  ['setTimeout', 'Consensus code waits for nothing.'],
  ['setInterval', 'Consensus code waits for nothing.'],
  ['setImmediate', 'Consensus code waits for nothing.'],
  ['queueMicrotask', 'Consensus code waits for nothing.'],
  ['process', 'The environment differs from node to node.'],
  ['Intl', 'Locale data differs from node to node.'],
  ['parseFloat', 'Floats are not exact.'],
  ['WeakRef', 'Garbage collection differs from node to node.'],
  ['FinalizationRegistry', 'Garbage collection differs from node to node.'],
  ['fetch', 'Consensus code reads no network.'],
].map(([name, message]) => ({ name, message }));

const floatMath = [
  'random',
  'pow',
  'exp',
  'expm1',
  'log',
  'log2',
  'log10',
  'log1p',
  'sqrt',
  'cbrt',
  'hypot',
  'sin',
  'cos',
  'tan',
  'asin',
  'acos',
  'atan',
  'atan2',
  'sinh',
  'cosh',
  'tanh',
  'asinh',
  'acosh',
  'atanh',
  'fround',
  'round',
  'ceil',
  'floor',
  'E',
  'PI',
];

const floatLiterals = [
  { selector: 'Literal[raw=/^[0-9_]*\\.[0-9]/]', message: 'No float literals: use integers and name the rounding.' },
  { selector: 'Literal[raw=/^[0-9][0-9_.]*[eE]-/]', message: 'No float literals: use integers and name the rounding.' },
];

const bannedSyntax = [
  { selector: 'ForInStatement', message: 'Object key order is not byte order: iterate the store or a sorted array.' },
  {
    selector:
      'CallExpression[callee.property.name=/^(localeCompare|toLocaleString|toLocaleUpperCase|toLocaleLowerCase|normalize)$/]',
    message: 'Locale data differs from node to node.',
  },
  {
    selector: 'CallExpression[callee.property.name=/^(toFixed|toPrecision|toExponential)$/]',
    message: 'Floats are not exact.',
  },
  {
    selector: 'CallExpression[callee.property.name="sort"][arguments.length=0]',
    message: 'The default order compares UTF-16 text: pass a comparator.',
  },
  {
    selector: 'MemberExpression[object.name="crypto"][property.name=/^(random|getRandomValues|generateKey)/]',
    message: 'Randomness differs from node to node.',
  },
  { selector: 'MemberExpression[object.name="Number"][property.name="parseFloat"]', message: 'Floats are not exact.' },
];

const asyncSyntax = [
  {
    selector: 'AwaitExpression',
    message: 'A block runs without interruption: state is read and written synchronously.',
  },
  {
    selector: 'FunctionDeclaration[async=true], ArrowFunctionExpression[async=true], FunctionExpression[async=true]',
    message: 'A block runs without interruption.',
  },
];

/** Estimates in floating point, which choose whom the exact rules are asked about: docs/adr/0018-estimates.md. */
const estimates = { files: ['x/perps/estimates/**/*.ts'] };

/** Code that runs inside a block: no await between a read and a write. */
const block = {
  files: ['x/**/*.ts', 'runtime/codec/**/*.ts', 'runtime/crypto/**/*.ts', 'runtime/pool/**/*.ts'],
  ignores: ['**/*.test.ts', '**/testing/**', 'x/oracle/sources/**'],
};

export default tseslint.config(
  { ignores: ['node_modules/', 'dist/', 'gen/', '.devnet/', '**/*.mjs', '**/*.cjs'] },
  {
    files: ['**/*.ts'],
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname },
    },
    plugins: { '@typescript-eslint': tseslint.plugin },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'no-debugger': 'error',
      'no-eval': 'error',
      'no-unused-expressions': 'error',
      'no-fallthrough': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  {
    // node:test's top-level test() returns a promise that the runner itself awaits.
    files: ['**/*.test.ts'],
    rules: { '@typescript-eslint/no-floating-promises': 'off' },
  },
  {
    ...consensus,
    plugins: { plimsoll: { rules: { 'no-number-division': noNumberDivision } } },
    rules: {
      'plimsoll/no-number-division': 'error',
      'no-restricted-globals': ['error', ...bannedGlobals],
      'no-restricted-properties': [
        'error',
        ...floatMath.map((property) => ({
          object: 'Math',
          property,
          message: 'Not exact, or not needed on integers.',
        })),
        { object: 'performance', property: 'now', message: 'A clock differs from node to node.' },
      ],
      'no-restricted-syntax': ['error', ...floatLiterals, ...bannedSyntax],
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: [
                'node:fs',
                'node:fs/*',
                'node:process',
                'node:v8',
                'node:vm',
                'node:os',
                'node:net',
                'node:http',
                'node:https',
                'node:child_process',
                'node:timers',
                'node:timers/*',
                'node:worker_threads',
                'node:perf_hooks',
                'fs',
                'os',
                'net',
                'http',
                'https',
                'child_process',
              ],
              message: 'Consensus code reads nothing but its store.',
            },
          ],
        },
      ],
    },
  },
  {
    ...block,
    rules: {
      'no-restricted-syntax': ['error', ...floatLiterals, ...bannedSyntax, ...asyncSyntax],
    },
  },
  {
    ...estimates,
    rules: {
      'plimsoll/no-number-division': 'off',
      // Sums, products, quotients and roots are the same on every machine (IEEE 754); series are not.
      'no-restricted-properties': [
        'error',
        ...floatMath
          .filter((property) => !['ceil', 'floor', 'sqrt'].includes(property))
          .map((property) => ({ object: 'Math', property, message: 'Differs from machine to machine.' })),
      ],
      'no-restricted-syntax': ['error', ...bannedSyntax, ...asyncSyntax],
    },
  },
);
