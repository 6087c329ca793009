import { CommitmentProof } from 'cosmjs-types/cosmos/ics23/v1/proofs';
import { CommitInfo } from 'cosmjs-types/cosmos/store/v1beta1/commit_info';
import { CacheLayer, emptyReader } from './cache-layer.js';
import { decodeChanges, encodeChanges, type StoreChanges } from './changelog.js';
import { Disk, versionBytes } from './disk.js';
import { StoreError, writeFailed } from './errors.js';
import { proveKey } from './iavl/proof.js';
import { Tree, type NodeId } from './iavl/tree.js';
import { keyBytes } from './key.js';
import { multistoreRoot, proveStore, type StoreRoot } from './root.js';
import { TreeReader, treeChunks } from './snapshot.js';
import { bytesOf, type Value } from './value.js';
import type {
  CacheMultiStore,
  CommitId,
  CommitMultiStore,
  Key,
  KVReader,
  MultiReader,
  ProofOp,
  RangeOptions,
  StoreMount,
  ValueCodec,
} from './types.js';

export interface StoreOptions {
  /** Directory of the database; undefined keeps everything in memory. */
  readonly path?: string;
  readonly mounts: readonly StoreMount[];
  /** Newest versions that stay readable and provable; Infinity for all. 100 by default. */
  readonly keepVersions?: number;
  /** What the disk does not need any more is deleted at multiples of this version. 1 by default. */
  readonly pruneInterval?: number;
  /** Versions between two snapshots on disk. 1,000 by default. */
  readonly snapshotInterval?: number;
  /** Wait for the disk at each commit. True by default; false survives a killed process but not a power cut. */
  readonly sync?: boolean;
}

const chunkBytes = 1 << 20;
/** Versions forgotten in one commit: after a long snapshot the backlog is spread over the next blocks. */
const pruneAtOnce = 8;

/** One store at a version: its tree, and the root to read it from. */
export interface StoreVersion extends StoreRoot {
  readonly tree: Tree;
  readonly root: NodeId;
}

/** A version whose nodes stay until `release`, however many blocks go on meanwhile. */
export interface PinnedVersion {
  readonly version: number;
  /** Committed stores in name order. */
  readonly stores: readonly StoreVersion[];
  release(): void;
}

/** Opens the store, or makes an empty one. @throws StoreError locked or corrupt */
export async function openStore(options: StoreOptions): Promise<MultiStore> {
  const store = new MultiStore(options);
  if (options.path !== undefined) await store.load(await Disk.open(options.path, options.sync ?? true));
  return store;
}

/** Drops all versions above `version` of a closed store. */
export async function rollbackStore(path: string, version: bigint): Promise<void> {
  const disk = await Disk.open(path, true);
  try {
    const latest = await disk.latest();
    if (version < 1n || version > BigInt(latest) || (await disk.db.get(Disk.infoKey(Number(version)))) === undefined) {
      throw new StoreError('unknown-version', `cannot roll back to ${version}: newest is ${latest}`);
    }
    await disk.rollbackTo(Number(version));
  } finally {
    await disk.close();
  }
}

/** A layer of writes over any state that can be read, with empty transient stores. */
export function cacheOver(reader: MultiReader): CacheMultiStore {
  return new CacheLayer(reader);
}

/** Look-ups that a view remembers; then it starts anew. */
const rememberedKeys = 1 << 16;

/** A range up to this long is read at once: most are what one account has. */
const fewEntries = 16;

/** A tree at one root, as a store. A block looks most keys up several times: the way down the tree is gone once. */
class TreeView implements KVReader {
  /** Undefined: known to be absent. */
  readonly #known = new Map<Key, Value | undefined>();

  constructor(
    readonly tree: Tree,
    readonly root: NodeId,
  ) {}

