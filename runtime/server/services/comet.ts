import {
  ABCIQueryRequest,
  ABCIQueryResponse,
  GetBlockByHeightRequest,
  GetBlockByHeightResponse,
  GetLatestBlockRequest,
  GetLatestBlockResponse,
  GetLatestValidatorSetRequest,
  GetLatestValidatorSetResponse,
  GetNodeInfoRequest,
  GetNodeInfoResponse,
  GetSyncingRequest,
  GetSyncingResponse,
  GetValidatorSetByHeightRequest,
  GetValidatorSetByHeightResponse,
} from '../../../gen/cosmos/base/tendermint/v1beta1/query.js';
import type { PageRequest } from '../../../gen/cosmos/base/query/v1beta1/pagination.js';
import { PubKey } from '../../../gen/cosmos/crypto/ed25519/keys.js';
import { paginate } from '../../baseapp/pagination.js';
import { toBech32 } from '../../crypto/address.js';
import { cometVersion } from '../../engine/engine.js';
import { typed, type NodeContext, type NodeService } from '../node-service.js';
import { toAny } from './any.js';
import { blockOf, notAvailable } from './block.js';

/** Clients derive features from the SDK version that a chain names: the one whose services these are. */
const sdkVersion = 'v0.50.0';

/** The consensus engine through Cosmos' own service. */
export function cometService(node: NodeContext): NodeService {
  const { app, chain } = node;
  const service = '/cosmos.base.tendermint.v1beta1.Service';
  async function validators(height: bigint, pagination: PageRequest | undefined) {
    const set = (await chain.validators(height)) ?? (await notAvailable(chain, height));
    const page = paginate(
      set,
      pagination,
      ({ address }) => address,
      ({ address, publicKey, power, proposerPriority }) => ({
        address: toBech32(address, 'plimvalcons'),
        pubKey: toAny('cosmos.crypto.ed25519.PubKey', PubKey.encode({ key: publicKey }).finish()),
        votingPower: power,
        proposerPriority,
      }),
    );
    return {
      blockHeight: height,
      validators: page.items,
      pagination: { ...page.pagination, total: BigInt(set.length) },
    };
  }
  return {
    [`${service}/GetNodeInfo`]: typed(GetNodeInfoRequest, GetNodeInfoResponse, async () => {
      const { id, listenAddress, rpcAddress } = await chain.identity();
      return {
        defaultNodeInfo: {
          protocolVersion: { p2p: 8n, block: 11n, app: 0n },
          defaultNodeId: id,
          listenAddr: listenAddress,
          network: chain.chainId,
          version: cometVersion,
          channels: new Uint8Array(0),
          moniker: node.moniker,
          other: { txIndex: 'on', rpcAddress },
        },
        applicationVersion: {
          name: node.appName,
          appName: `${node.appName}d`,
          version: node.appVersion,
          gitCommit: '',
          buildTags: '',
          goVersion: '',
          buildDeps: [],
          cosmosSdkVersion: sdkVersion,
        },
      };
    }),
    [`${service}/GetSyncing`]: typed(GetSyncingRequest, GetSyncingResponse, async () => ({
      syncing: (await chain.status()).syncing,
    })),
    [`${service}/GetLatestBlock`]: typed(GetLatestBlockRequest, GetLatestBlockResponse, async () =>
      blockOf(chain, await chain.height()),
    ),
    [`${service}/GetBlockByHeight`]: typed(GetBlockByHeightRequest, GetBlockByHeightResponse, async ({ height }) =>
      blockOf(chain, height),
    ),
    [`${service}/GetLatestValidatorSet`]: typed(
      GetLatestValidatorSetRequest,
      GetLatestValidatorSetResponse,
      async ({ pagination }) => validators(await chain.height(), pagination),
    ),
    [`${service}/GetValidatorSetByHeight`]: typed(
      GetValidatorSetByHeightRequest,
      GetValidatorSetByHeightResponse,
      async ({ height, pagination }) => validators(height, pagination),
    ),
    [`${service}/ABCIQuery`]: typed(ABCIQueryRequest, ABCIQueryResponse, async ({ data, path, height, prove }) => {
      const answer = await app.query({ data, path, height, prove });
      return { ...answer, proofOps: answer.proofOps };
    }),
  };
}
