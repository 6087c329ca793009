import { putUvarint, readUvarint } from './iavl/encoding.js';
import { StoreError } from './errors.js';
import type { NodeId, Tree } from './iavl/tree.js';
import type { Key } from './types.js';

/**
 * A tree as bytes: its nodes in post-order, leaf (0, version, key, value) or
 * inner (1, version). Node versions are part of the Merkle hash, so keys and
 * values alone would not rebuild the root. An inner node's key is the
 * smallest key on its right and is not written.
 */

const leafTag = 0;
const innerTag = 1;

/** Longest record without its key and value: a tag and three varints. */
const headBytes = 16;

/** Cuts a tree into chunks of about `chunkBytes`; each chunk can be written before the next is made. */
export function* treeChunks(tree: Tree, root: NodeId, chunkBytes: number): Iterable<Uint8Array> {
  let chunk = Buffer.allocUnsafe(chunkBytes + headBytes);
  let at = 0;
  /** Negative entries: children are done, write the node itself. */
  const stack: NodeId[] = root === 0 ? [] : [root];
  for (let item = stack.pop(); item !== undefined; item = stack.pop()) {
    const node = Math.abs(item);
    if (tree.isLeaf(node)) {
      const key = tree.keyOf(node);
      const value = tree.valueOf(node);
      const needed = headBytes + key.length + value.length;
      if (at + needed > chunk.length) {
        if (at > 0) yield chunk.subarray(0, at);
        // The reader of the chunk before may still hold it.
        chunk = Buffer.allocUnsafe(Math.max(chunkBytes, needed) + headBytes);
        at = 0;
      }
      chunk[at++] = leafTag;
      at = putUvarint(chunk, at, tree.versionOf(node));
      at = putUvarint(chunk, at, key.length);
      at += chunk.write(key, at, 'latin1');
      at = putUvarint(chunk, at, value.length);
      chunk.set(value, at);
      at += value.length;
    } else if (item > 0) {
      stack.push(-node, tree.rightOf(node), tree.leftOf(node));
    } else {
      if (at + headBytes > chunk.length) {
        yield chunk.subarray(0, at);
        chunk = Buffer.allocUnsafe(chunkBytes + headBytes);
        at = 0;
      }
      chunk[at++] = innerTag;
      at = putUvarint(chunk, at, tree.versionOf(node));
    }
  }
  if (at > 0) yield chunk.subarray(0, at);
}

/** Rebuilds a tree from its chunks in order. */
export class TreeReader {
  readonly #stack: { node: NodeId; first: Key }[] = [];

  constructor(
    readonly tree: Tree,
    readonly what: string,
  ) {}

  /** @throws StoreError corrupt */
  read(chunk: Uint8Array): void {
    const buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let at = 0;
    const number = (): number => {
      const [value, next] = readUvarint(buffer, at);
      at = next;
      return value;
    };
    const take = (): Buffer => {
      const length = number();
      if (at + length > buffer.length) throw new RangeError('field runs past the end');
      at += length;
      return buffer.subarray(at - length, at);
    };
    try {
      while (at < buffer.length) {
        const tag = buffer[at++]!;
        const version = number();
        if (tag === leafTag) {
          const key = take().toString('latin1');
          const value = Uint8Array.prototype.slice.call(take());
          this.#stack.push({ node: this.tree.restoreLeaf(key, value, version), first: key });
        } else if (tag === innerTag) {
          const right = this.#stack.pop();
          const left = this.#stack.pop();
          if (left === undefined || right === undefined) throw new RangeError('inner node without children');
          this.#stack.push({
            node: this.tree.restoreInner(right.first, left.node, right.node, version),
            first: left.first,
          });
        } else {
          throw new RangeError(`unknown node tag ${tag}`);
        }
      }
    } catch (cause) {
      throw new StoreError('corrupt', `${this.what}: ${(cause as Error).message}`, { cause });
    }
  }

  /** The root, after the last chunk. @throws StoreError corrupt when nodes are missing */
  finish(): NodeId {
    if (this.#stack.length > 1) throw new StoreError('corrupt', `${this.what}: ends before the root`);
    return this.#stack[0]?.node ?? 0;
  }
}
