import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'smol-toml';
import { z } from 'zod';
import { pruningOf, type Pruning } from '../../runtime/store/pruning.js';
import { Failure } from './failure.js';

/** Where a node keeps what. */
export function paths(home: string) {
  return {
    home,
    config: join(home, 'config'),
    genesis: join(home, 'config', 'genesis.json'),
    validatorKey: join(home, 'config', 'priv_validator_key.json'),
    gentx: join(home, 'config', 'gentx'),
    configToml: join(home, 'config', 'config.toml'),
    appToml: join(home, 'config', 'app.toml'),
    clientToml: join(home, 'config', 'client.toml'),
    pricesToml: join(home, 'config', 'prices.toml'),
    state: join(home, 'data', 'state'),
    snapshots: join(home, 'data', 'snapshots'),
    traces: join(home, 'data', 'traces'),
    blocks: join(home, 'data', 'blocks'),
    genesisHash: join(home, 'data', 'genesis.sha256'),
    keyring: join(home, 'keyring'),
  };
}

export const defaultHome = (): string => process.env['PLIMSOLLD_HOME'] ?? join(homedir(), '.plimsolld');

const address = z.string().regex(/^[^:\s]+:\d{1,5}$/, 'expected host:port');
export const daemonAddress = z
  .string()
  .regex(/^([^:\s/]+:\d{1,5}|unix:\/.{1,100})$/, 'expected host:port, or unix: and the absolute path of a socket');

const configToml = z.strictObject({
  moniker: z.string().min(1).default('plimsoll'),
  log_level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  log_format: z.enum(['text', 'json']).default('text'),
  rpc: z.strictObject({ laddr: address.default('127.0.0.1:26657') }).prefault({}),
  consensus: z.strictObject({ block_interval_ms: z.int().min(10).max(600_000).default(1_000) }).prefault({}),
});

const appToml = z.strictObject({
  /** embedded: one validator in this process; cometbft: a CometBFT process connects to abci.address. */
  engine: z.enum(['embedded', 'cometbft']).default('embedded'),
  minimum_gas_prices: z.string().default(''),
  /** default: 100 versions; nothing: all; everything: 2; custom: the two settings below. */
  pruning: z.enum(['default', 'nothing', 'everything', 'custom']).default('default'),
  'pruning-keep-recent': z.int().min(0).max(1_000_000).default(0),
  'pruning-interval': z.int().min(0).max(1_000_000).default(0),
  /** Newest blocks to keep; 0 keeps all. Evidence, kept versions and snapshots may need more of them. */
  'min-retain-blocks': z.int().min(0).max(1_000_000_000).default(0),
  /** State-sync snapshots for other nodes: how often (0: never), and how many stay (0: all). */
  'state-sync': z
    .strictObject({
      'snapshot-interval': z.int().min(0).max(10_000_000).default(0),
      'snapshot-keep-recent': z.int().min(0).max(10_000).default(2),
    })
    .prefault({}),
  /** Proofs of liabilities: blocks from one to the next, accounts that each block adds, and how many stay in memory. */
  proofs: z
    .strictObject({
      interval: z.int().min(1).max(10_000_000).default(600),
      'accounts-per-block': z.int().min(1).max(10_000_000).default(5_000),
      keep: z.int().min(0).max(1_000).default(2),
    })
    .prefault({}),
  /** Steps of the waterfall that this node can explain (query perps why), the newest ones; 0 keeps none. About a kilobyte each. */
  traces: z.strictObject({ steps: z.int().min(0).max(10_000_000).default(50_000) }).prefault({}),
  /** The older name of custom pruning; wins over `pruning` where a file still has it. */
  keep_versions: z.int().min(1).max(1_000_000).optional(),
  /** Heights between two points from which a restart replays the log. */
  snapshot_interval: z.int().min(1).max(10_000_000).default(1_000),
  allow_slow_signatures: z.boolean().default(false),
  grpc: z.strictObject({ address: address.default('127.0.0.1:9090') }).prefault({}),
  /** Prometheus metrics of this node at GET /metrics; see docs/risk.md. */
  telemetry: z
    .strictObject({ enabled: z.boolean().default(false), address: address.default('127.0.0.1:26670') })
    .prefault({}),
  /** Where CometBFT finds the application: its config.toml calls this proxy_app. */
  abci: z.strictObject({ address: z.string().default('tcp://127.0.0.1:26658') }).prefault({}),
  /** Where the application's gRPC services find CometBFT's RPC. */
  cometbft: z
    .strictObject({
      rpc: z
        .string()
        .regex(/^https?:\/\/\S+$/, 'expected http://host:port')
        .default('http://127.0.0.1:26657'),
    })
    .prefault({}),
  prices: z
    .strictObject({
      /**
       * static: [prices.static] symbol = "price"; synthetic: moving prices around those; csv: [prices.csv] symbol = "file";
       * daemon: what a running `plimsolld prices start` says; exchanges: a price daemon inside this node, set up by prices.toml.
       */
      source: z.enum(['static', 'synthetic', 'csv', 'daemon', 'exchanges']).default('static'),
      seed: z.string().default('plimsoll'),
      static: z.record(z.string(), z.string().regex(/^\d+(\.\d+)?$/, 'expected a price like "60000.5"')).default({}),
      csv: z.record(z.string(), z.string()).default({}),
      daemon: z
        .strictObject({
          /** host:port, or unix:/path of a socket. */
          address: daemonAddress.default('127.0.0.1:26680'),
          poll_ms: z.int().min(50).max(60_000).default(500),
          /** A price older than this, by this machine's clock, is not voted. */
          max_age_ms: z.int().min(500).max(600_000).default(15_000),
        })
        .prefault({}),
    })
    .prefault({}),
});

