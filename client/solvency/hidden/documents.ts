import { fromBech32 } from '@cosmjs/encoding';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { z } from 'zod';
import { decodeScalar, encodeScalar } from './field.js';
import { decodePoint, type Point } from './group.js';
import { accountBytes, type HiddenNode } from './node.js';

/** Files that a prover publishes or hands to an owner: JSON, numbers as decimal strings, bytes as hex. */

const hex = (bytes: number) =>
  z
    .string()
    .regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`))
    .transform((text): Uint8Array => hexToBytes(text));
const point = hex(32).transform((bytes): Point => decodePoint(bytes));
const scalar = hex(32).transform((bytes) => decodeScalar(bytes));
const integer = z
  .string()
  .regex(/^(0|-?[1-9][0-9]{0,38})$/)
  .transform(BigInt);
const natural = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,38})$/)
  .transform(BigInt);
const node = z
  .strictObject({ hash: hex(32), points: z.array(point) })
  .transform(({ hash, points }): HiddenNode => ({ hash, points }));

/** Names of the state that a tree was made of. */
const state = {
  chain_id: z.string(),
  height: natural,
  app_hash: hex(32),
};

const rootSchema = z.strictObject({
  ...state,
  depth: z.number().int().min(1).max(32),
  denoms: z.array(z.string()).min(1),
  /** Markets by id. */
  markets: z.array(z.number().int()),
  root: node,
  /** What is owed in each denomination. */
  totals: z.array(natural),
  /** Open the root: for each denomination to its total, for each market to nothing. */
  blindings: z.array(scalar),
});

const proofSchema = z.strictObject({
  ...state,
  owner: z.string(),
  number: z.number().int().min(0),
  /** What the account is owed in each denomination. */
  amounts: z.array(natural),
  /** Its position in each market, signed base quanta. */
  sizes: z.array(integer),
  salt: hex(32),
  blindings: z.array(scalar),
  position: z.number().int().min(0),
  path: z.array(node),
  range: z
    .string()
    .regex(/^([0-9a-f]{64})+$/)
    .transform((text): Uint8Array => hexToBytes(text)),
});

export type HiddenRoot = z.output<typeof rootSchema>;
export type HiddenProof = z.output<typeof proofSchema>;

function parse<T>(schema: z.ZodType<T>, what: string, json: unknown): T {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new Error(`${what}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'malformed'}`);
}

/** @throws Error naming the field that is malformed */
export const parseRoot = (json: unknown): HiddenRoot => parse(rootSchema, 'root', json);

/** @throws Error naming the field that is malformed */
export const parseProof = (json: unknown): HiddenProof => parse(proofSchema, 'proof', json);

const nodeJson = ({ hash, points }: HiddenNode) => ({
  hash: bytesToHex(hash),
  points: points.map((each) => each.toHex()),
});
const scalarsJson = (all: readonly bigint[]): string[] => all.map((each) => bytesToHex(encodeScalar(each)));

export function rootJson(root: HiddenRoot): z.input<typeof rootSchema> {
  return {
    ...root,
    height: root.height.toString(),
    app_hash: bytesToHex(root.app_hash),
    root: nodeJson(root.root),
    totals: root.totals.map(String),
    blindings: scalarsJson(root.blindings),
  };
}

export function proofJson(proof: HiddenProof): z.input<typeof proofSchema> {
  return {
    ...proof,
    height: proof.height.toString(),
    app_hash: bytesToHex(proof.app_hash),
    amounts: proof.amounts.map(String),
    sizes: proof.sizes.map(String),
    salt: bytesToHex(proof.salt),
    blindings: scalarsJson(proof.blindings),
    path: proof.path.map(nodeJson),
    range: bytesToHex(proof.range),
  };
}

/** @throws Error for an owner that is no address */
export function accountOf({ owner, number }: Pick<HiddenProof, 'owner' | 'number'>): Uint8Array {
  return accountBytes(fromBech32(owner, 90).data, number);
}
