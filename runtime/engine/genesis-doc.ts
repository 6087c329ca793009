import { ConsensusParams } from 'cosmjs-types/tendermint/types/params';
import { z } from 'zod';
import { sha256 } from '../crypto/hash.js';
import { describe } from './consensus-key.js';

const int64 = z.string().regex(/^-?(0|[1-9][0-9]{0,18})$/, 'expected an integer in a string');

const genesis = z.object({
  genesis_time: z
    .string()
    .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/, 'expected a UTC time like 2026-01-01T00:00:00Z'),
  chain_id: z.string().min(1).max(50),
  initial_height: int64,
  consensus_params: z.object({
    block: z.object({ max_bytes: int64, max_gas: int64 }),
    evidence: z.object({ max_age_num_blocks: int64, max_age_duration: int64, max_bytes: int64 }),
    validator: z.object({ pub_key_types: z.array(z.string()).min(1) }),
    version: z.object({ app: int64.optional() }),
    abci: z.object({ vote_extensions_enable_height: int64 }),
  }),
  validators: z
    .array(
      z.object({
        address: z.string(),
        pub_key: z.object({ type: z.literal('tendermint/PubKeyEd25519'), value: z.string() }),
        power: int64,
        name: z.string(),
      }),
    )
    // None: the application names them (gentxs).
    .default([]),
  app_hash: z.string(),
  app_state: z.record(z.string(), z.unknown()),
});

/** CometBFT's genesis.json. */
export type GenesisDoc = z.infer<typeof genesis>;

/** @throws Error naming the field at fault */
export function parseGenesis(json: unknown): GenesisDoc {
  const result = genesis.safeParse(json);
  if (!result.success) throw new Error(describe(result.error));
  for (const [index, { pub_key: key, power }] of result.data.validators.entries()) {
    if (Buffer.from(key.value, 'base64').length !== 32)
      throw new Error(`validators.${index}.pub_key.value: expected 32 bytes in base64`);
    if (BigInt(power) <= 0n) throw new Error(`validators.${index}.power: must be positive`);
  }
  if (BigInt(result.data.initial_height) < 1n) throw new Error('initial_height: must be at least 1');
  return result.data;
}

/** Names a genesis document in hex, whatever the order of its keys. */
export function genesisHash(doc: GenesisDoc): string {
  const sorted = (_key: string, value: unknown): unknown =>
    typeof value !== 'object' || value === null || Array.isArray(value)
      ? value
      : Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  return sha256(Buffer.from(JSON.stringify(doc, sorted), 'utf8')).toString('hex');
}

/** Consensus parameters in the form of the engine. */
export function consensusParamsOf(doc: GenesisDoc): ConsensusParams {
  const { block, evidence, validator, version, abci } = doc.consensus_params;
  const duration = BigInt(evidence.max_age_duration);
  return ConsensusParams.fromPartial({
    block: { maxBytes: BigInt(block.max_bytes), maxGas: BigInt(block.max_gas) },
    evidence: {
      maxAgeNumBlocks: BigInt(evidence.max_age_num_blocks),
      maxAgeDuration: { seconds: duration / 1_000_000_000n, nanos: Number(duration % 1_000_000_000n) },
      maxBytes: BigInt(evidence.max_bytes),
    },
    validator: { pubKeyTypes: validator.pub_key_types },
    version: { app: BigInt(version.app ?? '0') },
    abci: { voteExtensionsEnableHeight: BigInt(abci.vote_extensions_enable_height) },
  });
}

/** CometBFT's own defaults, and vote extensions from the second block on. */
export const defaultConsensusParams: GenesisDoc['consensus_params'] = {
  block: { max_bytes: '22020096', max_gas: '-1' },
  evidence: { max_age_num_blocks: '100000', max_age_duration: '172800000000000', max_bytes: '1048576' },
  validator: { pub_key_types: ['ed25519'] },
  version: { app: '0' },
  abci: { vote_extensions_enable_height: '2' },
};
