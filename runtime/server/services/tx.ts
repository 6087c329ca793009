import { toAny } from './any.js';
import { Tx } from '../../../gen/cosmos/tx/v1beta1/tx.js';
import {
  BroadcastMode,
  BroadcastTxRequest,
  BroadcastTxResponse,
  GetBlockWithTxsRequest,
  GetBlockWithTxsResponse,
  GetTxRequest,
  GetTxResponse,
} from '../../../gen/cosmos/tx/v1beta1/service.js';
import type { TxResponse } from '../../../gen/cosmos/base/abci/v1beta1/abci.js';
import { paginate } from '../../baseapp/pagination.js';
import { sha256 } from '../../crypto/hash.js';
import { hex, time } from '../../engine/rpc/json.js';
import { MempoolError } from '../../engine/mempool.js';
import { grpcStatus, ServiceError, typed, type NodeContext, type NodeService } from '../node-service.js';
import { blockOf } from './block.js';

/** The transaction service that wallets use; Simulate is answered by the application. */
export function txService({ engine }: NodeContext): NodeService {
  async function response(height: bigint, index: number): Promise<{ tx: Tx; txResponse: TxResponse }> {
    const { block } = (await engine.block(height))!;
    const result = (await engine.store.results(Number(height)))!.txResults[index]!;
    const bytes = block.data.txs[index]!;
    const tx = Tx.decode(bytes);
    return {
      tx,
      txResponse: {
        height,
        txhash: hex(sha256(bytes)),
        codespace: result.codespace,
        code: result.code,
        data: hex(result.data),
        rawLog: result.log,
        logs: [],
        info: result.info,
        gasWanted: result.gasWanted,
        gasUsed: result.gasUsed,
        tx: toAny('cosmos.tx.v1beta1.Tx', bytes),
        timestamp: time(block.header.time),
        events: result.events,
      },
    };
  }
  return {
    '/cosmos.tx.v1beta1.Service/GetTx': typed(GetTxRequest, GetTxResponse, async ({ hash }) => {
      if (!/^[0-9a-fA-F]{64}$/.test(hash))
        throw new ServiceError(grpcStatus.invalidArgument, 'hash: expected 64 hexadecimal digits');
      const place = await engine.findTx(Buffer.from(hash, 'hex'));
      if (place === undefined || BigInt(place.height) > engine.height)
        throw new ServiceError(grpcStatus.notFound, `tx not found: ${hash}`);
      return response(BigInt(place.height), place.index);
    }),
    '/cosmos.tx.v1beta1.Service/BroadcastTx': typed(
      BroadcastTxRequest,
      BroadcastTxResponse,
      async ({ txBytes, mode }) => {
        if (mode !== BroadcastMode.BROADCAST_MODE_SYNC && mode !== BroadcastMode.BROADCAST_MODE_ASYNC) {
          throw new ServiceError(
            grpcStatus.invalidArgument,
            'mode: expected BROADCAST_MODE_SYNC or BROADCAST_MODE_ASYNC',
          );
        }
        if (txBytes.length === 0) throw new ServiceError(grpcStatus.invalidArgument, 'tx_bytes: empty');
        const empty = {
          height: 0n,
          data: '',
          logs: [],
          info: '',
          gasWanted: 0n,
          gasUsed: 0n,
          tx: undefined,
          timestamp: '',
          events: [],
        };
        const txhash = hex(sha256(txBytes));
        try {
          const { code, codespace, log } = await engine.broadcastTx(txBytes);
          return { txResponse: { ...empty, txhash, code, codespace, rawLog: log } };
        } catch (error) {
          if (!(error instanceof MempoolError)) throw error;
          const code = /exists/.test(error.message) ? 19 : /full/.test(error.message) ? 20 : 21;
          return { txResponse: { ...empty, txhash, code, codespace: 'sdk', rawLog: error.message } };
        }
      },
    ),
    '/cosmos.tx.v1beta1.Service/GetBlockWithTxs': typed(
      GetBlockWithTxsRequest,
      GetBlockWithTxsResponse,
      async ({ height, pagination }) => {
        const found = await blockOf(engine, height);
        // The first "transaction" may be price votes: it is none.
        const txs = found.block.data.txs.flatMap((bytes, index) => (bytes[0] === 0 ? [] : [{ bytes, index }]));
        const page = paginate(
          txs,
          pagination,
          ({ index }) => Buffer.from(String(index)),
          ({ bytes }) => Tx.decode(bytes),
        );
        return { txs: page.items, blockId: found.blockId, block: found.block, pagination: page.pagination };
      },
    ),
  };
}
