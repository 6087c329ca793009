import { CommitmentProof, ExistenceProof, HashOp, InnerOp, LengthOp } from 'cosmjs-types/cosmos/ics23/v1/proofs';
import { keyBytes } from '../key.js';
import type { Key } from '../types.js';
import { putVarint } from './encoding.js';
import type { NodeId, Tree } from './tree.js';

/** Proofs that standard ICS-23 verifiers accept with the IAVL specification. */

function header(tree: Tree, node: NodeId): Buffer {
  const to = Buffer.alloc(24);
  let at = putVarint(to, 0, tree.heightOf(node));
  at = putVarint(to, at, tree.sizeOf(node));
  at = putVarint(to, at, tree.versionOf(node));
  return to.subarray(0, at);
}

/** Proof that a leaf, present under `root`, is there. */
function existence(tree: Tree, root: NodeId, key: Key): ExistenceProof {
  const path: InnerOp[] = [];
  let node = root;
  while (!tree.isLeaf(node)) {
    const goLeft = key < tree.keyOf(node);
    const prefix = header(tree, node);
    const length = Buffer.of(32);
    path.push(
      InnerOp.fromPartial(
        goLeft
          ? {
              hash: HashOp.SHA256,
              prefix: Buffer.concat([prefix, length]),
              suffix: Buffer.concat([length, tree.hashOf(tree.rightOf(node))]),
            }
          : {
              hash: HashOp.SHA256,
              prefix: Buffer.concat([prefix, length, tree.hashOf(tree.leftOf(node)), length]),
              suffix: new Uint8Array(0),
            },
      ),
    );
    node = goLeft ? tree.leftOf(node) : tree.rightOf(node);
  }
  return ExistenceProof.fromPartial({
    key: keyBytes(tree.keyOf(node)),
    value: tree.valueOf(node),
    leaf: {
      hash: HashOp.SHA256,
      prehashKey: HashOp.NO_HASH,
      prehashValue: HashOp.SHA256,
      length: LengthOp.VAR_PROTO,
      prefix: header(tree, node),
    },
    path: path.reverse(),
  });
}

function first<T>(items: Iterable<T>): T | undefined {
  for (const item of items) return item;
  return undefined;
}

/** Proves that `key` is under `root` with its value, or that it is not there. The tree must be hashed. O(log n). */
export function proveKey(tree: Tree, root: NodeId, key: Key): CommitmentProof {
  if (tree.find(root, key) !== 0) return CommitmentProof.fromPartial({ exist: existence(tree, root, key) });
  const left = first(tree.leaves(root, '', key, true));
  const right = first(tree.leaves(root, key, undefined, false));
  return CommitmentProof.fromPartial({
    nonexist: {
      key: keyBytes(key),
      left: left === undefined ? undefined : existence(tree, root, tree.keyOf(left)),
      right: right === undefined ? undefined : existence(tree, root, tree.keyOf(right)),
    },
  });
}
