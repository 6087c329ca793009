export { parseProof, parseRoot, proofJson, rootJson, type HiddenProof, type HiddenRoot } from './documents.js';
export { accountBytes } from './node.js';
export { HiddenTree, type HiddenInclusion, type HiddenLeaf } from './tree.js';
export { verifyHiddenInclusion, verifyHiddenRoot } from './verify.js';
