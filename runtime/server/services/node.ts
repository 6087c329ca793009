import {
  ConfigRequest,
  ConfigResponse,
  StatusRequest,
  StatusResponse,
} from '../../../gen/cosmos/base/node/v1beta1/query.js';
import { typed, type NodeContext, type NodeService } from '../node-service.js';

/** This node's settings and height. */
export function nodeService({ chain, minGasPrices, earliestStoreHeight, pruning }: NodeContext): NodeService {
  return {
    '/cosmos.base.node.v1beta1.Service/Config': typed(ConfigRequest, ConfigResponse, async () => ({
      minimumGasPrice: minGasPrices,
      // Zero is how Cosmos nodes say "all".
      pruningKeepRecent: pruning.keepRecent === Infinity ? '0' : String(pruning.keepRecent),
      pruningInterval: pruning.keepRecent === Infinity ? '0' : String(pruning.interval),
      haltHeight: 0n,
    })),
    '/cosmos.base.node.v1beta1.Service/Status': typed(StatusRequest, StatusResponse, async () => {
      const { height, time, appHash } = await chain.status();
      return {
        earliestStoreHeight: earliestStoreHeight(),
        height,
        timestamp: time,
        appHash,
        validatorHash: new Uint8Array(0),
      };
    }),
  };
}
