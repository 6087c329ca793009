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
import { NotAdmitted, type ChainTx } from '../chain.js';
import { grpcStatus, ServiceError, typed, type NodeContext, type NodeService } from '../node-service.js';
import { blockOf } from './block.js';

/** Codes of the codespace sdk for what the mempool refuses unread. */
const admissionCodes = { known: 19, full: 20, 'too-large': 21 } as const;

/** The transaction service that wallets use; Simulate is answered by the application. */
export function txService({ chain }: NodeContext): NodeService {
  async function response({ height, bytes, result }: ChainTx): Promise<{ tx: Tx; txResponse: TxResponse }> {
    const { block } = await blockOf(chain, height);
    return {
      tx: Tx.decode(bytes),
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
        timestamp: time(block.header!.time!),
        events: result.events,
      },
    };
  }
  return {
    '/cosmos.tx.v1beta1.Service/GetTx': typed(GetTxRequest, GetTxResponse, async ({ hash }) => {
      if (!/^[0-9a-fA-F]{64}$/.test(hash))
        throw new ServiceError(grpcStatus.invalidArgument, 'hash: expected 64 hexadecimal digits');
      const found = await chain.tx(Buffer.from(hash, 'hex'));
      if (found === undefined) throw new ServiceError(grpcStatus.notFound, `tx not found: ${hash}`);
      return response(found);
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
          const { code, codespace, log } = await chain.broadcast(txBytes);
          return { txResponse: { ...empty, txhash, code, codespace, rawLog: log } };
        } catch (error) {
          if (!(error instanceof NotAdmitted)) throw error;
          return {
            txResponse: { ...empty, txhash, code: admissionCodes[error.why], codespace: 'sdk', rawLog: error.message },
          };
        }
      },
    ),
    '/cosmos.tx.v1beta1.Service/GetBlockWithTxs': typed(
      GetBlockWithTxsRequest,
      GetBlockWithTxsResponse,
      async ({ height, pagination }) => {
        const found = await blockOf(chain, height);
        // The first "transaction" may be price votes: it is none.
        const txs = found.txs.flatMap((bytes, index) => (bytes[0] === 0 ? [] : [{ bytes, index }]));
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
