import { FatalError } from '../../baseapp/errors.js';
import type { Key } from '../types.js';
import { Value } from '../value.js';
import { putUvarint, putVarint, sha256 } from './encoding.js';

/** Index of a node in the tree's columns; 0 is "no node". */
export type NodeId = number;

const none: NodeId = 0;
/** SHA-256 of nothing: the root of an empty tree. */
export const emptyRoot: Uint8Array = sha256(new Uint8Array(0));

/**
 * A Merkle AVL tree with the hashes of IAVL v1, in memory, persistent:
 * nodes of saved versions never change, so every retained root stays
 * readable and provable. Nodes live in columns of typed arrays rather than
 * objects: a million keys take a third of the memory and no collector pause.
 *
 * Nodes made in the working version are changed in place; nodes replaced in
 * version v are freed when version v - 1 leaves the retained window.
 */
export class Tree {
  #height = new Uint8Array(1024);
  #size = new Uint32Array(1024);
  #version = new Uint32Array(1024);
  #left = new Uint32Array(1024);
  #right = new Uint32Array(1024);
  #hashed = new Uint8Array(1024);
  #hash = Buffer.alloc(1024 * 32);
  readonly #keys: (Key | undefined)[] = [undefined];
  /** Values of leaves. */
  readonly #values: (Value | undefined)[] = [undefined];
  readonly #free: NodeId[] = [];
  #used = 1;

  /** Roots of retained versions. */
  readonly #roots = new Map<number, NodeId>();
  /** Nodes of earlier versions that a version replaced. */
  readonly #orphans = new Map<number, NodeId[]>();
  #root: NodeId = none;
  #saved: NodeId = none;
  #working = 0;
  #created: NodeId[] = [];
  #replaced: NodeId[] = [];
  #scratch = Buffer.alloc(4096);

  /** Root of a retained version, or of the newest saved one. */
  root(version?: number): NodeId | undefined {
    return version === undefined ? this.#saved : this.#roots.get(version);
  }

  /** The root being built: after `begin`, before `save`. */
  workingRoot(): NodeId {
    return this.#root;
  }

  /** Number of keys under a root. */
  count(root: NodeId): number {
    return root === none ? 0 : this.#size[root]!;
  }

  /** Nodes in use, for memory accounting. */
  nodeCount(): number {
    return this.#used - 1 - this.#free.length;
  }

  // ---- reading ----------------------------------------------------------

