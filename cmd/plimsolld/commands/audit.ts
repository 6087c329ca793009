import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Presets, SingleBar } from 'cli-progress';
import { Command, Option } from 'commander';
import { createApp } from '../../../app/app.js';
import { mounts } from '../../../app/mounts.js';
import {
  HiddenTree,
  accountBytes,
  parseProof,
  parseRoot,
  proofJson,
  rootJson,
  verifyHiddenInclusion,
  verifyHiddenRoot,
  type HiddenLeaf,
  type HiddenProof,
  type HiddenRoot,
} from '../../../client/solvency/hidden/index.js';
import { fromBech32 } from '../../../runtime/crypto/address.js';
import { silentLogger } from '../../../runtime/log.js';
import { openStore } from '../../../runtime/store/index.js';
import { StaticPriceSource } from '../../../x/oracle/sources/static.js';
import { PerpsClaims } from '../../../x/perps/claims.js';
import { historyOf, loadAppConfig, paths } from '../config.js';
import { Failure } from '../failure.js';
import { readGenesis } from '../node/open.js';
import { print } from '../output.js';
import { homeOption } from './common.js';

/** plimsolld audit: that all accounts are in the total, without showing any of them. */
export function auditCommand(): Command {
  return new Command('audit')
    .description('Prove and verify what the exchange owes without showing a single balance')
    .addHelpText(
      'after',
      `
An auditor commits to the state of a stopped node (commit), publishes root.json and keeps secret.json. Each owner gets a
file about his account (prove), and checks it against the published root wherever he likes (verify). The root opens to
the total that is owed, and in each market to as many longs as shorts; balances and the number of accounts stay hidden.

Example:
  plimsolld audit commit --home demo --out audit
  plimsolld audit prove plim1... --home demo --out audit
  plimsolld audit verify audit/root.json audit/plim1...-0.json`,
    )
    .addCommand(commitCommand())
    .addCommand(proveCommand())
    .addCommand(verifyCommand());
}

interface StateFlags {
  readonly home: string;
  readonly out: string;
}

function commitCommand(): Command {
  return new Command('commit')
    .description('Make the tree of a state; write root.json to publish and secret.json to keep')
    .addOption(homeOption())
    .requiredOption('--out <dir>', 'where to write')
    .option('--depth <levels>', 'levels of the tree, which takes 2^(levels - 1) accounts; more hide better', '20')
    .addHelpText('after', '\nExample:\n  plimsolld audit commit --home demo --out audit --depth 16')
    .action(async (flags: StateFlags & { readonly depth: string }) => {
      const depth = natural('--depth', flags.depth);
      const secretPath = join(flags.out, 'secret.json');
      if (existsSync(secretPath))
        throw new Failure(`${secretPath} exists: proofs of that audit need it; name another --out`);
      const secret = randomBytes(32).toString('hex');
      await withState(flags.home, 0n, (state) => {
        const { node, values, blindings } = plant(state, secret, depth).tree.root;
        const root: HiddenRoot = {
          chain_id: state.chainId,
          height: state.height,
          app_hash: state.newestAppHash,
          denoms: [...state.denoms],
          markets: [...state.markets],
          depth,
          root: node,
          totals: values.slice(0, state.denoms.length),
          blindings: [...blindings],
        };
        const verdict = verifyHiddenRoot(root);
        if (!verdict.ok) throw new Failure(`the state does not add up: ${verdict.reason}`);
        mkdirSync(flags.out, { recursive: true });
        write(secretPath, { secret }, 0o600);
        write(join(flags.out, 'root.json'), rootJson(root), 0o644);
      });
    });
}

function proveCommand(): Command {
  return new Command('prove')
    .description('Write the proofs of accounts, each for its owner only')
    .argument('<accounts...>', 'addresses, each with /number for a subaccount other than 0')
    .addOption(homeOption())
    .requiredOption('--out <dir>', 'where commit wrote, and where proofs go')
    .addHelpText('after', '\nExample:\n  plimsolld audit prove plim1... plim1.../3 --home demo --out audit')
    .action(async (accounts: readonly string[], flags: StateFlags) => {
      const root = document(join(flags.out, 'root.json'), parseRoot);
      const { secret } = JSON.parse(read(join(flags.out, 'secret.json'))) as { secret: string };
      await withState(flags.home, root.height, (state) => {
        const { tree, leaves } = plant(state, secret, root.depth);
        const { chain_id, height, app_hash } = root;
        for (const text of accounts) {
          const [owner = '', number = '0'] = text.split('/');
          const account = accountBytes(fromBech32(owner), natural('number', number));
          const inclusion = tree.prove(account);
          const leaf = leaves.find((each) => Buffer.compare(each.account, account) === 0);
          if (inclusion === undefined || leaf === undefined) throw new Failure(`${text} is not in the state`);
          const { amounts, sizes } = leaf;
          const proof: HiddenProof = {
            chain_id,
            height,
            app_hash,
            owner,
            number: Number(number),
            amounts: [...amounts],
            sizes: [...sizes],
            ...inclusion,
            blindings: [...inclusion.blindings],
            path: [...inclusion.path],
          };
          write(join(flags.out, `${owner}-${number}.json`), proofJson(proof), 0o600);
        }
      });
    });
}