  entry(key: Key): Value | undefined {
    const known = this.#known.get(key);
    if (known !== undefined || this.#known.has(key)) return known;
    const leaf = this.tree.find(this.root, key);
    const found = leaf === 0 ? undefined : this.tree.entryOf(leaf);
    if (this.#known.size >= rememberedKeys) this.#known.clear();
    this.#known.set(key, found);
    return found;
  }

  get(key: Key): Uint8Array | undefined {
    return this.entry(key)?.bytes;
  }

  has(key: Key): boolean {
    return this.entry(key) !== undefined;
  }

  getObject<T>(key: Key, codec: ValueCodec<T>): T | undefined {
    return this.entry(key)?.decode(codec);
  }

  range(start: Key, end: Key | undefined, options?: RangeOptions): Iterable<readonly [Key, Uint8Array]> {
    return bytesOf(this.rangeEntries(start, end, options));
  }

  rangeEntries(start: Key, end: Key | undefined, options?: RangeOptions): Iterable<readonly [Key, Value]> {
    const { tree } = this;
    const reverse = options?.reverse ?? false;
    const few = tree.fewLeaves(this.root, start, end, fewEntries);
    if (few === undefined) return this.#walk(start, end, reverse);
    const entries = few.map((leaf) => [tree.keyOf(leaf), tree.entryOf(leaf)] as const);
    return reverse ? entries.reverse() : entries;
  }

  *#walk(start: Key, end: Key | undefined, reverse: boolean): Iterable<readonly [Key, Value]> {
    const { tree } = this;
    for (const leaf of tree.leaves(this.root, start, end, reverse)) yield [tree.keyOf(leaf), tree.entryOf(leaf)];
  }
}

interface Prepared {
  readonly id: CommitId;
  readonly roots: readonly StoreRoot[];
  readonly record: Uint8Array;
}

/** All committed stores of the chain: trees in memory, a log and snapshots on disk. */
export class MultiStore implements CommitMultiStore {
  readonly #trees = new Map<string, Tree>();
  readonly #transient = new Set<string>();
  readonly #names: readonly string[];
  readonly #keep: number;
  readonly #interval: number;
  readonly #pruneInterval: number;
  #disk: Disk | undefined;
  #latest = 0;
  #earliest = 0;
  #hash: Uint8Array;
  #prepared: Prepared | undefined;
  /** Reads the newest version. */
  #reader: MultiReader | undefined;
  #snapshot: Promise<void> | undefined;
  /** Versions that snapshots read, with how many read each; not pruned meanwhile. */
  readonly #pins = new Map<number, number>();
  /** Why the disk no longer takes versions: what it holds is only known after it is opened again. */
  #failure: StoreError | undefined;
  /** Complete snapshots on disk, ascending. */
  #complete: number[] = [];

