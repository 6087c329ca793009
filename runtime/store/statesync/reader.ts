import { StoreError } from '../errors.js';
import { Tree, type NodeId } from '../iavl/tree.js';
import type { Key } from '../types.js';
import { maxRecordBytes, recordTag, type SnapshotMetadata } from './format.js';

/** A subtree that waits for its parent. */
interface Subtree {
  readonly node: NodeId;
  /** Smallest key in it. */
  readonly first: Key;
}

/** A record goes on beyond the bytes at hand. */
const cutShort = -1;

/**
 * Rebuilds the trees of a snapshot from its stream, in pieces of any length.
 * The sender is not trusted: shape, order, balance and versions are checked
 * as nodes arrive, each node is hashed as soon as it is complete, and a store
 * whose root is not the metadata's is refused when it ends. Holds no bytes of
 * the stream but an unfinished record.
 */
export class SnapshotReader {
  /** Finished trees by store name. */
  readonly trees = new Map<string, Tree>();
  readonly #metadata: SnapshotMetadata;
  readonly #height: number;
  #tree: Tree | undefined;
  #name = '';
  #lastKey: Key | undefined;
  #stack: Subtree[] = [];
  #rest: Buffer = Buffer.alloc(0);
  #ended = false;
  #at = 0;

  constructor(metadata: SnapshotMetadata) {
    this.#metadata = metadata;
    this.#height = Number(metadata.height);
  }

  /** Takes the next bytes. @throws StoreError invalid-snapshot */
  push(bytes: Uint8Array): void {
    const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const buffer = this.#rest.length === 0 ? input : Buffer.concat([this.#rest, input]);
    let at = 0;
    while (at < buffer.length) {
      const next = this.#record(buffer, at);
      if (next === cutShort) break;
      at = next;
    }
    if (buffer.length - at > maxRecordBytes) this.#refuse(`a record is longer than ${maxRecordBytes} bytes`);
    // A copy: the caller's buffer is not kept alive.
    this.#rest = Buffer.from(buffer.subarray(at));
    for (const { node } of this.#stack) this.#tree!.hashOf(node);
  }

  /** After the last bytes. @throws StoreError invalid-snapshot when something is missing */
  finish(): ReadonlyMap<string, Tree> {
    if (!this.#ended) this.#refuse('the stream ends early');
    return this.trees;
  }

  /** Reads the record at `start`; returns where the next one begins, or `cutShort`. */
  #record(buffer: Buffer, start: number): number {
    if (this.#ended) this.#refuse('bytes follow the end');
    this.#at = start + 1;
    switch (buffer[start]) {
      case recordTag.leaf: {
        const version = this.#number(buffer);
        const keyLength = this.#length(buffer);
        const keyAt = this.#at;
        this.#at += keyLength;
        const valueLength = this.#length(buffer);
        const valueAt = this.#at;
        const end = valueAt + valueLength;
        if (end > buffer.length) return cutShort;
        this.#leaf(version, buffer.toString('latin1', keyAt, keyAt + keyLength), buffer, valueAt, end);
        return end;
      }
      case recordTag.inner: {
        const version = this.#number(buffer);
        if (this.#at > buffer.length) return cutShort;
        this.#inner(version);
        return this.#at;
      }
      case recordTag.store: {
        const length = this.#length(buffer);
        const end = this.#at + length;
        if (end > buffer.length) return cutShort;
        this.#closeStore();
        this.#openStore(buffer.toString('latin1', this.#at, end));
        return end;
      }
      case recordTag.end:
        this.#closeStore();
        if (this.trees.size !== this.#metadata.stores.length) this.#refuse('stores are missing');
        this.#ended = true;
        return start + 1;
      default:
        return this.#refuse(`unknown record tag ${buffer[start]}`);
    }
  }

  /** Reads a varint at `#at`; behind the end of the buffer it is 0, and `#at` stays behind the end. */
  #number(buffer: Buffer): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = buffer[this.#at++];
      if (byte === undefined) {
        this.#at = buffer.length + 1;
        return 0;
      }
      value = (value | ((byte & 0x7f) << shift)) >>> 0;
      if (byte < 0x80) return value;
    }
    return this.#refuse('a number is longer than 5 bytes');
  }

  #length(buffer: Buffer): number {
    const length = this.#number(buffer);
    if (length > maxRecordBytes) this.#refuse(`a field of ${length} bytes: at most ${maxRecordBytes} are accepted`);
    return length;
  }

  #openStore(name: string): void {
    const expected = this.#metadata.stores[this.trees.size]?.name;
    if (name !== expected) this.#refuse(`store ${name} where ${expected ?? 'the end'} was expected`);
    this.#tree = new Tree();
    this.#name = name;
    this.#lastKey = undefined;
  }

  #closeStore(): void {
    const tree = this.#tree;
    if (tree === undefined) return;
    if (this.#stack.length > 1) this.#refuse('a store ends before its root');
    const root = this.#stack[0]?.node ?? 0;
    const { name, hash } = this.#metadata.stores[this.trees.size]!;
    const found = tree.rootHash(root);
    if (!Buffer.from(found).equals(hash)) {
      this.#refuse(`root is ${Buffer.from(found).toString('hex')}, expected ${Buffer.from(hash).toString('hex')}`);
    }
    tree.restoreRoot(root, this.#height);
    this.trees.set(name, tree);
    this.#tree = undefined;
    this.#stack = [];
  }

  /** `from` to `to`: the value's place in the buffer. */
  #leaf(version: number, key: Key, buffer: Buffer, from: number, to: number): void {
    const tree = this.#tree ?? this.#refuse('a node before its store');
    this.#checkVersion(version);
    if (key.length === 0 || from === to) this.#refuse('an empty key or value');
    if (this.#lastKey !== undefined && key <= this.#lastKey) this.#refuse('keys are out of order');
    this.#lastKey = key;
    // A copy: the chunk's memory is not kept alive by one small value.
    const node = tree.restoreLeaf(key, Uint8Array.prototype.slice.call(buffer, from, to), version);
    this.#stack.push({ node, first: key });
  }

  #inner(version: number): void {
    const tree = this.#tree ?? this.#refuse('a node before its store');
    this.#checkVersion(version);
    const right = this.#stack.pop() ?? this.#refuse('an inner node without children');
    const left = this.#stack.pop() ?? this.#refuse('an inner node with one child');
    const tilt = tree.heightOf(left.node) - tree.heightOf(right.node);
    if (tilt < -1 || tilt > 1) this.#refuse('a tree out of balance');
    if (version < tree.versionOf(left.node) || version < tree.versionOf(right.node)) {
      this.#refuse('a node older than its child');
    }
    const node = tree.restoreInner(right.first, left.node, right.node, version);
    this.#stack.push({ node, first: left.first });
  }

  #checkVersion(version: number): void {
    if (version < 1 || version > this.#height) this.#refuse(`a node of version ${version}`);
  }

  #refuse(why: string): never {
    const where = this.#name === '' ? '' : `, store ${this.#name}`;
    throw new StoreError('invalid-snapshot', `snapshot of height ${this.#metadata.height}${where}: ${why}`);
  }
}
