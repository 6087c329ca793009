import type { Event, ExecTxResult, ResponseFinalizeBlock, ValidatorUpdate } from 'cosmjs-types/tendermint/abci/types';
import type { Timestamp } from 'cosmjs-types/google/protobuf/timestamp';
import type { Block } from 'cosmjs-types/tendermint/types/block';
import type { ConsensusParams } from 'cosmjs-types/tendermint/types/params';
import type { BlockID, Commit, Header } from 'cosmjs-types/tendermint/types/types';

/** Values in CometBFT's JSON: 64-bit integers as strings, hashes in upper-case hex, bytes in base64. */
export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase();
export const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

export function time({ seconds, nanos }: Timestamp): string {
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return nanos === 0 ? `${whole}Z` : `${whole}.${String(nanos).padStart(9, '0').replace(/0+$/, '')}Z`;
}

export const blockId = ({ hash, partSetHeader }: BlockID) => ({
  hash: hex(hash),
  parts: { total: partSetHeader.total, hash: hex(partSetHeader.hash) },
});

export const header = (value: Header) => ({
  version: {
    block: value.version.block.toString(),
    ...(value.version.app === 0n ? {} : { app: value.version.app.toString() }),
  },
  chain_id: value.chainId,
  height: value.height.toString(),
  time: time(value.time),
  last_block_id: blockId(value.lastBlockId),
  last_commit_hash: hex(value.lastCommitHash),
  data_hash: hex(value.dataHash),
  validators_hash: hex(value.validatorsHash),
  next_validators_hash: hex(value.nextValidatorsHash),
  consensus_hash: hex(value.consensusHash),
  app_hash: hex(value.appHash),
  last_results_hash: hex(value.lastResultsHash),
  evidence_hash: hex(value.evidenceHash),
  proposer_address: hex(value.proposerAddress),
});

export const commit = (value: Commit) => ({
  height: value.height.toString(),
  round: value.round,
  block_id: blockId(value.blockId),
  signatures: value.signatures.map(({ blockIdFlag, validatorAddress, timestamp, signature }) => ({
    block_id_flag: blockIdFlag,
    validator_address: hex(validatorAddress),
    timestamp: time(timestamp),
    signature: base64(signature),
  })),
});

export const block = (value: Block) => ({
  header: header(value.header),
  data: { txs: value.data.txs.map(base64) },
  evidence: { evidence: [] },
  last_commit:
    value.lastCommit === undefined
      ? { height: '0', round: 0, block_id: { hash: '', parts: { total: 0, hash: '' } }, signatures: [] }
      : commit(value.lastCommit),
});

export const events = (list: readonly Event[]) =>
  list.map(({ type, attributes }) => ({
    type,
    attributes: attributes.map(({ key, value, index }) => ({ key, value, index })),
  }));

export const txResult = (value: ExecTxResult) => ({
  code: value.code,
  data: value.data.length === 0 ? null : base64(value.data),
  log: value.log,
  info: value.info,
  gas_wanted: value.gasWanted.toString(),
  gas_used: value.gasUsed.toString(),
  events: events(value.events),
  codespace: value.codespace,
});

/** A key in the words of Go's JSON of its protobuf type; without a power it leaves the set. */
export const validatorUpdate = ({ pubKey, power }: ValidatorUpdate) => ({
  pub_key: {
    Sum: { type: 'tendermint.crypto.PublicKey_Ed25519', value: { ed25519: base64(pubKey.ed25519!) } },
  },
  ...(power === 0n ? {} : { power: power.toString() }),
});

export const finalizeBlock = (value: ResponseFinalizeBlock) => ({
  events: events(value.events),
  tx_results: value.txResults.map(txResult),
  validator_updates: value.validatorUpdates.map(validatorUpdate),
  consensus_param_updates: null,
  app_hash: base64(value.appHash),
});

export function consensusParams(value: ConsensusParams) {
  const duration = value.evidence!.maxAgeDuration;
  return {
    block: { max_bytes: value.block!.maxBytes.toString(), max_gas: value.block!.maxGas.toString() },
    evidence: {
      max_age_num_blocks: value.evidence!.maxAgeNumBlocks.toString(),
      max_age_duration: (duration.seconds * 1_000_000_000n + BigInt(duration.nanos)).toString(),
      max_bytes: value.evidence!.maxBytes.toString(),
    },
    validator: { pub_key_types: value.validator!.pubKeyTypes },
    version: {},
    abci: { vote_extensions_enable_height: (value.abci?.voteExtensionsEnableHeight ?? 0n).toString() },
  };
}
