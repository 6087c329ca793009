import { ConsensusParams } from 'cosmjs-types/tendermint/types/params';
import { Item, protoCodec, type Stores } from '../store/collection.js';
import type { KVStore } from '../store/types.js';
import { sdkErrors } from './errors.js';

/** The store in which the base app keeps consensus parameters and the newest block's time. */
export const consensusStore = 'consensus';

const item = new Item<ConsensusParams>(
  consensusStore,
  1,
  protoCodec<ConsensusParams>({
    encode: (params) => ConsensusParams.encode(params),
    decode: (bytes) => ConsensusParams.decode(bytes),
  }),
);

/** CometBFT refuses larger blocks (types.MaxBlockSizeBytes). */
const maxBlockBytes = 104_857_600n;

/** Parameters of the engine as this chain decided them; undefined before genesis. */
export function consensusParams(from: Stores): ConsensusParams | undefined {
  return item.get(from);
}

/** Takes over the parameters of genesis. @throws AppError naming the field */
export function initConsensusParams(to: Stores<KVStore>, params: ConsensusParams): void {
  validate(params);
  item.set(to, params);
}

/**
 * Changes parameters from the next height on; sections left out stay as they
 * are. Vote extensions carry the prices: once enabled they stay so, from the
 * same height.
 * @throws AppError sdk/18 naming the field, its value and what would be accepted
 */
export function changeConsensusParams(to: Stores<KVStore>, change: Partial<ConsensusParams>): void {
  const current = item.get(to);
  if (current === undefined) throw sdkErrors.logic('consensus parameters are not set: genesis did not run');
  const enabled = current.abci?.voteExtensionsEnableHeight ?? 0n;
  const wanted = change.abci?.voteExtensionsEnableHeight ?? enabled;
  if (wanted !== enabled) {
    throw sdkErrors.invalidRequest(
      `abci.vote_extensions_enable_height: ${wanted}; prices come with votes, it stays ${enabled}`,
    );
  }
  const changed: ConsensusParams = {
    block: change.block ?? current.block,
    evidence: change.evidence ?? current.evidence,
    validator: change.validator ?? current.validator,
    version: change.version ?? current.version,
    abci: current.abci,
  };
  validate(changed);
  item.set(to, changed);
}

/** True when both encode the same. */
export function sameParams(a: ConsensusParams | undefined, b: ConsensusParams | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return Buffer.compare(ConsensusParams.encode(a).finish(), ConsensusParams.encode(b).finish()) === 0;
}

/** What CometBFT itself would stop on: a node must not get that far. */
function validate({ block, evidence, validator }: ConsensusParams): void {
  if (block !== undefined) {
    if (block.maxBytes !== -1n && (block.maxBytes < 1n || block.maxBytes > maxBlockBytes)) {
      throw sdkErrors.invalidRequest(`block.max_bytes: ${block.maxBytes}; expected 1 to ${maxBlockBytes}, or -1`);
    }
    if (block.maxGas < -1n) throw sdkErrors.invalidRequest(`block.max_gas: ${block.maxGas}; expected -1 or more`);
  }
  if (evidence !== undefined) {
    const { maxAgeNumBlocks, maxAgeDuration, maxBytes } = evidence;
    if (maxAgeNumBlocks < 1n)
      throw sdkErrors.invalidRequest(`evidence.max_age_num_blocks: ${maxAgeNumBlocks}; expected 1 or more`);
    if (maxAgeDuration.seconds < 0n || (maxAgeDuration.seconds === 0n && maxAgeDuration.nanos <= 0))
      throw sdkErrors.invalidRequest('evidence.max_age_duration: expected more than zero');
    const most = block === undefined || block.maxBytes === -1n ? maxBlockBytes : block.maxBytes;
    if (maxBytes < 0n || maxBytes > most)
      throw sdkErrors.invalidRequest(`evidence.max_bytes: ${maxBytes}; expected 0 to ${most}`);
  }
  if (validator !== undefined && (validator.pubKeyTypes.length !== 1 || validator.pubKeyTypes[0] !== 'ed25519')) {
    throw sdkErrors.invalidRequest(
      `validator.pub_key_types: ${validator.pubKeyTypes.join(',')}; expected ed25519 alone: extensions are verified with it`,
    );
  }
}