const clientToml = z.strictObject({
  node: z.string().default('http://127.0.0.1:26657'),
  chain_id: z.string().default(''),
  keyring_backend: z.enum(['file', 'test']).default('file'),
  output: z.enum(['text', 'json']).default('text'),
});

export type NodeConfig = z.infer<typeof configToml>;
export type AppConfig = z.infer<typeof appToml>;
export type ClientConfig = z.infer<typeof clientToml>;

/** What flags of the command line set: the path of a value, like rpc.laddr, to the flag and its text. */
export type Overrides = Readonly<Record<string, { readonly flag: string; readonly text: string | undefined }>>;

/**
 * Reads a file (defaults when absent), then applies PLIMSOLLD_* variables
 * (PLIMSOLLD_RPC_LADDR overrides rpc.laddr), then flags.
 * @param prefix of the variables
 * @param select the part of the file that is the schema's
 * @throws Failure naming the file, variable or flag, and the field at fault
 */
export function load<S extends z.ZodObject>(
  schema: S,
  path: string,
  flags: Overrides,
  {
    prefix = 'PLIMSOLLD_',
    select = (raw) => raw,
  }: {
    readonly prefix?: string;
    readonly select?: (raw: Record<string, unknown>) => Record<string, unknown>;
  } = {},
): z.infer<S> {
  let raw: Record<string, unknown> = {};
  if (existsSync(path)) {
    try {
      raw = parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    } catch (error) {
      throw new Failure(`${path}: ${(error as Error).message.split('\n')[0]}`);
    }
  }
  raw = select(raw);
  const sources = new Map<string, string>();
  override(schema, raw, { prefix, section: '' }, flags, sources);
  const result = schema.safeParse(raw);
  if (!result.success) {
    const [issue] = result.error.issues;
    const field = issue!.path.join('.');
    const what = (issue!.code === 'invalid_key' ? issue.issues[0]?.message : undefined) ?? issue!.message;
    const source = sources.get(field);
    if (source === undefined) throw new Failure(`${path}: ${field || 'content'}: ${what}`);
    throw new Failure(`${source}: ${what}`, source.startsWith('--') ? 2 : 1);
  }
  return result.data;
}