function verifyCommand(): Command {
  return new Command('verify')
    .description('Check a published root, and proofs of accounts against it; needs neither node nor state')
    .argument('<root>', 'root.json, as published')
    .argument('[proofs...]', 'files of accounts')
    .addOption(new Option('--output <format>', 'text or json').choices(['text', 'json']).default('text'))
    .addHelpText('after', '\nExample:\n  plimsolld audit verify audit/root.json audit/plim1...-0.json')
    .action((rootPath: string, proofPaths: readonly string[], { output }: { output: 'text' | 'json' }) => {
      const root = document(rootPath, parseRoot);
      const onRoot = verifyHiddenRoot(root);
      if (!onRoot.ok) throw new Failure(`${rootPath}: ${onRoot.reason}`);
      const named = (amounts: readonly bigint[]): string =>
        amounts.map((amount, index) => `${amount}${root.denoms[index]}`).join(' ');
      const accounts = proofPaths.map((path) => {
        const proof = document(path, parseProof);
        const verdict = verifyHiddenInclusion(proof, root);
        if (!verdict.ok) throw new Failure(`${path}: ${verdict.reason}`);
        return `${proof.owner}/${proof.number}: ${named(proof.amounts)}`;
      });
      print({ height: root.height.toString(), total: named(root.totals), accounts, verified: true }, output);
    });
}

interface State {
  readonly chainId: string;
  readonly height: bigint;
  readonly newestAppHash: Uint8Array;
  readonly denoms: readonly string[];
  readonly markets: readonly number[];
  readonly leaves: () => HiddenLeaf[];
}

async function withState(home: string, height: bigint, work: (state: State) => void): Promise<void> {
  const files = paths(home);
  const genesis = readGenesis(files.genesis);
  if (!existsSync(files.state)) throw new Failure(`${files.state} does not exist: this node never ran`);
  const { keepRecent } = historyOf(loadAppConfig(home));
  const store = await openStore({ path: files.state, mounts, keepVersions: keepRecent });
  try {
    const prices = new StaticPriceSource({});
    const { app, perpsDeps } = createApp({ store, chainId: genesis.chain_id, prices, logger: silentLogger });
    const ctx = app.queryContext(height);
    const claims = new PerpsClaims(perpsDeps);
    const markets = [...perpsDeps.keeper.allMarkets(ctx)].map(({ id }) => id);
    work({
      chainId: genesis.chain_id,
      height: ctx.block.height,
      newestAppHash: store.lastCommit().hash,
      denoms: claims.denoms(ctx),
      markets,
      leaves: () =>
        Array.from(claims.claims(ctx), ({ owner, number, amounts, held }) => ({
          account: accountBytes(owner, number),
          amounts,
          sizes: markets.map((id) => held.find(({ marketId }) => marketId === id)?.quantity ?? 0n),
        })),
    });
  } finally {
    await store.close();
  }
}

function plant(state: State, secret: string, depth: number): { tree: HiddenTree; leaves: readonly HiddenLeaf[] } {
  const leaves = state.leaves();
  const bar = new SingleBar({ format: '{bar} {value}/{total} accounts, {eta_formatted} left' }, Presets.shades_classic);
  if (process.stderr.isTTY) bar.start(leaves.length, 0);
  try {
    const shape = { denoms: state.denoms.length, markets: state.markets.length };
    const tree = new HiddenTree(Buffer.from(secret, 'hex'), depth, leaves, shape, (done) => {
      if (process.stderr.isTTY && (done % 100 === 0 || done === leaves.length)) bar.update(done);
    });
    return { tree, leaves };
  } catch (error) {
    throw new Failure((error as Error).message);
  } finally {
    bar.stop();
  }
}

function document<T>(path: string, parse: (json: unknown) => T): T {
  try {
    return parse(JSON.parse(read(path)));
  } catch (error) {
    throw error instanceof Failure ? error : new Failure(`${path}: ${(error as Error).message}`);
  }
}

function read(path: string): string {
  if (!existsSync(path)) throw new Failure(`${path} does not exist`);
  return readFileSync(path, 'utf8');
}

function write(path: string, content: object, mode: number): void {
  writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`, { mode });
  process.stderr.write(`${path} written\n`);
}

function natural(flag: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new Failure(`${flag}: expected a number, got ${JSON.stringify(text)}`, 2);
  return Number(text);
}
