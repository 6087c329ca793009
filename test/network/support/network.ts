import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initTestnet, rpcUrl, type TestnetNode } from '../../../cmd/plimsolld/testnet/init-files.js';
import { comet } from './comet-program.js';
import type { Namespaces } from './namespaces.js';
import { Daemon } from './process.js';
import { SlowLink } from './slow-link.js';

export const chainId = 'plimsoll-network-1';

/** Consensus paced for tests: blocks as fast as the machine allows, and short waits for the dead. */
const fast = `
timeout_propose_delta = "200ms"
timeout_prevote = "300ms"
timeout_prevote_delta = "100ms"
timeout_precommit = "300ms"
timeout_precommit_delta = "100ms"
peer_gossip_sleep_duration = "10ms"
peer_query_maj23_sleep_duration = "200ms"
`;

interface BlockMeta {
  readonly height: bigint;
  readonly hash: string;
  /** Of the state before this block. */
  readonly appHash: string;
  readonly proposer: string;
}

/** A validator: CometBFT and plimsolld, each its own process. */
export class NetworkNode {
  readonly #node: TestnetNode;
  readonly #appArgs: readonly string[];
  readonly #cometArgs: readonly string[];
  readonly #ip: string | undefined;
  readonly #on: (program: string, ...args: readonly string[]) => readonly [string, readonly string[]];
  readonly app: Daemon;
  readonly comet: Daemon;

