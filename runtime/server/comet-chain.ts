import { Comet38Client, toSeconds, type comet38 } from '@cosmjs/tendermint-rpc';
import { ExecTxResult } from 'cosmjs-types/tendermint/abci/types';
import type { Timestamp } from '../../gen/google/protobuf/timestamp.js';
import type { BlockID, Commit, Header } from '../../gen/tendermint/types/types.js';
import { EngineUnavailable, NotAdmitted, type Chain, type ChainBlock } from './chain.js';

type Time = Parameters<typeof toSeconds>[0];

/** A CometBFT process as services see it, through its RPC. `url` is asked only when somebody asks the services. */
export function cometChain(chainId: string, url: string): Chain {
  let connected: Promise<Comet38Client> | undefined;
  async function ask<T>(question: (client: Comet38Client) => Promise<T>): Promise<T> {
    try {
      connected ??= Comet38Client.connect(url);
      return await question(await connected);
    } catch (error) {
      connected = undefined;
      // The client rejects with the JSON of an RPC error, or with what the socket said.
      if (rpcError(error) !== undefined) throw error;
      throw new EngineUnavailable(`CometBFT does not answer at ${url}: ${(error as Error).message}`);
    }
  }
  /** Undefined for a height or hash the engine does not have. */
  async function find<T>(question: (client: Comet38Client) => Promise<T>): Promise<T | undefined> {
    try {
      return await ask(question);
    } catch (error) {
      if (/not found|must be|is not available/.test(rpcError(error) ?? '')) return undefined;
      throw error;
    }
  }
  const status = async (): Promise<comet38.StatusResponse> => ask((client) => client.status());

  return {
    chainId,
    height: async () => BigInt((await status()).syncInfo.latestBlockHeight),
    status: async () => {
      const { syncInfo } = await status();
      return {
        height: BigInt(syncInfo.latestBlockHeight),
        earliestHeight: BigInt(syncInfo.earliestBlockHeight ?? 1),
        time: timestamp(syncInfo.latestBlockTime),
        appHash: syncInfo.latestAppHash,
        syncing: syncInfo.catchingUp,
      };
    },
    identity: async () => {
      const { nodeInfo } = await status();
      return {
        id: Buffer.from(nodeInfo.id).toString('hex'),
        listenAddress: nodeInfo.listenAddr,
        rpcAddress: nodeInfo.other.get('rpc_address') ?? '',
      };
    },
    block: async (height) => {
      const found = await find((client) => client.block(Number(height)));
      return found === undefined ? undefined : blockOf(found);
    },
    tx: async (hash) => {
      const found = await find((client) => client.tx({ hash }));
      if (found === undefined) return undefined;
      const { result } = found;
      return {
        height: BigInt(found.height),
        bytes: found.tx,
        result: ExecTxResult.fromPartial({
          code: result.code,
          codespace: result.codespace ?? '',
          log: result.log ?? '',
          data: result.data ?? new Uint8Array(0),
          gasWanted: result.gasWanted,
          gasUsed: result.gasUsed,
          events: result.events.map(({ type, attributes }) => ({
            type,
            attributes: attributes.map(({ key, value }) => ({ key, value, index: true })),
          })),
        }),
      };
    },
    validators: async (height) => {
      const found = await find((client) => client.validatorsAll(Number(height)));
      return found?.validators.map(({ address, pubkey, votingPower, proposerPriority }) => ({
        address,
        publicKey: pubkey?.data ?? new Uint8Array(0),
        power: votingPower,
        proposerPriority: BigInt(proposerPriority ?? 0),
      }));
    },
    broadcast: async (tx) => {
      try {
        const { code, codespace, log } = await ask((client) => client.broadcastTxSync({ tx }));
        return { code, codespace: codespace ?? '', log: log ?? '' };
      } catch (error) {
        const refusal = rpcError(error);
        if (refusal !== undefined && /already exists|full|too large|greater than max gas/i.test(refusal))
          throw NotAdmitted.of(refusal);
        throw error;
      }
    },
  };
}

/** Text of the error that the engine answered with; undefined when it did not answer. */
function rpcError(error: unknown): string | undefined {
  try {
    const { message, data } = JSON.parse((error as Error).message) as { message?: string; data?: string };
    return message === undefined ? undefined : `${message} ${data ?? ''}`.trim();
  } catch {
    return undefined;
  }
}

function timestamp(time: Time): Timestamp {
  const { seconds, nanos } = toSeconds(time);
  return { seconds: BigInt(seconds), nanos };
}

const blockId = ({ hash, parts }: comet38.BlockId): BlockID => ({ hash, partSetHeader: parts });

function headerOf({ version, height, time, lastBlockId, ...same }: comet38.Header): Header {
  return {
    ...same,
    version: { block: BigInt(version.block), app: BigInt(version.app) },
    height: BigInt(height),
    time: timestamp(time as Time),
    lastBlockId: lastBlockId === null ? undefined : blockId(lastBlockId),
  };
}

function commitOf(commit: comet38.Commit): Commit {
  return {
    height: BigInt(commit.height),
    round: commit.round,
    blockId: blockId(commit.blockId),
    signatures: commit.signatures.map(({ blockIdFlag, validatorAddress, timestamp: at, signature }) => ({
      blockIdFlag: blockIdFlag as number,
      validatorAddress: validatorAddress ?? new Uint8Array(0),
      timestamp: at === undefined ? undefined : timestamp(at as Time),
      signature: signature ?? new Uint8Array(0),
    })),
  };
}

/** Evidence is left out: the RPC client hands it on in no defined form. */
function blockOf({ blockId: id, block }: comet38.BlockResponse): ChainBlock {
  return {
    blockId: blockId(id),
    txs: block.txs,
    block: {
      header: headerOf(block.header),
      data: { txs: [...block.txs] },
      evidence: { evidence: [] },
      lastCommit: block.lastCommit === null ? undefined : commitOf(block.lastCommit),
    },
  };
}
