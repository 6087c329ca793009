import { StoreError } from '../errors.js';
import { putUvarint } from '../iavl/encoding.js';
import type { PinnedVersion } from '../multistore.js';
import { maxRecordBytes, recordTag, sliceBytes } from './format.js';

/** Longest record head: a tag and three varints. */
const headBytes = 16;

/**
 * The stream of a version in slices of `sliceBytes`, the last one shorter.
 * Each slice is made when it is asked for: whoever awaits something between
 * two slices lets blocks go on. O(slice) time and memory for each.
 * @throws StoreError invalid-entry for an entry that no reader would accept
 */
export function* snapshotSlices(version: PinnedVersion): Iterable<Uint8Array> {
  const filled: Uint8Array[] = [];
  let slice = Buffer.alloc(sliceBytes);
  let at = 0;
  const append = (bytes: Uint8Array): void => {
    for (let from = 0; from < bytes.length;) {
      const length = Math.min(bytes.length - from, sliceBytes - at);
      slice.set(bytes.subarray(from, from + length), at);
      from += length;
      at += length;
      if (at === sliceBytes) {
        filled.push(slice);
        slice = Buffer.alloc(sliceBytes);
        at = 0;
      }
    }
  };
  const head = Buffer.alloc(headBytes);
  /** A tag and up to two numbers. */
  const number = (tag: number, first?: number, second?: number): void => {
    head[0] = tag;
    let end = 1;
    if (first !== undefined) end = putUvarint(head, end, first);
    if (second !== undefined) end = putUvarint(head, end, second);
    append(head.subarray(0, end));
  };

  for (const { name, tree, root } of version.stores) {
    number(recordTag.store, name.length);
    append(Buffer.from(name, 'ascii'));
    /** Negative entries: children are done, write the node itself. */
    const stack = root === 0 ? [] : [root];
    for (let item = stack.pop(); item !== undefined; item = stack.pop()) {
      const node = Math.abs(item);
      if (!tree.isLeaf(node)) {
        if (item > 0) stack.push(-node, tree.rightOf(node), tree.leftOf(node));
        else number(recordTag.inner, tree.versionOf(node));
      } else {
        const key = tree.keyOf(node);
        const value = tree.valueOf(node);
        if (key.length + value.length + headBytes > maxRecordBytes) {
          throw new StoreError('invalid-entry', `store ${name} has an entry above ${maxRecordBytes} bytes`);
        }
        // Most leaves fit: written in place, without an array for each part.
        if (at + headBytes + key.length + value.length < sliceBytes) {
          slice[at++] = recordTag.leaf;
          at = putUvarint(slice, at, tree.versionOf(node));
          at = putUvarint(slice, at, key.length);
          at += slice.write(key, at, 'latin1');
          at = putUvarint(slice, at, value.length);
          slice.set(value, at);
          at += value.length;
        } else {
          number(recordTag.leaf, tree.versionOf(node), key.length);
          append(Buffer.from(key, 'latin1'));
          append(head.subarray(0, putUvarint(head, 0, value.length)));
          append(value);
        }
      }
      if (filled.length > 0) yield* filled.splice(0);
    }
  }
  number(recordTag.end);
  yield* filled;
  if (at > 0) yield slice.subarray(0, at);
}
