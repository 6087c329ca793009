import { fromBech32 } from '@cosmjs/encoding';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes } from '@noble/hashes/utils.js';
import type { Proof, Root } from '../../gen/plimsoll/solvency/v1/solvency.js';

/**
 * Checks that an account's balance is in the total that a root states, with
 * nothing but hashes: the answers of a node need not be believed. Runs
 * wherever JavaScript runs.
 */

export type Verdict = { readonly ok: true } | { readonly ok: false; readonly reason: string };

const fail = (reason: string): Verdict => ({ ok: false, reason });
/** Sums are unsigned 128-bit; totals far below it leave no room for one that wraps. */
const limit = 1n << 127n;

/** @throws Error for text that is no amount: negative numbers above all */
function amount(text: string): bigint {
  if (!/^(0|[1-9][0-9]{0,38})$/.test(text)) throw new Error(`${JSON.stringify(text)} is not an amount`);
  const value = BigInt(text);
  if (value >= limit) throw new Error(`${text} is not below 2^127`);
  return value;
}

function encode(sums: readonly bigint[]): Uint8Array {
  const bytes = new Uint8Array(sums.length * 16);
  const view = new DataView(bytes.buffer);
  sums.forEach((sum, index) => {
    view.setBigUint64(index * 16, sum >> 64n);
    view.setBigUint64(index * 16 + 8, sum & 0xffff_ffff_ffff_ffffn);
  });
  return bytes;
}

function accountOf(owner: string, number: number): Uint8Array {
  const bytes = new Uint8Array(24);
  bytes.set(fromBech32(owner, 90).data);
  new DataView(bytes.buffer).setUint32(20, number);
  return bytes;
}

const same = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);

/**
 * Is the account with these amounts a leaf of the tree with this root?
 * @param expected what the owner knows to be owed, by denomination; compared when given
 */
export function verifyInclusion(proof: Proof, root: Root, expected?: Readonly<Record<string, bigint>>): Verdict {
  try {
    if (proof.height !== root.height) return fail(`the proof is of height ${proof.height}, the root of ${root.height}`);
    if (proof.accounts !== root.accounts) return fail('proof and root count accounts differently');
    if (!same(proof.appHash, root.appHash)) return fail('proof and root are of different states');
    const denoms = root.total.map(({ denom }) => denom);
    if (denoms.join() !== proof.amounts.map(({ denom }) => denom).join()) return fail('denominations differ');
    let sums = proof.amounts.map((each) => amount(each.amount));
    for (const [denom, value] of Object.entries(expected ?? {})) {
      const stated = sums[denoms.indexOf(denom)] ?? 0n;
      if (stated !== value) return fail(`the tree has ${stated}${denom} for the account, not ${value}${denom}`);
    }
    const account = accountOf(proof.owner, proof.number);
    const salt = sha256(concatBytes(proof.appHash, account));
    let hash = sha256(concatBytes(Uint8Array.of(0), account, salt, encode(sums)));
    const path = [...proof.path];
    let at = proof.index;
    if (at >= proof.accounts) return fail(`place ${at} of ${proof.accounts} accounts`);
    for (let width = proof.accounts; width > 1n; width = (width + 1n) / 2n) {
      const alone = at === width - 1n && width % 2n === 1n;
      if (!alone) {
        const step = path.shift();
        if (step === undefined) return fail('the path is too short');
        if (step.hash.length !== 32 || step.sums.length !== sums.length) return fail('a step of the path is malformed');
        const neighbour = { hash: step.hash, sums: step.sums.map(amount) };
        const own = { hash, sums };
        const [left, right] = at % 2n === 0n ? [own, neighbour] : [neighbour, own];
        sums = left.sums.map((sum, index) => sum + right.sums[index]!);
        hash = sha256(
          concatBytes(Uint8Array.of(1), left.hash, encode(left.sums), right.hash, encode(right.sums), encode(sums)),
        );
      }
      at /= 2n;
    }
    if (path.length > 0) return fail('the path is too long');
    if (!same(hash, root.hash)) return fail('the path does not lead to the root');
    for (const [index, { denom, amount: total }] of root.total.entries())
      if (sums[index] !== amount(total)) return fail(`the sums add up to ${sums[index]}${denom}, not ${total}${denom}`);
    return { ok: true };
  } catch (error) {
    return fail((error as Error).message);
  }
}

/** Does what the exchange holds cover what the root says it owes? */
export function verifyBooks(root: Root): Verdict {
  try {
    const { books } = root;
    if (books === undefined) return fail('the root has no books');
    const [bank, fees, dust, owed] = [books.bankBalance, books.fees, books.dust, books.owed].map(amount) as [
      bigint,
      bigint,
      bigint,
      bigint,
    ];
    const total = amount(root.total[0]?.amount ?? '0');
    const rounding = bank + owed - total - fees - dust - BigInt(books.clearing);
    if (rounding < 0n) return fail(`${-rounding} more is owed than held`);
    if (rounding > 2n * books.positions)
      return fail(`${rounding} are unaccounted for: more than rounding of ${books.positions} positions explains`);
    return { ok: true };
  } catch (error) {
    return fail((error as Error).message);
  }
}
