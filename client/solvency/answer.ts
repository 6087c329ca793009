import { z } from 'zod';
import type { Proof, Root } from '../../gen/plimsoll/solvency/v1/solvency.js';

/** What a node answers about proofs, as JSON: `plimsolld query solvency proof --output json`, or a REST gateway. */

const base64 = z.base64().transform((text): Uint8Array => Uint8Array.from(atob(text), (each) => each.charCodeAt(0)));
const unsigned = z
  .union([z.string().regex(/^\d{1,20}$/), z.number().int().nonnegative()])
  .default('0')
  .transform(BigInt);
const text = z.string().default('0');
const amount = z.object({ denom: z.string(), amount: text });

const rootSchema = z.object({
  height: unsigned,
  time_ms: unsigned,
  app_hash: base64,
  hash: base64,
  total: z.array(amount).default([]),
  accounts: unsigned,
  books: z
    .strictObject({
      bank_balance: text,
      fees: text,
      dust: text,
      clearing: text,
      owed: text,
      rounding: text,
      positions: unsigned,
    })
    .optional(),
});

const proofSchema = z.object({
  height: unsigned,
  owner: z.string(),
  number: z.number().int().nonnegative().default(0),
  amounts: z.array(amount).default([]),
  app_hash: base64,
  index: unsigned,
  accounts: unsigned,
  path: z.array(z.object({ hash: base64, sums: z.array(z.string()).default([]) })).default([]),
});

const answerSchema = z.object({ proof: proofSchema, root: rootSchema });

/**
 * Reads an answer to `plimsoll.solvency.v1.Query/Proof`.
 * @throws Error naming the field that is malformed; books with a term that this verifier does not know are malformed
 */
export function parseAnswer(json: unknown): { readonly proof: Proof; readonly root: Root } {
  const result = answerSchema.safeParse(json);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new Error(`answer: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'malformed'}`);
  }
  const { proof, root } = result.data;
  const { books } = root;
  return {
    proof: { ...proof, appHash: proof.app_hash },
    root: {
      ...root,
      timeMs: root.time_ms,
      appHash: root.app_hash,
      books: books === undefined ? undefined : { ...books, bankBalance: books.bank_balance },
    },
  };
}