/** Sets what variables and flags say in `target`, and notes in `sources` who set what. */
function override(
  schema: z.ZodObject,
  target: Record<string, unknown>,
  { prefix, section }: { readonly prefix: string; readonly section: string },
  flags: Overrides,
  sources: Map<string, string>,
): void {
  for (const [name, field] of Object.entries(schema.shape)) {
    const path = `${section}${name}`;
    const inner =
      field instanceof z.ZodPrefault || field instanceof z.ZodDefault || field instanceof z.ZodOptional
        ? field.unwrap()
        : field;
    if (inner instanceof z.ZodObject) {
      const values = (target[name] ??= {}) as Record<string, unknown>;
      if (typeof values === 'object') override(inner, values, { prefix, section: `${path}.` }, flags, sources);
      continue;
    }
    const variable = `${prefix}${path.replaceAll(/[.-]/g, '_').toUpperCase()}`;
    const flag = flags[path];
    const text = flag?.text ?? process.env[variable];
    if (text === undefined) continue;
    sources.set(path, flag?.text === undefined ? variable : flag.flag);
    if (inner instanceof z.ZodNumber && /^-?\d+$/.test(text)) target[name] = Number(text);
    else if (inner instanceof z.ZodBoolean && /^(true|false)$/.test(text)) target[name] = text === 'true';
    else target[name] = text;
  }
}

export const loadNodeConfig = (home: string, flags: Overrides = {}): NodeConfig =>
  load(configToml, paths(home).configToml, flags);
/** The few of CometBFT's own settings that the application shares when CometBFT is the engine: config.toml is CometBFT's then. */
export const loadSharedConfig = (home: string, flags: Overrides = {}): NodeConfig =>
  load(configToml, paths(home).configToml, flags, { select: fromComet });

/** CometBFT may set levels for each of its modules ("consensus:debug,*:error"); the application takes a level that is alone. */
function fromComet({
  moniker,
  log_level: level,
  log_format: format,
}: Record<string, unknown>): Record<string, unknown> {
  const levels: Readonly<Record<string, string>> = { debug: 'debug', info: 'info', error: 'error', none: 'silent' };
  return {
    ...(typeof moniker === 'string' ? { moniker } : {}),
    log_level: levels[String(level)] ?? 'info',
    log_format: format === 'json' ? 'json' : 'text',
  };
}

export function loadAppConfig(home: string, flags: Overrides = {}): AppConfig {
  const config = load(appToml, paths(home).appToml, flags);
  try {
    historyOf(config);
  } catch (error) {
    throw new Failure(`${paths(home).appToml}: ${(error as Error).message}`);
  }
  return config;
}

/** What an application's settings say of pruning. @throws Error naming the setting at fault */
export function historyOf(app: AppConfig): Pruning {
  if (app.keep_versions !== undefined) return { keepRecent: app.keep_versions, interval: 1 };
  return pruningOf(app.pruning, app['pruning-keep-recent'], app['pruning-interval']);
}
export const loadClientConfig = (home: string): ClientConfig => load(clientToml, paths(home).clientToml, {});

/** Writes the three files with their defaults and the given changes. */
export function writeConfigs(
  home: string,
  changes: { readonly node?: object; readonly app?: object; readonly client?: object },
): void {
  const files = paths(home);
  mkdirSync(files.config, { recursive: true });
  const write = (path: string, title: string, value: object): void => {
    writeFileSync(
      path,
      `# ${title}\n# Every value can be overridden by an environment variable: PLIMSOLLD_ and its path in capitals.\n\n${stringify(value)}`,
    );
  };
  write(files.configToml, 'The node: names, ports, logs, block pace.', configToml.parse(changes.node ?? {}));
  write(
    files.appToml,
    'The application: fees, history, gRPC, where prices come from.',
    appToml.parse(changes.app ?? {}),
  );
  write(
    files.clientToml,
    'The command line: which node, chain and keyring to use.',
    clientToml.parse(changes.client ?? {}),
  );
}
