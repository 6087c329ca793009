import type { Verdict } from '../verify.js';
import { accountOf, type HiddenProof, type HiddenRoot } from './documents.js';
import { commit, identity } from './group.js';
import { leafOf, parentOf, rangeCount, rangeLabel, type HiddenNode } from './node.js';
import { verifyRange } from './range-proof.js';

const fail = (reason: string): Verdict => ({ ok: false, reason });
const same = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);

/** Does the root open to the totals it states, and in each market to as many longs as shorts? risk-model section 18.2. */
export function verifyHiddenRoot({ denoms, markets, root, totals, blindings }: HiddenRoot): Verdict {
  const count = denoms.length + markets.length;
  if (totals.length !== denoms.length) return fail('the root has not one total for each denomination');
  if (root.points.length !== count || blindings.length !== count)
    return fail('the root has not one commitment and one blinding for each denomination and market');
  for (const [index, blinding] of blindings.entries()) {
    if (commit(totals[index] ?? 0n, blinding).equals(root.points[index]!)) continue;
    return index < denoms.length
      ? fail(`the root does not open to ${totals[index]}${denoms[index]}`)
      : fail(`longs and shorts of market ${markets[index - denoms.length]} differ`);
  }
  return { ok: true };
}

/**
 * Is the account with these amounts and positions below the root, and is no
 * amount beside its path negative, so that nothing was taken off the total?
 * @param expected what the owner knows to be owed, by denomination; compared when given
 */
export function verifyHiddenInclusion(
  proof: HiddenProof,
  root: HiddenRoot,
  expected?: Readonly<Record<string, bigint>>,
): Verdict {
  try {
    const { denoms, markets, depth } = root;
    if (proof.chain_id !== root.chain_id || proof.height !== root.height || !same(proof.app_hash, root.app_hash))
      return fail('proof and root are of different states');
    if (proof.amounts.length !== denoms.length || proof.sizes.length !== markets.length)
      return fail('the proof has not one amount for each denomination and one size for each market');
    for (const [denom, value] of Object.entries(expected ?? {})) {
      const stated = proof.amounts[denoms.indexOf(denom)] ?? 0n;
      if (stated !== value) return fail(`the proof is about ${stated}${denom}, not ${value}${denom}`);
    }
    const tooLarge = proof.amounts.find((amount) => amount >> 64n !== 0n);
    if (tooLarge !== undefined) return fail(`amount ${tooLarge} is not below 2^64`);
    const values = [...proof.amounts, ...proof.sizes];
    if (proof.blindings.length !== values.length) return fail('the proof has not one blinding for each value');
    if (proof.path.length !== depth || proof.position >= 2 ** depth)
      return fail(`the path has ${proof.path.length} steps to place ${proof.position}: the tree has ${depth} levels`);
    if (proof.path.some(({ points }) => points.length !== values.length))
      return fail('a step of the path has a wrong number of commitments');

    const points = values.map((value, index) => commit(value, proof.blindings[index]!));
    let node: HiddenNode = leafOf(accountOf(proof), proof.salt, points);
    let at = proof.position;
    for (const sibling of proof.path) {
      node = at % 2 === 0 ? parentOf(node, sibling) : parentOf(sibling, node);
      at = Math.floor(at / 2);
    }
    if (!same(node.hash, root.root.hash)) return fail('the path does not lead to the root');
    if (node.points.some((point, index) => !point.equals(root.root.points[index]!)))
      return fail('the commitments of the path do not add up to those of the root');

    const amounts = proof.path.flatMap((sibling) => sibling.points.slice(0, denoms.length));
    while (amounts.length < rangeCount(depth, denoms.length)) amounts.push(identity);
    verifyRange(rangeLabel, amounts, proof.range);
    return { ok: true };
  } catch (error) {
    return fail((error as Error).message);
  }
}