  /** The leaf of a key under a root, or 0. O(log n). */
  find(root: NodeId, key: Key): NodeId {
    let node = root;
    if (node === none) return none;
    while (this.#height[node] !== 0) node = key < this.#keys[node]! ? this.#left[node]! : this.#right[node]!;
    return this.#keys[node] === key ? node : none;
  }

  isLeaf(node: NodeId): boolean {
    return this.#height[node] === 0;
  }
  leftOf(node: NodeId): NodeId {
    return this.#left[node]!;
  }
  rightOf(node: NodeId): NodeId {
    return this.#right[node]!;
  }
  heightOf(node: NodeId): number {
    return this.#height[node]!;
  }
  sizeOf(node: NodeId): number {
    return this.#size[node]!;
  }
  versionOf(node: NodeId): number {
    return this.#version[node]!;
  }
  keyOf(node: NodeId): Key {
    return this.#keys[node]!;
  }
  valueOf(leaf: NodeId): Uint8Array {
    return this.#values[leaf]!.bytes;
  }
  /** A leaf's value with what it decodes to, shared by all that read it. */
  entryOf(leaf: NodeId): Value {
    return this.#values[leaf]!;
  }

  /** Leaves with start <= key < end in key order, or in reverse. */
  *leaves(root: NodeId, start: Key, end: Key | undefined, reverse: boolean): IterableIterator<NodeId> {
    if (root === none) return;
    const stack: NodeId[] = [root];
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      const key = this.#keys[node]!;
      if (this.#height[node] === 0) {
        if (key >= start && (end === undefined || key < end)) yield node;
        continue;
      }
      // Keys below an inner node's key are left of it, the others right.
      const goLeft = start < key;
      const goRight = end === undefined || key < end;
      if (reverse) {
        if (goLeft) stack.push(this.#left[node]!);
        if (goRight) stack.push(this.#right[node]!);
      } else {
        if (goRight) stack.push(this.#right[node]!);
        if (goLeft) stack.push(this.#left[node]!);
      }
    }
  }

  /** Leaves with start <= key < end in key order when there are at most `limit`; undefined when there are more. */
  fewLeaves(root: NodeId, start: Key, end: Key | undefined, limit: number): NodeId[] | undefined {
    const found: NodeId[] = [];
    return root === none || this.#collect(root, start, end, limit, found) ? found : undefined;
  }

  #collect(node: NodeId, start: Key, end: Key | undefined, limit: number, found: NodeId[]): boolean {
    const key = this.#keys[node]!;
    if (this.#height[node] === 0) {
      if (key < start || (end !== undefined && key >= end)) return true;
      return found.push(node) <= limit;
    }
    return (
      (start >= key || this.#collect(this.#left[node]!, start, end, limit, found)) &&
      ((end !== undefined && key >= end) || this.#collect(this.#right[node]!, start, end, limit, found))
    );
  }

  // ---- writing ----------------------------------------------------------

  /** Starts building a version from the newest saved one, dropping an unfinished build. */
  begin(version: number): void {
    for (const node of this.#created) if (this.#keys[node] !== undefined) this.#release(node);
    this.#created = [];
    this.#replaced = [];
    this.#root = this.#saved;
    this.#working = version;
  }

  /** Sets a key. The bytes must not be changed afterwards. */
  set(key: Key, bytes: Uint8Array): void {
    this.put(key, new Value(bytes));
  }

  /** Sets a key to a value that is kept as it is. */
  put(key: Key, value: Value): void {
    this.#root = this.#root === none ? this.#leaf(key, value) : this.#insert(this.#root, key, value);
  }

  /** Deletes a key; deleting an absent key leaves no trace. */
  delete(key: Key): void {
    if (this.find(this.#root, key) === none) return;
    this.#root = this.#remove(this.#root, key).node;
  }

  /** Keeps the version that was built. */
  save(): void {
    this.#saved = this.#root;
    this.#roots.set(this.#working, this.#root);
    this.#orphans.set(this.#working, this.#replaced);
    this.#created = [];
    this.#replaced = [];
  }

  /** Forgets a version, the oldest retained one; frees what only it used. */
  prune(version: number): void {
    this.#roots.delete(version);
    const orphans = this.#orphans.get(version + 1);
    if (orphans !== undefined) for (const node of orphans) this.#release(node);
    this.#orphans.set(version + 1, []);
    this.#orphans.delete(version);
  }

  /** Puts a subtree's node in place while a snapshot is read; children come before parents. */
  restoreLeaf(key: Key, value: Uint8Array, version: number): NodeId {
    const node = this.#allocate(key, version);
    this.#height[node] = 0;
    this.#size[node] = 1;
    this.#values[node] = new Value(value);
    return node;
  }

  restoreInner(key: Key, left: NodeId, right: NodeId, version: number): NodeId {
    const node = this.#allocate(key, version);
    this.#left[node] = left;
    this.#right[node] = right;
    this.#measure(node);
    return node;
  }

  /** Makes a restored root the newest saved version. */
  restoreRoot(root: NodeId, version: number): void {
    this.#root = this.#saved = root;
    this.#roots.set(version, root);
    this.#orphans.set(version, []);
    this.#created = [];
    this.#replaced = [];
  }

  // ---- hashing ----------------------------------------------------------

  /** Root hash; hashes what is new since the last call, bottom-up. */
  rootHash(root: NodeId): Uint8Array {
    return root === none ? emptyRoot : Buffer.from(this.hashOf(root));
  }

  /** A node's hash: a view, valid until the next write. */
  hashOf(node: NodeId): Uint8Array {
    if (this.#hashed[node] === 0) {
      // Depth is at most 1.44 log2(size): recursion is shallow.
      const inner = this.#height[node] !== 0;
      if (inner) {
        this.hashOf(this.#left[node]!);
        this.hashOf(this.#right[node]!);
      }
      const digest = inner ? this.#innerDigest(node) : this.#leafDigest(node);
      digest.copy(this.#hash, node * 32);
      this.#hashed[node] = 1;
    }
    return this.#hash.subarray(node * 32, node * 32 + 32);
  }

  #leafDigest(node: NodeId): Buffer {
    const key = this.#keys[node]!;
    if (this.#scratch.length < key.length + 64) this.#scratch = Buffer.alloc(key.length + 64);
    const to = this.#scratch;
    let at = putVarint(to, 0, 0);
    at = putVarint(to, at, 1);
    at = putVarint(to, at, this.#version[node]!);
    at = putUvarint(to, at, key.length);
    at += to.write(key, at, 'latin1');
    to[at++] = 32;
    at += sha256(this.#values[node]!.bytes).copy(to, at);
    return sha256(to.subarray(0, at));
  }

  #innerDigest(node: NodeId): Buffer {
    const to = this.#scratch;
    const left = this.#left[node]!;
    const right = this.#right[node]!;
    let at = putVarint(to, 0, this.#height[node]!);
    at = putVarint(to, at, this.#size[node]!);
    at = putVarint(to, at, this.#version[node]!);
    to[at++] = 32;
    at += this.#hash.copy(to, at, left * 32, left * 32 + 32);
    to[at++] = 32;
    at += this.#hash.copy(to, at, right * 32, right * 32 + 32);
    return sha256(to.subarray(0, at));
  }

  // ---- the AVL rules of IAVL -------------------------------------------

  #insert(node: NodeId, key: Key, value: Value): NodeId {
    const nodeKey = this.#keys[node]!;
    if (this.#height[node] === 0) {
      if (key === nodeKey) {
        this.#drop(node);
        return this.#leaf(key, value);
      }
      const fresh = this.#leaf(key, value);
      return key < nodeKey ? this.#inner(nodeKey, fresh, node) : this.#inner(key, node, fresh);
    }
    const own = this.#own(node);
    const before = this.#size[own]!;
    // The columns may be replaced while recursing: read them again before writing.
    if (key < nodeKey) {
      const child = this.#insert(this.#left[own]!, key, value);
      this.#left[own] = child;
    } else {
      const child = this.#insert(this.#right[own]!, key, value);
      this.#right[own] = child;
    }
    // Replacing a value changes no shape; only growth can unbalance.
    if (this.#size[this.#left[own]!]! + this.#size[this.#right[own]!]! === before) return own;
    this.#measure(own);
    return this.#balance(own);
  }

  /** Removes a key known to be present. `key` of the result replaces the nearest ancestor's key reached through its right side. */
  #remove(node: NodeId, key: Key): { node: NodeId; key: Key | undefined } {
    if (this.#height[node] === 0) {
      this.#drop(node);
      return { node: none, key: undefined };
    }
    if (key < this.#keys[node]!) {
      const below = this.#remove(this.#left[node]!, key);
      if (below.node === none) {
        const result = { node: this.#right[node]!, key: this.#keys[node]! };
        this.#drop(node);
        return result;
      }
      const own = this.#own(node);
      this.#left[own] = below.node;
      this.#measure(own);
      return { node: this.#balance(own), key: below.key };
    }
    const below = this.#remove(this.#right[node]!, key);
    if (below.node === none) {
      const result = { node: this.#left[node]!, key: undefined };
      this.#drop(node);
      return result;
    }
    const own = this.#own(node);
    this.#right[own] = below.node;
    if (below.key !== undefined) this.#keys[own] = below.key;
    this.#measure(own);
    return { node: this.#balance(own), key: undefined };
  }

  #balance(node: NodeId): NodeId {
    const difference = this.#tilt(node);
    if (difference > 1) {
      if (this.#tilt(this.#left[node]!) < 0) {
        const child = this.#rotateLeft(this.#own(this.#left[node]!));
        this.#left[node] = child;
      }
      return this.#rotateRight(node);
    }
    if (difference < -1) {
      if (this.#tilt(this.#right[node]!) > 0) {
        const child = this.#rotateRight(this.#own(this.#right[node]!));
        this.#right[node] = child;
      }
      return this.#rotateLeft(node);
    }
    return node;
  }

  #tilt(node: NodeId): number {
    return this.#height[this.#left[node]!]! - this.#height[this.#right[node]!]!;
  }

  #rotateRight(node: NodeId): NodeId {
    const top = this.#own(this.#left[node]!);
    this.#left[node] = this.#right[top]!;
    this.#right[top] = node;
    this.#measure(node);
    this.#measure(top);
    return top;
  }

  #rotateLeft(node: NodeId): NodeId {
    const top = this.#own(this.#right[node]!);
    this.#right[node] = this.#left[top]!;
    this.#left[top] = node;
    this.#measure(node);
    this.#measure(top);
    return top;
  }

  #measure(node: NodeId): void {
    const left = this.#left[node]!;
    const right = this.#right[node]!;
    this.#height[node] = Math.max(this.#height[left]!, this.#height[right]!) + 1;
    this.#size[node] = this.#size[left]! + this.#size[right]!;
  }

  // ---- nodes ------------------------------------------------------------

  /** The node itself when the working version made it, otherwise a copy that belongs to it. */
  #own(node: NodeId): NodeId {
    if (this.#version[node] === this.#working) {
      this.#hashed[node] = 0;
      return node;
    }
    const copy = this.#allocate(this.#keys[node]!, this.#working);
    this.#height[copy] = this.#height[node]!;
    this.#size[copy] = this.#size[node]!;
    this.#left[copy] = this.#left[node]!;
    this.#right[copy] = this.#right[node]!;
    this.#created.push(copy);
    this.#replaced.push(node);
    return copy;
  }

  #leaf(key: Key, value: Value): NodeId {
    const node = this.#allocate(key, this.#working);
    this.#height[node] = 0;
    this.#size[node] = 1;
    this.#values[node] = value;
    this.#created.push(node);
    return node;
  }

  #inner(key: Key, left: NodeId, right: NodeId): NodeId {
    const node = this.#allocate(key, this.#working);
    this.#left[node] = left;
    this.#right[node] = right;
    this.#measure(node);
    this.#created.push(node);
    return node;
  }

  /** A node leaves the working version: freed at once when the version made it, kept for older roots otherwise. */
  #drop(node: NodeId): void {
    if (this.#version[node] === this.#working) this.#release(node);
    else this.#replaced.push(node);
  }

  #release(node: NodeId): void {
    if (this.#keys[node] === undefined) throw new FatalError(`tree node ${node} freed twice`);
    this.#keys[node] = undefined;
    this.#values[node] = undefined;
    this.#free.push(node);
  }

  #allocate(key: Key, version: number): NodeId {
    let node = this.#free.pop();
    if (node === undefined) {
      node = this.#used++;
      if (node >= this.#height.length) this.#grow();
      this.#values.push(undefined);
      this.#keys.push(key);
    } else {
      this.#keys[node] = key;
    }
    this.#version[node] = version;
    this.#left[node] = none;
    this.#right[node] = none;
    this.#hashed[node] = 0;
    return node;
  }

  #grow(): void {
    const capacity = this.#height.length * 2;
    const widen = <A extends Uint8Array | Uint32Array>(to: A, from: A): A => {
      to.set(from);
      return to;
    };
    this.#height = widen(new Uint8Array(capacity), this.#height);
    this.#size = widen(new Uint32Array(capacity), this.#size);
    this.#version = widen(new Uint32Array(capacity), this.#version);
    this.#left = widen(new Uint32Array(capacity), this.#left);
    this.#right = widen(new Uint32Array(capacity), this.#right);
    this.#hashed = widen(new Uint8Array(capacity), this.#hashed);
    this.#hash = widen(Buffer.alloc(capacity * 32), this.#hash);
  }
}
