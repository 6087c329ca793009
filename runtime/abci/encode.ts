import { BinaryWriter } from '@bufbuild/protobuf/wire';
import {
  ValidatorUpdate,
  type Event,
  type EventAttribute,
  type ExecTxResult,
  type ResponseFinalizeBlock,
} from 'cosmjs-types/tendermint/abci/types';
import { ConsensusParams } from 'cosmjs-types/tendermint/types/params';

/** An event of pairs, all of them for the index. Its attributes are made when they are read. */
export class IndexedEvent implements Event {
  constructor(
    readonly source: { readonly type: string; readonly attributes: readonly (readonly [key: string, value: string])[] },
  ) {}

  get type(): string {
    return this.source.type;
  }

  get attributes(): EventAttribute[] {
    return this.source.attributes.map(([key, value]) => ({ key, value, index: true }));
  }
}

/** One for all blocks: it keeps the buffer that the largest needed. */
const writer = new BinaryWriter();

/**
 * Most that the events of a block's own work may take, transactions apart.
 * CometBFT keeps them, shows them to subscribers and takes no answer of 2 GiB,
 * which a block that closes a million accounts would give; no hash of a
 * block covers them.
 */
export const maxBlockEventBytes = 64 * 1024 * 1024;

/** In the place of events that found no room. */
const omittedType = 'events_omitted';

/**
 * The bytes of a block's results, as `ResponseFinalizeBlock.encode` makes
 * them: nearly all of it are events, thousands in a block, and these are
 * written without an object for each field. Of the block's own events only
 * the first are written when they are too many, and then how many are not.
 */
export function encodeFinalizeBlock(results: ResponseFinalizeBlock, maxEventBytes = maxBlockEventBytes): Uint8Array {
  try {
    let bytes = 0;
    let written = 0;
    for (const event of results.events) {
      if (bytes >= maxEventBytes) break;
      bytes += writeBlockEvent(event);
      written++;
    }
    const omitted = results.events.length - written;
    if (omitted > 0)
      writeBlockEvent(new IndexedEvent({ type: omittedType, attributes: [['count', omitted.toString()]] }));
    for (const result of results.txResults) {
      writer.uint32(18).fork();
      writeTxResult(result);
      writer.join();
    }
    for (const update of results.validatorUpdates) writer.uint32(26).bytes(ValidatorUpdate.encode(update).finish());
    if (results.consensusParamUpdates !== undefined)
      writer.uint32(34).bytes(ConsensusParams.encode(results.consensusParamUpdates).finish());
    if (results.appHash.length > 0) writer.uint32(42).bytes(results.appHash);
    return writer.finish();
  } catch (error) {
    writer.finish();
    throw error;
  }
}

function writeTxResult(result: ExecTxResult): void {
  if (result.code !== 0) writer.uint32(8).uint32(result.code);
  if (result.data.length > 0) writer.uint32(18).bytes(result.data);
  if (result.log !== '') writer.uint32(26).string(result.log);
  if (result.info !== '') writer.uint32(34).string(result.info);
  if (result.gasWanted !== 0n) writer.uint32(40).int64(result.gasWanted);
  if (result.gasUsed !== 0n) writer.uint32(48).int64(result.gasUsed);
  for (const event of result.events) {
    writer.uint32(58).fork();
    writeEvent(event);
    writer.join();
  }
  if (result.codespace !== '') writer.uint32(66).string(result.codespace);
}

function writeBlockEvent(event: Event): number {
  writer.uint32(10).fork();
  const length = writeEvent(event);
  writer.join();
  return length;
}

/** @returns characters of text in it: as good as bytes, of which it has few more */
function writeEvent(event: Event): number {
  if (event.type !== '') writer.uint32(10).string(event.type);
  let length = event.type.length;
  if (event instanceof IndexedEvent) {
    for (const [key, value] of event.source.attributes) length += writeAttribute(key, value, true);
  } else {
    for (const { key, value, index } of event.attributes) length += writeAttribute(key, value, index);
  }
  return length;
}

function writeAttribute(key: string, value: string, index: boolean): number {
  writer.uint32(18).fork();
  if (key !== '') writer.uint32(10).string(key);
  if (value !== '') writer.uint32(18).string(value);
  if (index) writer.uint32(24).bool(true);
  writer.join();
  return key.length + value.length;
}
