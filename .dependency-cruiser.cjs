// The import rule of the house: arrows point down only.
//   cmd -> app -> x/* -> runtime -> (nothing of ours);  client -> gen
// Tests beside a file obey the same rule as the file, except that a module's
// tests may use other modules' real keepers; test/ and bench/ span everything.
const ours = '^(runtime|x|app|cmd|client|test|bench|tools)/';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'runtime-knows-nobody',
      comment: 'The runtime knows no module by name.',
      severity: 'error',
      from: { path: '^runtime/' },
      to: { path: '^(x|app|cmd|client|test|bench|tools)/' },
    },
    {
      name: 'runtime-knows-no-module-types',
      comment: "The runtime imports no module's generated types.",
      severity: 'error',
      from: { path: '^runtime/', pathNot: '\\.test\\.ts$' },
      to: { path: '^gen/plimsoll/' },
    },
    {
      name: 'modules-look-down',
      severity: 'error',
      from: { path: '^x/' },
      to: { path: '^(app|cmd|client|test|bench|tools)/' },
    },
    {
      name: 'modules-do-not-know-each-other',
      comment: 'A module declares what it needs of another in expected_keepers.ts; app/ hands it over.',
      severity: 'error',
      from: { path: '^x/([^/]+)/', pathNot: '\\.test\\.ts$|/testing/' },
      to: { path: '^x/([^/]+)/', pathNot: '^x/$1/' },
    },
    {
      name: 'app-looks-down',
      severity: 'error',
      from: { path: '^app/' },
      to: { path: '^(cmd|client|test|bench|tools)/' },
    },
    {
      name: 'client-imports-types-only',
      comment: 'A client is what an integrator could have written: generated types and libraries.',
      severity: 'error',
      from: { path: '^client/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(runtime|x|app|cmd|test|bench|tools)/' },
    },
    {
      name: 'product-needs-no-tests',
      severity: 'error',
      from: { path: '^(runtime|x|app|cmd|client)/', pathNot: '\\.test\\.ts$|/testing/' },
      to: { path: '^(test|bench|tools)/|\\.test\\.ts$|/testing/' },
    },
    {
      name: 'pure-rules-read-no-store',
      comment: 'Formulas take values and return values (risk model; pure core, thin shell).',
      severity: 'error',
      from: {
        path: '^x/perps/(units|margin|matching|funding|liquidation|accounting)/',
        pathNot: '\\.test\\.ts$',
      },
      to: {
        path: '^(runtime|x|gen)/',
        pathNot:
          '^x/perps/(units|margin|matching|funding|liquidation|accounting)/|^x/perps/types\\.ts$|^runtime/(baseapp/errors|math/integers)\\.ts$',
      },
    },
    {
      name: 'pure-rules-on-messages',
      comment: 'As above, over values that state and queries have as protobuf messages.',
      severity: 'error',
      from: { path: '^x/perps/(breakers|stress)/rules/', pathNot: '\\.test\\.ts$' },
      to: {
        path: '^(runtime|x)/',
        pathNot:
          '^x/perps/(breakers|stress)/rules/|^x/perps/(units|margin|liquidation|volatility)/|^x/perps/types\\.ts$|^runtime/(baseapp/errors|math/integers)\\.ts$',
      },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: { path: ours },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-dev-dependency-in-product',
      severity: 'error',
      from: { path: '^(runtime|x|app|cmd|client)/', pathNot: '\\.test\\.ts$|/testing/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-unlisted-dependency',
      severity: 'error',
      from: { path: ours },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'], pathNot: '^cosmjs-types' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules|^gen/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
    reporterOptions: {
      archi: { collapsePattern: '^(runtime/[^/]+|x/[^/]+|app|cmd/plimsolld|client|gen)' },
    },
  },
};
