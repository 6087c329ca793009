import { parseProof, parseRoot, verifyHiddenInclusion, verifyHiddenRoot } from '../solvency/hidden/index.js';
import { parseAnswer } from '../solvency/answer.js';
import { verifyBooks, verifyInclusion, type Verdict } from '../solvency/verify.js';

/** What the page shows: one line for each thing that was checked. */
export interface Finding {
  readonly ok: boolean;
  readonly text: string;
}

const finding = (verdict: Verdict, claim: string): Finding =>
  verdict.ok ? { ok: true, text: claim } : { ok: false, text: `${claim}: no, ${verdict.reason}` };

const usdc = (quanta: bigint): string => {
  const whole = (quanta / 1_000_000n).toString().replace(/\B(?=(\d{3})+$)/g, ',');
  return `${whole}.${(quanta % 1_000_000n).toString().padStart(6, '0')} USDC`;
};
const shown = (amount: bigint, denom: string): string => (denom === 'uusdc' ? usdc(amount) : `${amount} ${denom}`);

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/**
 * Checks documents of whichever kind: a node's answer with proof and root, or
 * the root and the proofs of an auditor. Nothing but these is asked.
 * @throws Error for what is no such document
 */
export function check(documents: readonly unknown[]): Finding[] {
  if (documents.length === 0) throw new Error('paste or choose a proof first');
  const findings: Finding[] = [];
  const kinds = documents.map((each) => kindOf(each));
  const rootAt = kinds.indexOf('hidden root');
  const root = rootAt === -1 ? undefined : parseRoot(documents[rootAt]);
  if (root !== undefined) {
    const totals = root.totals.map((total, index) => shown(total, root.denoms[index]!)).join(', ');
    findings.push(
      finding(verifyHiddenRoot(root), `The root of block ${root.height} opens to ${totals}, longs equal shorts`),
    );
    findings.push({ ok: true, text: `Compare the root with what others were given: ${hex(root.root.hash)}` });
  }
  for (const [index, document] of documents.entries()) {
    if (kinds[index] === 'answer') findings.push(...checkAnswer(document));
    if (kinds[index] !== 'hidden proof') continue;
    if (root === undefined) throw new Error('an auditor’s proof needs the published root.json beside it');
    const proof = parseProof(document);
    const amounts = proof.amounts.map((amount, each) => shown(amount, root.denoms[each] ?? '')).join(', ');
    findings.push(
      finding(verifyHiddenInclusion(proof, root), `${proof.owner}/${proof.number} is in the total with ${amounts}`),
    );
  }
  return findings;
}

function checkAnswer(document: unknown): Finding[] {
  const { proof, root } = parseAnswer(document);
  const own = proof.amounts.map(({ amount, denom }) => shown(BigInt(amount), denom)).join(', ');
  const total = root.total.map(({ amount, denom }) => shown(BigInt(amount), denom)).join(', ');
  return [
    finding(
      verifyInclusion(proof, root),
      `${proof.owner}/${proof.number} is in the total of block ${root.height} with ${own}`,
    ),
    finding(verifyBooks(root), `The exchange holds what it owes to ${root.accounts} accounts, ${total} together`),
    { ok: true, text: `Compare the root with what other nodes answer: ${hex(root.hash)}` },
  ];
}

function kindOf(document: unknown): 'answer' | 'hidden root' | 'hidden proof' {
  if (typeof document !== 'object' || document === null) throw new Error('a document is no JSON object');
  if ('proof' in document && 'root' in document) return 'answer';
  if ('totals' in document) return 'hidden root';
  if ('range' in document) return 'hidden proof';
  throw new Error('neither an answer of a node with proof and root, nor a root or a proof of an auditor');
}