  constructor(options: StoreOptions) {
    for (const { name, kind } of options.mounts) {
      if (this.#trees.has(name) || this.#transient.has(name))
        throw new StoreError('unknown-store', `store ${name} is mounted twice`);
      if (kind === 'committed') this.#trees.set(name, new Tree());
      else this.#transient.add(name);
    }
    this.#names = [...this.#trees.keys()].sort((a, b) => (a < b ? -1 : 1));
    this.#keep = options.keepVersions ?? 100;
    this.#interval = options.snapshotInterval ?? 1000;
    this.#pruneInterval = options.pruneInterval ?? 1;
    this.#hash = this.#appHash(this.#rootsOf(() => 0));
    if (this.#keep < 1 || this.#interval < 1 || this.#pruneInterval < 1)
      throw new StoreError('invalid-entry', 'keepVersions, snapshotInterval and pruneInterval must be at least 1');
  }

  lastCommit(): CommitId {
    return { version: BigInt(this.#latest), hash: this.#hash };
  }

  /** Names of the committed stores, ascending. */
  get storeNames(): readonly string[] {
    return this.#names;
  }

  earliestVersion(): bigint {
    return BigInt(this.#earliest);
  }

  cache(): CacheMultiStore {
    return new CacheLayer(this.at());
  }

  at(version?: bigint): MultiReader {
    const wanted = version === undefined ? this.#latest : Number(version);
    if (wanted !== this.#latest && (wanted < this.#earliest || wanted > this.#latest || wanted < 1)) {
      throw new StoreError(
        'unknown-version',
        `version ${wanted} is not retained: ${this.#earliest} to ${this.#latest} are`,
      );
    }
    if (wanted === this.#latest && this.#reader !== undefined) return this.#reader;
    const views = new Map<string, KVReader>();
    for (const [name, tree] of this.#trees)
      views.set(name, new TreeView(tree, tree.root(wanted === 0 ? undefined : wanted) ?? 0));
    const reader: MultiReader = {
      version: BigInt(wanted),
      store: (name) => {
        const view = views.get(name);
        if (view !== undefined) return view;
        if (this.#transient.has(name)) return emptyReader;
        throw new StoreError('unknown-store', `no store named ${name}`);
      },
    };
    if (wanted === this.#latest) this.#reader = reader;
    return reader;
  }

  prepare(version: bigint, layer: CacheMultiStore): CommitId {
    const number = Number(version);
    if (this.#latest !== 0 && number !== this.#latest + 1) {
      throw new StoreError('wrong-order', `cannot prepare version ${number} after ${this.#latest}`);
    }
    if (number < 1 || number >= 0x80000000) throw new StoreError('wrong-order', `version ${number} is out of range`);
    const changes: StoreChanges[] = [];
    for (const name of this.#names) {
      const pending = (layer as CacheLayer).store(name).pending();
      const tree = this.#trees.get(name)!;
      tree.begin(number);
      for (const [key, value] of pending) {
        if (value === undefined) tree.delete(key);
        else tree.put(key, value);
      }
      if (pending.length > 0)
        changes.push({ name, changes: pending.map(([key, value]) => ({ key, value: value?.bytes })) });
    }
    const roots = this.#rootsOf((tree) => tree.workingRoot());
    const id = { version, hash: this.#appHash(roots) };
    this.#prepared = { id, roots, record: this.#disk === undefined ? new Uint8Array(0) : encodeChanges(changes) };
    return id;
  }

  async commit(): Promise<CommitId> {
    const prepared = this.#prepared;
    if (this.#failure !== undefined) throw this.#failure;
    if (prepared === undefined) throw new StoreError('wrong-order', 'commit without prepare');
    const version = Number(prepared.id.version);
    if (this.#disk !== undefined) {
      try {
        await this.#disk.db.batch(
          [
            { type: 'put', key: Disk.logKey(version), value: prepared.record },
            { type: 'put', key: Disk.infoKey(version), value: encodeInfo(version, prepared.roots) },
            { type: 'put', key: Disk.latestKey, value: versionBytes(version) },
          ],
          { sync: this.#disk.sync },
        );
      } catch (cause) {
        // A record cut short may end the log: nothing may be written behind it.
        this.#failure = writeFailed(`version ${version}`, cause);
        throw this.#failure;
      }
    }
    this.#prepared = undefined;
    this.#advance(version, prepared.id.hash);
    this.#maybeSnapshot();
    return prepared.id;
  }

  prove(storeName: string, key: Key, version: bigint): ProofOp[] {
    const tree = this.#trees.get(storeName);
    if (tree === undefined) throw new StoreError('unknown-store', `no committed store named ${storeName}`);
    const number = Number(version);
    if (number < this.#earliest || number > this.#latest || number < 1) {
      throw new StoreError(
        'unknown-version',
        `version ${number} is not retained: ${this.#earliest} to ${this.#latest} are`,
      );
    }
    const roots = this.#rootsOf((each) => each.root(number)!);
    return [
      {
        type: 'ics23:iavl',
        key: keyBytes(key),
        data: CommitmentProof.encode(proveKey(tree, tree.root(number)!, key)).finish(),
      },
      {
        type: 'ics23:simple',
        key: Buffer.from(storeName, 'ascii'),
        data: CommitmentProof.encode(proveStore(roots, storeName)).finish(),
      },
    ];
  }

  /** Holds a retained version for a reader that may take longer than the window. @throws StoreError unknown-version */
  pin(version: bigint): PinnedVersion {
    const number = Number(version);
    if (number < 1 || number < this.#earliest || number > this.#latest) {
      throw new StoreError(
        'unknown-version',
        `version ${number} is not retained: ${this.#earliest} to ${this.#latest} are`,
      );
    }
    const stores = this.#names.map((name): StoreVersion => {
      const tree = this.#trees.get(name)!;
      const root = tree.root(number)!;
      return { name, tree, root, hash: tree.rootHash(root) };
    });
    this.#pins.set(number, (this.#pins.get(number) ?? 0) + 1);
    let held = true;
    return {
      version: number,
      stores,
      release: () => {
        if (!held) return;
        held = false;
        const left = this.#pins.get(number)! - 1;
        if (left === 0) this.#pins.delete(number);
        else this.#pins.set(number, left);
      },
    };
  }

  /**
   * Makes restored trees the first version of an empty store. Nothing counts
   * on disk before the last write: a process killed earlier starts empty again.
   * @throws StoreError wrong-order when the store has versions, corrupt when the trees have another root, write-failed
   */
  async adopt(version: bigint, restored: ReadonlyMap<string, Tree>, expected: Uint8Array): Promise<CommitId> {
    const number = Number(version);
    if (this.#latest !== 0) {
      throw new StoreError('wrong-order', `cannot restore version ${number}: the store is at version ${this.#latest}`);
    }
    const stores = this.#names.map((name): StoreVersion => {
      const tree = restored.get(name);
      if (tree === undefined) throw new StoreError('unknown-store', `version ${number} lacks the store ${name}`);
      const root = tree.root()!;
      return { name, tree, root, hash: tree.rootHash(root) };
    });
    const hash = multistoreRoot(stores);
    if (!Buffer.from(hash).equals(expected)) {
      throw new StoreError(
        'corrupt',
        `version ${number} restores to ${Buffer.from(hash).toString('hex')}, expected ${Buffer.from(expected).toString('hex')}`,
      );
    }
    if (this.#disk !== undefined) {
      try {
        await writeBase(this.#disk, number, stores, [
          { type: 'put', key: Disk.infoKey(number), value: encodeInfo(number, stores) },
          { type: 'put', key: Disk.latestKey, value: versionBytes(number) },
        ]);
      } catch (cause) {
        throw writeFailed(`version ${number}`, cause);
      }
      this.#complete = [number];
    }
    for (const { name, tree } of stores) this.#trees.set(name, tree);
    this.#prepared = undefined;
    this.#latest = this.#earliest = number;
    this.#reader = undefined;
    this.#hash = hash;
    return this.lastCommit();
  }

  /** Nodes in all trees: for memory accounting and tests. */
  nodeCount(): number {
    let count = 0;
    for (const tree of this.#trees.values()) count += tree.nodeCount();
    return count;
  }

  /** Waits for a running snapshot and closes the database. */
  async close(): Promise<void> {
    await this.#snapshot;
    await this.#disk?.close();
    this.#disk = undefined;
  }

  /** Reads what is on disk. Called once, by `openStore`. */
  async load(disk: Disk): Promise<void> {
    try {
      await this.#load(disk);
      this.#disk = disk;
    } catch (error) {
      await disk.close();
      throw error;
    }
  }

  async #load(disk: Disk): Promise<void> {
    const latest = await disk.latest();
    await disk.dropUnfinishedSnapshots();
    if (latest === 0) return;
    this.#complete = (await disk.snapshots()).filter((version) => version <= latest);
    const logged = await firstLogged(disk);
    // The newest base that leaves the whole window to be replayed, else the log from its start, else the oldest base.
    const oldest = this.#complete[0];
    const whole = oldest === undefined || (logged !== undefined && logged <= oldest);
    const base = this.#complete.findLast((version) => version <= latest - this.#keep + 1) ?? (whole ? 0 : oldest);
    if (base > 0) await this.#readSnapshot(disk, base);
    let next = base === 0 ? logged : base + 1;
    if (next === undefined) throw new StoreError('corrupt', `log of version ${latest} is missing`);
    for (; next <= latest; next++) {
      const record = await disk.db.get(Disk.logKey(next));
      if (record === undefined) throw new StoreError('corrupt', `log of version ${next} is missing`);
      for (const tree of this.#trees.values()) tree.begin(next);
      for (const { name, changes } of decodeChanges(record, `log of version ${next}`)) {
        const tree = this.#trees.get(name);
        if (tree === undefined)
          throw new StoreError('unknown-store', `the disk holds store ${name}, which this program does not mount`);
        for (const { key, value } of changes) {
          if (value === undefined) tree.delete(key);
          else tree.set(key, value);
        }
      }
      const hash = this.#appHash(this.#rootsOf((tree) => tree.workingRoot()));
      await this.#check(disk, next, hash);
      this.#advance(next, hash);
    }
  }

  async #readSnapshot(disk: Disk, version: number): Promise<void> {
    const what = `snapshot of version ${version}`;
    let reader: TreeReader | undefined;
    const finish = (): void => {
      if (reader !== undefined) reader.tree.restoreRoot(reader.finish(), version);
    };
    for (const tree of this.#trees.values()) tree.restoreRoot(0, version);
    for await (const chunk of disk.db.values({
      gte: Disk.chunkKey(version, 0),
      lte: Disk.chunkKey(version, 0xffffffff),
    })) {
      const buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      const name = buffer.toString('ascii', 1, 1 + buffer[0]!);
      const tree = this.#trees.get(name);
      if (tree === undefined)
        throw new StoreError('unknown-store', `${what} holds store ${name}, which this program does not mount`);
      if (reader?.tree !== tree) {
        finish();
        reader = new TreeReader(tree, `${what}, store ${name}`);
      }
      reader.read(buffer.subarray(1 + buffer[0]!));
    }
    finish();
    const hash = this.#appHash(this.#rootsOf((tree) => tree.root()!));
    await this.#check(disk, version, hash);
    this.#latest = this.#earliest = version;
    this.#reader = undefined;
    this.#hash = hash;
  }

  async #check(disk: Disk, version: number, hash: Uint8Array): Promise<void> {
    const info = await disk.db.get(Disk.infoKey(version));
    if (info === undefined) throw new StoreError('corrupt', `commit info of version ${version} is missing`);
    const stored = this.#appHash(decodeInfo(info));
    if (!Buffer.from(stored).equals(hash)) {
      throw new StoreError(
        'corrupt',
        `version ${version} rebuilds to ${Buffer.from(hash).toString('hex')}, but ${Buffer.from(stored).toString('hex')} was committed`,
      );
    }
  }

  /** Makes the working version of all trees the newest, and forgets versions beyond the window. */
  #advance(version: number, hash: Uint8Array): void {
    for (const tree of this.#trees.values()) tree.save();
    if (this.#latest === 0) this.#earliest = version;
    this.#latest = version;
    this.#reader = undefined;
    this.#hash = hash;
    const oldest = Math.min(version - this.#keep + 1, ...this.#pins.keys());
    for (let left = pruneAtOnce; left > 0 && this.#earliest < oldest; left--, this.#earliest++)
      for (const tree of this.#trees.values()) tree.prune(this.#earliest);
  }

  /** Starts a snapshot when one is due; it reads an immutable root while blocks go on. */
  #maybeSnapshot(): void {
    const disk = this.#disk;
    if (disk === undefined || this.#snapshot !== undefined) return;
    const due = this.#latest % this.#interval === 0;
    const base = this.#complete.findLast((version) => version <= this.#latest - this.#keep + 1);
    const prune = base !== undefined && base > this.#complete[0]! && this.#latest % this.#pruneInterval === 0;
    if (!due && !prune) return;
    this.#snapshot = this.#background(disk, due ? this.#latest : undefined, prune ? base : undefined).finally(() => {
      this.#snapshot = undefined;
    });
    // A failed snapshot loses nothing: the log is complete. The next interval tries again.
    this.#snapshot.catch(() => {});
  }

  async #background(disk: Disk, version: number | undefined, base: number | undefined): Promise<void> {
    if (version !== undefined) {
      const pinned = this.pin(BigInt(version));
      try {
        await writeBase(disk, version, pinned.stores, []);
      } finally {
        pinned.release();
      }
      this.#complete.push(version);
    }
    if (base !== undefined) {
      await disk.pruneBefore(base);
      this.#complete = this.#complete.filter((each) => each >= base);
    }
  }

  #rootsOf(root: (tree: Tree) => NodeId): StoreRoot[] {
    return this.#names.map((name) => {
      const tree = this.#trees.get(name)!;
      return { name, hash: tree.rootHash(root(tree)) };
    });
  }

  #appHash(roots: readonly StoreRoot[]): Uint8Array {
    return multistoreRoot(roots);
  }
}

/** Writes a snapshot of a version in slices; its marker and `last` go in one batch at the end. */
async function writeBase(
  disk: Disk,
  version: number,
  stores: readonly StoreVersion[],
  last: readonly { readonly type: 'put'; readonly key: Buffer; readonly value: Uint8Array }[],
): Promise<void> {
  // Where the disk is waited for at all, the marker must not reach it before the chunks.
  const { sync } = disk;
  let chunk = 0;
  for (const { name, tree, root } of stores) {
    const head = Buffer.concat([Buffer.of(name.length), Buffer.from(name, 'ascii')]);
    for (const body of treeChunks(tree, root, chunkBytes)) {
      await disk.db.put(Disk.chunkKey(version, chunk++), Buffer.concat([head, body]), { sync });
    }
  }
  await disk.db.batch([{ type: 'put', key: Disk.markerKey(version), value: Buffer.of(1) }, ...last], { sync: true });
}

async function firstLogged(disk: Disk): Promise<number | undefined> {
  const [key] = await disk.db.keys({ gte: Disk.logKey(0), lt: Buffer.from('m'), limit: 1 }).all();
  return key === undefined ? undefined : Number(key.readBigUInt64BE(1));
}

function encodeInfo(version: number, roots: readonly StoreRoot[]): Uint8Array {
  return CommitInfo.encode(
    CommitInfo.fromPartial({
      version: BigInt(version),
      storeInfos: roots.map(({ name, hash }) => ({ name, commitId: { version: BigInt(version), hash } })),
    }),
  ).finish();
}

function decodeInfo(bytes: Uint8Array): StoreRoot[] {
  return CommitInfo.decode(bytes).storeInfos.map(({ name, commitId }) => ({ name, hash: commitId.hash }));
}
