import { ResponseQuery, type RequestQuery } from 'cosmjs-types/tendermint/abci/types';
import { SimulateRequest, SimulateResponse } from '../../gen/cosmos/tx/v1beta1/service.js';
import { StoreError } from '../store/errors.js';
import { bytes as keyOfBytes } from '../store/key.js';
import type { CommitMultiStore } from '../store/types.js';
import type { Context } from './context.js';
import { sdkErrors, type AppError } from './errors.js';
import type { Router } from './router.js';
import { toAbciEvents, type TxOutcome } from './run-tx.js';

/** What answers come from. */
export interface QuerySources {
  readonly version: string;
  readonly store: CommitMultiStore;
  readonly router: Router;
  /** @throws AppError sdk/26 when the height is not retained */
  readonly contextAt: (height: bigint) => Context;
  /** Runs a transaction on what CheckTx has seen and forgets its effects. */
  readonly simulate: (tx: Uint8Array) => TxOutcome;
}

const noBytes = new Uint8Array(0);

/**
 * Answers an ABCI query: a path of the application, of a store, or of a gRPC method.
 * @param latest newest committed height, which a request for height 0 means
 * @throws AppError when the path is unknown or the request is refused
 */
export function answerQuery(sources: QuerySources, request: RequestQuery, latest: bigint): ResponseQuery {
  const { path, data } = request;
  const height = request.height === 0n ? latest : request.height;
  if (path.startsWith('/store/')) return queryStore(sources, request, height);
  if (path === '/app/version')
    return ResponseQuery.fromPartial({ height: latest, value: Buffer.from(sources.version, 'utf8') });
  if (path === '/app/simulate') return ResponseQuery.fromPartial({ height: latest, value: simulate(sources, data) });
  if (path === '/cosmos.tx.v1beta1.Service/Simulate') {
    const simulation = decodeOrThrow(SimulateRequest, data, path);
    if (simulation.txBytes.length === 0)
      throw sdkErrors.invalidRequest('tx_bytes: empty; the older field tx is not supported');
    return ResponseQuery.fromPartial({ height: latest, value: simulate(sources, simulation.txBytes) });
  }
  return ResponseQuery.fromPartial({ height, value: sources.router.query(sources.contextAt(height), path, data) });
}

function queryStore({ store, contextAt }: QuerySources, request: RequestQuery, height: bigint): ResponseQuery {
  const [, , name, kind, ...rest] = request.path.split('/');
  if (name === undefined || kind !== 'key' || rest.length > 0) {
    throw sdkErrors.unknownRequest(`path ${request.path}: expected /store/<name>/key`);
  }
  if (request.data.length === 0) throw sdkErrors.invalidRequest('data: a store query needs a key');
  const ctx = contextAt(height);
  const key = keyOfBytes(request.data);
  try {
    const value = ctx.committed.store(name).get(key) ?? noBytes;
    const proofOps = request.prove ? { ops: store.prove(name, key, height).map((op) => ({ ...op })) } : undefined;
    return ResponseQuery.fromPartial({ height, key: request.data, value, proofOps });
  } catch (error) {
    if (error instanceof StoreError && error.fault === 'unknown-store') throw sdkErrors.unknownRequest(error.message);
    throw error;
  }
}

function simulate(sources: QuerySources, tx: Uint8Array): Uint8Array {
  const outcome = sources.simulate(tx);
  if (outcome.error !== undefined) throw outcome.error;
  return SimulateResponse.encode({
    gasInfo: { gasWanted: outcome.gasWanted, gasUsed: outcome.gasUsed },
    result: {
      data: outcome.data,
      log: '',
      msgResponses: [],
      events: toAbciEvents(outcome.events),
    },
  }).finish();
}

function decodeOrThrow<T>(type: { decode(input: Uint8Array): T }, data: Uint8Array, path: string): T {
  try {
    return type.decode(data);
  } catch (error) {
    throw sdkErrors.invalidRequest(`${path}: request does not decode: ${(error as Error).message}`);
  }
}

/** The text Cosmos clients look for: they recognise a missing account by the gRPC code in the log. */
export function grpcText(error: AppError): string {
  if (error.codespace === 'sdk' && (error.code === 22 || error.code === 38)) {
    return `rpc error: code = NotFound desc = ${error.message}`;
  }
  if (error.codespace === 'sdk' && error.code === 18) {
    return `rpc error: code = InvalidArgument desc = ${error.message}`;
  }
  return error.message;
}