  /** @param host what runs commands on the node's own host, and where that is reached; this host unless given */
  constructor(
    node: TestnetNode,
    script: readonly string[] | undefined,
    host?: { readonly prefix: readonly string[]; readonly ip: string },
  ) {
    this.#node = node;
    this.#ip = host?.ip;
    const on = (program: string, ...args: readonly string[]): readonly [string, readonly string[]] => {
      const [first, ...rest] = [...(host?.prefix ?? []), program, ...args];
      return [first!, rest];
    };
    this.#appArgs = ['--import', 'tsx', ...(script ?? ['cmd/plimsolld/main.ts', 'start']), '--home', node.home];
    this.#on = on;
    this.app = new Daemon(...on(process.execPath, ...this.#appArgs), join(node.home, 'plimsolld.log'));
    const [program, cometArgs] = on(comet!, 'start', '--home', node.home);
    this.#cometArgs = cometArgs;
    this.comet = new Daemon(program, cometArgs, join(node.home, 'cometbft.log'));
  }

  get home(): string {
    return this.#node.home;
  }

  get rpc(): string {
    return this.#ip === undefined ? rpcUrl(this.#node) : `http://${this.#ip}:26657`;
  }

  get grpc(): string {
    return this.#node.grpc;
  }

  get abci(): string {
    return this.#node.abci;
  }

  /** Where its peers reach it, as CometBFT writes a peer: id@host:port. */
  get peer(): string {
    return `${this.#node.nodeId}@${this.#node.p2pDial}`;
  }

  /**
   * CometBFT starts when the application listens: it would retry only every three seconds.
   * @param appArgs in place of its own; engineArgs added to CometBFT's, both for this run only
   */
  async start(appArgs?: readonly string[], engineArgs: readonly string[] = []): Promise<void> {
    const before = this.app.output().length;
    const args = appArgs === undefined ? this.#appArgs : ['--import', 'tsx', ...appArgs, '--home', this.home];
    this.app.start(this.#on(process.execPath, ...args)[1]);
    while (!this.app.output().slice(before).includes('waiting for CometBFT')) {
      if (!this.app.isRunning) throw new Error(`${this.home} does not start:\n${this.app.tail()}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    this.comet.start([...this.#cometArgs, ...engineArgs]);
  }

  /** Killed both at once; asked to stop CometBFT first: it may hang when its application goes while it stops. */
  async end(signal: NodeJS.Signals): Promise<void> {
    if (signal === 'SIGKILL') await Promise.all([this.comet.end(signal), this.app.end(signal)]);
    else {
      await this.comet.end(signal);
      await this.app.end(signal);
    }
  }

  /**
   * Waits until an engine without its application is gone. CometBFT sends itself SIGTERM then, and now and then hangs in
   * its own stop: a supervisor kills it after a while, and so does this.
   */
  async engineGone(): Promise<void> {
    await this.comet.ended(4_000).catch(() => this.comet.end('SIGKILL'));
  }

  /** An RPC route's result; undefined when nobody answers. */
  async ask<T>(route: string): Promise<T | undefined> {
    try {
      const response = await fetch(`${this.rpc}/${route}`, { signal: AbortSignal.timeout(5_000) });
      const { result } = (await response.json()) as { result?: T };
      return result;
    } catch {
      return undefined;
    }
  }

  /** Newest block; -1 when the node does not answer. */
  async height(): Promise<number> {
    const status = await this.ask<{ sync_info: { latest_block_height: string } }>('status');
    return status === undefined ? -1 : Number(status.sync_info.latest_block_height);
  }

  async header(height: number): Promise<BlockMeta | undefined> {
    const found = await this.ask<{
      block_id: { hash: string };
      block: { header: { height: string; app_hash: string; proposer_address: string } };
    }>(`block?height=${height}`);
    if (found === undefined) return undefined;
    const { header } = found.block;
    return {
      height: BigInt(header.height),
      hash: found.block_id.hash,
      appHash: header.app_hash,
      proposer: header.proposer_address,
    };
  }

  /** Waits until a height is reached. @throws Error with both logs' ends */
  async reach(height: number, timeoutMs = 180_000): Promise<void> {
    const until = Date.now() + timeoutMs;
    for (;;) {
      const now = await this.height();
      if (now >= height) return;
      if (Date.now() > until) {
        throw new Error(
          `${this.home} is at ${now}, not at ${height}\n--- plimsolld\n${this.app.tail()}\n--- cometbft\n${this.comet.tail()}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Lines in which the engine gives up for another reason than a killed application: states that differ, above all. */
  mismatches(): string[] {
    return this.comet
      .output()
      .split('\n')
      .filter((line) => /CONSENSUS FAILURE|^panic:|wrong Block|does not match/.test(line))
      .filter((line) => !/EOF|connection reset|broken pipe|connection refused/.test(line))
      .map((line) => line.slice(0, 300));
  }
}

export interface NetworkOptions {
  readonly validators: number;
  /** Node's arguments in place of plimsolld's for the validator of that index. */
  readonly scripts?: Readonly<Record<number, readonly string[]>>;
  readonly timeoutCommit?: string;
  /** A host for each validator; all share this one unless given. */
  readonly hosts?: Namespaces;
  /** What every packet between two validators takes, on this host. */
  readonly delayMs?: number;
}

/** A network of CometBFT and plimsolld on this host's loopback, in a directory of its own. */
export class Network {
  private constructor(
    readonly directory: string,
    readonly nodes: readonly NetworkNode[],
    readonly links: readonly SlowLink[],
  ) {}

  static async create(options: NetworkOptions): Promise<Network> {
    const { validators, scripts = {}, timeoutCommit = '200ms', hosts, delayMs } = options;
    const directory = mkdtempSync(join(tmpdir(), 'plimsoll-net-'));
    const made = await initTestnet({
      validators,
      namePrefix: 'node',
      startingPort: await freePorts(validators * 10),
      ...(hosts === undefined ? {} : { startingIp: hosts.firstIp }),
      outputDir: directory,
      chainId,
      genesisTime: new Date(Date.now() - 1_000).toISOString().replace(/\.\d+Z$/, 'Z'),
      timeoutCommit,
      timeoutPropose: '600ms',
    });
    for (const { home } of made) appendFileSync(join(home, 'config', 'config.toml'), fast);
    const links = delayMs === undefined ? [] : await slowDown(made, delayMs);
    return new Network(
      directory,
      made.map((node, index) => {
        const host = hosts === undefined ? undefined : { prefix: hosts.prefix(index), ip: hosts.reachable(index) };
        return new NetworkNode(node, scripts[index], host);
      }),
      links,
    );
  }

  async start(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.start()));
  }

  async reach(height: number, timeoutMs = 180_000): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.reach(height, timeoutMs)));
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.end(signal)));
  }

  /** Newest height that any node has. */
  async tip(): Promise<number> {
    return Math.max(...(await Promise.all(this.nodes.map((node) => node.height()))));
  }

  /** The blocks of a range, the same on each of these nodes. @throws Error naming the first height on which two differ */
  async agreed(from: number, to: number, nodes: readonly NetworkNode[] = this.nodes): Promise<BlockMeta[]> {
    const blocks: BlockMeta[] = [];
    for (let height = from; height <= to; height++) {
      const seen = await Promise.all(nodes.map((node) => node.header(height)));
      const [first] = seen;
      for (const [index, each] of seen.entries()) {
        if (first === undefined || each === undefined)
          throw new Error(`${nodes[index]!.home} does not have block ${height}`);
        if (each.hash !== first.hash || each.appHash !== first.appHash)
          throw new Error(
            `block ${height} differs: ${JSON.stringify(seen, (_, v) => (typeof v === 'bigint' ? `${v}` : v))}`,
          );
      }
      blocks.push(first!);
    }
    return blocks;
  }

  /** Ends everything and removes the directory. */
  async remove(): Promise<void> {
    await this.end('SIGKILL');
    for (const link of this.links) link.close();
    if (process.env['PLIMSOLL_KEEP'] === undefined) rmSync(this.directory, { recursive: true, force: true });
    else process.stderr.write(`kept ${this.directory}\n`);
  }
}

/** Puts a slow link before each node's peers port, and makes the others dial that. */
async function slowDown(nodes: readonly TestnetNode[], delayMs: number): Promise<SlowLink[]> {
  const dials = nodes.map(({ p2pDial }) => p2pDial);
  const links = await Promise.all(dials.map((dial) => SlowLink.open(Number(dial.split(':')[1]), delayMs)));
  for (const { home } of nodes) {
    const path = join(home, 'config', 'config.toml');
    let text = readFileSync(path, 'utf8');
    for (const [index, { port }] of links.entries()) text = text.replaceAll(`@${dials[index]}`, `@127.0.0.1:${port}`);
    // Addresses that peers tell each other would lead past the links.
    writeFileSync(path, text.replace('[p2p]\n', '[p2p]\npex = false\n'));
  }
  return links;
}

/**
 * First of so many ports in a row that are free now, and stay so while a node is down: below those that the system gives
 * to outgoing connections (32,768 and more).
 */
async function freePorts(count: number): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const first = 20_000 + Math.floor(Math.random() * 1_250) * 10;
    const free = await Promise.all(Array.from({ length: count }, (_, index) => isFree(first + index)));
    if (free.every(Boolean)) return first;
  }
  throw new Error(`no ${count} free ports in a row`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
