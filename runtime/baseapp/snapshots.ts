import {
  ResponseApplySnapshotChunk,
  ResponseApplySnapshotChunk_Result as ApplyResult,
  ResponseOfferSnapshot_Result as OfferResult,
  type RequestApplySnapshotChunk,
  type RequestLoadSnapshotChunk,
  type RequestOfferSnapshot,
  type ResponseListSnapshots,
  type ResponseLoadSnapshotChunk,
  type ResponseOfferSnapshot,
} from 'cosmjs-types/tendermint/abci/types';
import type { Logger } from '../log.js';
import { StoreError } from '../store/errors.js';
import type { MultiStore } from '../store/multistore.js';
import {
  decodeMetadata,
  snapshotFormat,
  snapshotHash,
  SnapshotRestore,
  type SnapshotManager,
  type SnapshotMetadata,
} from '../store/statesync/index.js';

const noBytes = new Uint8Array(0);
/** Snapshots that one answer lists: CometBFT asks its peers for no more. */
const maxListed = 10;

/**
 * The snapshot connection of ABCI: lists and serves the snapshots that were
 * taken, and restores an empty node from one that peers offer. Nobody on the
 * other side is trusted; the application hash of the offer is, because
 * CometBFT takes it from a header that its light client verified.
 */
export class SnapshotConnection {
  readonly #store: MultiStore;
  readonly #manager: SnapshotManager | undefined;
  readonly #logger: Logger;
  #restore: SnapshotRestore | undefined;
  /** Who sent chunks of the snapshot that is being restored. */
  readonly #senders = new Set<string>();

  /** @param manager undefined serves no snapshots, and still restores */
  constructor(store: MultiStore, manager: SnapshotManager | undefined, logger: Logger) {
    this.#store = store;
    this.#manager = manager;
    this.#logger = logger;
  }

  /** Called after each commit. */
  committed(height: bigint): void {
    this.#manager?.committed(height);
  }

  list(): ResponseListSnapshots {
    const kept = this.#manager?.library.list().slice(0, maxListed) ?? [];
    return {
      snapshots: kept.map(({ height, format, hash, encoded, metadata }) => ({
        height,
        format,
        chunks: metadata.chunkHashes.length,
        hash,
        metadata: encoded,
      })),
    };
  }

  /** An empty chunk says that it is not there. */
  async load({ height, format, chunk }: RequestLoadSnapshotChunk): Promise<ResponseLoadSnapshotChunk> {
    const library = this.#manager?.library;
    if (library?.find(height, format) === undefined) return { chunk: noBytes };
    try {
      return { chunk: await library.chunk(height, chunk) };
    } catch (error) {
      // Dropped meanwhile, or damaged on disk: peers get it elsewhere.
      this.#logger.error({ height: `${height}`, chunk, error: (error as Error).message }, 'snapshot chunk not served');
      return { chunk: noBytes };
    }
  }

  offer({ snapshot, appHash }: RequestOfferSnapshot): ResponseOfferSnapshot {
    this.#forget();
    if (snapshot === undefined) return { result: OfferResult.REJECT };
    const { height, format, chunks, hash, metadata } = snapshot;
    const refuse = (result: OfferResult, reason: string): ResponseOfferSnapshot => {
      this.#logger.warn({ height: `${height}`, format, reason }, 'snapshot refused');
      return { result };
    };
    const { version } = this.#store.lastCommit();
    // No other snapshot would do better.
    if (version !== 0n)
      return refuse(OfferResult.ABORT, `this node has state at height ${version}: only an empty one restores`);
    if (format !== snapshotFormat)
      return refuse(OfferResult.REJECT_FORMAT, `format ${format}: expected ${snapshotFormat}`);
    let decoded: SnapshotMetadata;
    try {
      decoded = decodeMetadata(metadata);
    } catch (error) {
      // No honest node makes or passes on such an offer.
      return refuse(OfferResult.REJECT_SENDER, (error as Error).message);
    }
    if (!Buffer.from(snapshotHash(metadata)).equals(hash)) {
      return refuse(OfferResult.REJECT_SENDER, `hash is not that of the metadata`);
    }
    if (decoded.height !== height || decoded.chunkHashes.length !== chunks) {
      const said = `height ${height} and ${chunks} chunks`;
      return refuse(
        OfferResult.REJECT_SENDER,
        `offered as ${said}, metadata says ${decoded.height} and ${decoded.chunkHashes.length}`,
      );
    }
    try {
      this.#restore = new SnapshotRestore(this.#store, decoded, appHash);
    } catch (error) {
      return refuse(OfferResult.REJECT, (error as Error).message);
    }
    this.#logger.info({ height: `${height}`, chunks, bytes: decoded.totalBytes }, 'restoring a snapshot');
    return { result: OfferResult.ACCEPT };
  }

  /** Takes a chunk; the last one makes the snapshot the state of this node. */
  async apply({ index, chunk, sender }: RequestApplySnapshotChunk): Promise<ResponseApplySnapshotChunk> {
    const restore = this.#restore;
    if (restore === undefined)
      return this.#answer(ApplyResult.RETRY_SNAPSHOT, 'no snapshot was offered', index, sender);
    if (index !== restore.next) {
      // What is built is right so far, but the engine counts otherwise: begin together.
      this.#forget();
      const why = `chunk ${index} where ${restore.next} was expected`;
      return this.#answer(ApplyResult.RETRY_SNAPSHOT, why, index, sender);
    }
    try {
      restore.check(index, chunk);
    } catch (error) {
      const rejectSenders = sender === '' ? [] : [sender];
      const fresh = { refetchChunks: [index], rejectSenders };
      return this.#answer(ApplyResult.RETRY, (error as Error).message, index, sender, fresh);
    }
    if (sender !== '') this.#senders.add(sender);
    try {
      restore.apply(chunk);
      if (!restore.isComplete) return ResponseApplySnapshotChunk.fromPartial({ result: ApplyResult.ACCEPT });
      const { version, hash } = await restore.finish();
      this.#forget();
      const appHash = Buffer.from(hash).toString('hex');
      this.#logger.info({ height: `${version}`, appHash }, 'snapshot restored');
      return ResponseApplySnapshotChunk.fromPartial({ result: ApplyResult.ACCEPT });
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      // Chunks that hash as promised and are not the state: the promise was a lie, and these peers made it.
      const liars = [...this.#senders].sort((a, b) => (a < b ? -1 : 1));
      this.#forget();
      if (error.fault === 'invalid-snapshot' || error.fault === 'corrupt') {
        return this.#answer(ApplyResult.REJECT_SNAPSHOT, error.message, index, sender, { rejectSenders: liars });
      }
      // The disk of this node: no snapshot would do better.
      return this.#answer(ApplyResult.ABORT, error.message, index, sender);
    }
  }

  #forget(): void {
    this.#restore = undefined;
    this.#senders.clear();
  }

  #answer(
    result: ApplyResult,
    reason: string,
    index: number,
    sender: string,
    more: { readonly refetchChunks?: number[]; readonly rejectSenders?: string[] } = {},
  ): ResponseApplySnapshotChunk {
    this.#logger.warn({ chunk: index, sender, reason, answer: ApplyResult[result] }, 'snapshot chunk refused');
    return ResponseApplySnapshotChunk.fromPartial({ result, ...more });
  }
}
