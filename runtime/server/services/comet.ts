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
import { PubKey } from '../../../gen/cosmos/crypto/ed25519/keys.js';
import { toBech32 } from '../../crypto/address.js';
import { cometVersion } from '../../engine/engine.js';
import { grpcStatus, ServiceError, typed, type NodeContext, type NodeService } from '../node-service.js';
import { toAny } from './any.js';
import { blockOf } from './block.js';

/** Clients derive features from the SDK version that a chain names: the one whose services these are. */
const sdkVersion = 'v0.50.0';

/** The consensus engine through Cosmos' own service. */
export function cometService(node: NodeContext): NodeService {
  const { engine } = node;
  const service = '/cosmos.base.tendermint.v1beta1.Service';
  const validators = () => [
    {
      address: toBech32(engine.validator.address, 'plimvalcons'),
      pubKey: toAny('cosmos.crypto.ed25519.PubKey', PubKey.encode({ key: engine.validator.publicKey }).finish()),
      votingPower: engine.power,
      proposerPriority: 0n,
    },
  ];
  const pagination = { nextKey: new Uint8Array(0), total: 1n };
  return {
    [`${service}/GetNodeInfo`]: typed(GetNodeInfoRequest, GetNodeInfoResponse, async () => ({
      defaultNodeInfo: {
        protocolVersion: { p2p: 8n, block: 11n, app: 0n },
        defaultNodeId: Buffer.from(engine.validator.address).toString('hex'),
        listenAddr: '',
        network: engine.chainId,
        version: cometVersion,
        channels: new Uint8Array(0),
        moniker: node.moniker,
        other: { txIndex: 'on', rpcAddress: '' },
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
    })),
    [`${service}/GetSyncing`]: typed(GetSyncingRequest, GetSyncingResponse, async () => ({ syncing: false })),
    [`${service}/GetLatestBlock`]: typed(GetLatestBlockRequest, GetLatestBlockResponse, async () =>
      blockOf(engine, engine.height),
    ),
    [`${service}/GetBlockByHeight`]: typed(GetBlockByHeightRequest, GetBlockByHeightResponse, async ({ height }) =>
      blockOf(engine, height),
    ),
    [`${service}/GetLatestValidatorSet`]: typed(
      GetLatestValidatorSetRequest,
      GetLatestValidatorSetResponse,
      async () => ({
        blockHeight: engine.height,
        validators: validators(),
        pagination,
      }),
    ),
    [`${service}/GetValidatorSetByHeight`]: typed(
      GetValidatorSetByHeightRequest,
      GetValidatorSetByHeightResponse,
      async ({ height }) => {
        if (height < 1n || height > engine.height) {
          throw new ServiceError(
            grpcStatus.invalidArgument,
            `height ${height} is not available: newest is ${engine.height}`,
          );
        }
        return { blockHeight: height, validators: validators(), pagination };
      },
    ),
    [`${service}/ABCIQuery`]: typed(ABCIQueryRequest, ABCIQueryResponse, async ({ data, path, height, prove }) => {
      const answer = await engine.app.query({ data, path, height, prove });
      return { ...answer, proofOps: answer.proofOps };
    }),
  };
}
