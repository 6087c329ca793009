import { setTimeout as sleep } from 'node:timers/promises';
import { consensusAddress } from '../../crypto/address.js';
import { sha256 } from '../../crypto/hash.js';
import type { StoredBlock } from '../block-store.js';
import { cometVersion, type EmbeddedEngine } from '../engine.js';
import { timestampOf } from '../time.js';
import { MempoolError } from '../mempool.js';
import * as json from './json.js';
import { InvalidParams, pageOf, RpcFailure, type Params } from './params.js';
import { matches, parseQuery, tagsOf } from './query-language.js';

export type Route = (params: Params) => Promise<unknown>;

/** Blocks that one search reads at most; narrow it by tx.height or block.height. */
const searchWindow = 20_000n;
/** Transactions that broadcast_tx_async lets wait for CheckTx at once. */
export const maxUnchecked = 5_000;
/** How long broadcast_tx_commit waits for a block. */
const commitTimeoutMs = 10_000;
const genesisChunkBytes = 16 * 1024 * 1024;

export interface NodeIdentity {
  /** 40 hex characters. */
  readonly nodeId: string;
  readonly moniker: string;
  readonly listenAddress: string;
}

/** The methods of CometBFT's RPC that need no connection of their own. */
export function routes(engine: EmbeddedEngine, identity: () => NodeIdentity): Readonly<Record<string, Route>> {
  const validatorJson = (publicKey: Uint8Array, power: bigint) => ({
    address: json.hex(consensusAddress(publicKey)),
    pub_key: { type: 'tendermint/PubKeyEd25519', value: json.base64(publicKey) },
    voting_power: power.toString(),
  });

  function heightOf(params: Params): bigint {
    const asked = params.integer('height');
    const latest = engine.height;
    if (asked === undefined || asked === 0n) {
      if (latest === 0n) throw new RpcFailure('no block has been produced yet');
      return latest;
    }
    if (asked < 0n) throw new RpcFailure('height must be greater than 0');
    if (asked > latest) {
      throw new RpcFailure(`height ${asked} must be less than or equal to the current blockchain height ${latest}`);
    }
    if (asked < engine.earliestHeight) {
      throw new RpcFailure(`height ${asked} is not available, lowest height is ${engine.earliestHeight}`);
    }
    return asked;
  }

  async function stored(height: bigint): Promise<StoredBlock> {
    const block = await engine.block(height);
    if (block === undefined) throw new RpcFailure(`block ${height} is not stored`);
    return block;
  }

  async function findByHash(params: Params): Promise<StoredBlock | undefined> {
    const hash = Buffer.from(params.bytes('hash'));
    for (let height = engine.height; height >= engine.earliestHeight; height--) {
      const block = await stored(height);
      if (hash.equals(Buffer.from(block.commit.blockId.hash))) return block;
    }
    return undefined;
  }

  const blockJson = ({ block, commit }: StoredBlock) => ({
    block_id: json.blockId(commit.blockId),
    block: json.block(block),
  });

  async function txAt(height: bigint, index: number) {
    const { block } = await stored(height);
    const results = (await engine.store.results(Number(height)))!;
    const tx = block.data.txs[index]!;
    return {
      hash: json.hex(sha256(tx)),
      height: height.toString(),
      index,
      tx_result: json.txResult(results.txResults[index]!),
      tx: json.base64(tx),
    };
  }

  /** Heights that a query can concern: narrowed by its conditions on height. */
  function heightsOf(conditions: ReturnType<typeof parseQuery>, tag: string): readonly [bigint, bigint] {
    let low = engine.earliestHeight;
    let high = engine.height;
    for (const condition of conditions) {
      if (condition.tag !== tag || typeof condition.value !== 'bigint') continue;
      const { operator, value } = condition;
      if (operator === '=' || operator === '>=' || operator === '>') {
        const least = operator === '>' ? value + 1n : value;
        if (least > low) low = least;
      }
      if (operator === '=' || operator === '<=' || operator === '<') {
        const most = operator === '<' ? value - 1n : value;
        if (most < high) high = most;
      }
    }
    // Newest first matters most: an unbounded search looks back over the window.
    if (high - low >= searchWindow) low = high - searchWindow + 1n;
    return [low, high];
  }

  function query(params: Params) {
    try {
      return parseQuery(params.text('query'));
    } catch (error) {
      throw new InvalidParams(`query: ${(error as Error).message}`);
    }
  }

  function isDescending(params: Params): boolean {
    const order = params.text('order_by', '');
    if (order !== '' && order !== 'asc' && order !== 'desc') throw new InvalidParams('order_by: expected asc or desc');
    return order === 'desc';
  }

  /** Transactions of broadcast_tx_async that are still being checked. */
  let unchecked = 0;

  const broadcast = async (tx: Uint8Array) => {
    try {
      return await engine.broadcastTx(tx);
    } catch (error) {
      if (error instanceof MempoolError) throw new RpcFailure(error.message);
      throw error;
    }
  };

  return {
    health: async () => ({}),
    status: async () => {
      const { nodeId, moniker, listenAddress } = identity();
      const latest = engine.height === 0n ? undefined : await stored(engine.height);
      const earliest = engine.height === 0n ? undefined : await stored(engine.earliestHeight);
      return {
        node_info: {
          protocol_version: { p2p: '8', block: '11', app: '0' },
          id: nodeId,
          listen_addr: listenAddress,
          network: engine.chainId,
          version: cometVersion,
          channels: '40202122233038606100',
          moniker,
          other: { tx_index: 'on', rpc_address: listenAddress },
        },
        sync_info: {
          latest_block_hash: latest === undefined ? '' : json.hex(latest.commit.blockId.hash),
          latest_app_hash: json.hex(engine.appHash),
          latest_block_height: engine.height.toString(),
          latest_block_time: json.time(latest?.block.header.time ?? timestampOf(engine.timeMs)),
          earliest_block_hash: earliest === undefined ? '' : json.hex(earliest.commit.blockId.hash),
          earliest_app_hash: json.hex(earliest?.block.header.appHash ?? engine.appHash),
          earliest_block_height: engine.earliestHeight.toString(),
          earliest_block_time: json.time(earliest?.block.header.time ?? timestampOf(engine.timeMs)),
          catching_up: false,
        },
        validator_info: validatorJson(
          engine.validator.publicKey,
          engine.validators.find(engine.validator.address)?.power ?? 0n,
        ),
      };
    },
    net_info: async () => ({ listening: true, listeners: [identity().listenAddress], n_peers: '0', peers: [] }),
    genesis: async () => ({ genesis: engine.genesis }),
    genesis_chunked: async (params) => {
      const text = Buffer.from(JSON.stringify(engine.genesis));
      const total = Math.ceil(text.length / genesisChunkBytes);
      const chunk = Number(params.integer('chunk') ?? 0n);
      if (chunk < 0 || chunk >= total) throw new RpcFailure(`there are ${total} chunks, chunk ${chunk} does not exist`);
      const data = text.subarray(chunk * genesisChunkBytes, (chunk + 1) * genesisChunkBytes).toString('base64');
      return { chunk: String(chunk), total: String(total), data };
    },
    abci_info: async () => {
      const info = await engine.app.info({
        version: cometVersion,
        blockVersion: 11n,
        p2pVersion: 8n,
        abciVersion: '2.0.0',
      });
      return {
        response: {
          data: info.data,
          version: info.version,
          last_block_height: info.lastBlockHeight.toString(),
          last_block_app_hash: json.base64(info.lastBlockAppHash),
        },
      };
    },
    abci_query: async (params) => {
      const height = params.integer('height') ?? 0n;
      const response = await engine.app.query({
        path: params.text('path', ''),
        data: params.hexBytes('data'),
        height,
        prove: params.boolean('prove'),
      });
      return {
        response: {
          code: response.code,
          log: response.log,
          info: response.info,
          index: response.index.toString(),
          key: response.key.length === 0 ? null : json.base64(response.key),
          value: response.value.length === 0 ? null : json.base64(response.value),
          proofOps:
            response.proofOps === undefined
              ? null
              : {
                  ops: response.proofOps.ops.map(({ type, key, data }) => ({
                    type,
                    key: json.base64(key),
                    data: json.base64(data),
                  })),
                },
          height: response.height.toString(),
          codespace: response.codespace,
        },
      };
    },
    check_tx: async (params) => json.txResult({ ...(await engine.app.checkTx({ tx: params.bytes('tx'), type: 0 })) }),
    broadcast_tx_sync: async (params) => {
      const tx = params.bytes('tx');
      const { code, data, log, codespace } = await broadcast(tx);
      return { code, data: json.hex(data), log, codespace, hash: json.hex(sha256(tx)) };
    },
    broadcast_tx_async: async (params) => {
      const tx = params.bytes('tx');
      // Nobody waits for the answer, so nothing else slows the sender down.
      if (unchecked >= maxUnchecked) throw new RpcFailure(`${maxUnchecked} transactions are waiting to be checked`);
      unchecked++;
      // Fire and forget: its fate is found by its hash.
      engine
        .broadcastTx(tx)
        .catch(() => {})
        .finally(() => unchecked--);
      return { code: 0, data: '', log: '', codespace: '', hash: json.hex(sha256(tx)) };
    },
    broadcast_tx_commit: async (params) => {
      const tx = params.bytes('tx');
      const checked = await broadcast(tx);
      const base = { check_tx: json.txResult({ ...checked }), hash: json.hex(sha256(tx)) };
      const failed = {
        code: 0,
        data: null,
        log: '',
        info: '',
        gas_wanted: '0',
        gas_used: '0',
        events: [],
        codespace: '',
      };
      if (checked.code !== 0) return { ...base, tx_result: failed, height: '0' };
      const until = Date.now() + commitTimeoutMs;
      for (;;) {
        const place = await engine.findTx(sha256(tx));
        if (place !== undefined && BigInt(place.height) <= engine.height) {
          const found = await txAt(BigInt(place.height), place.index);
          return { ...base, tx_result: found.tx_result, height: found.height };
        }
        if (Date.now() > until) throw new RpcFailure('timed out waiting for tx to be included in a block');
        await sleep(50);
      }
    },
    tx: async (params) => {
      const hash = params.bytes('hash');
      const place = await engine.findTx(hash);
      if (place === undefined || BigInt(place.height) > engine.height)
        throw new RpcFailure(`tx (${json.hex(hash)}) not found`);
      return txAt(BigInt(place.height), place.index);
    },
    tx_search: async (params) => {
      const conditions = query(params);
      const descending = isDescending(params);
      const found: { height: bigint; index: number }[] = [];
      const byHash = conditions.find(({ tag, operator }) => tag === 'tx.hash' && operator === '=');
      if (byHash !== undefined) {
        const place = await engine.findTx(Buffer.from(String(byHash.value), 'hex'));
        if (place !== undefined && BigInt(place.height) <= engine.height)
          found.push({ height: BigInt(place.height), index: place.index });
      } else {
        const [low, high] = heightsOf(conditions, 'tx.height');
        for (let height = low; height <= high; height++) {
          const results = await engine.store.results(Number(height));
          if (results === undefined || results.txResults.length === 0) continue;
          const { block } = await stored(height);
          for (const [index, result] of results.txResults.entries()) {
            const tags = tagsOf(result.events, {
              'tm.event': 'Tx',
              'tx.hash': json.hex(sha256(block.data.txs[index]!)),
              'tx.height': String(height),
            });
            if (matches(conditions, tags)) found.push({ height, index });
          }
        }
      }
      if (descending) found.reverse();
      const { start, end } = pageOf(params, found.length);
      const txs = [];
      for (const { height, index } of found.slice(start, end)) txs.push(await txAt(height, index));
      return { txs, total_count: String(found.length) };
    },
    block_search: async (params) => {
      const conditions = query(params);
      const descending = isDescending(params);
      const [low, high] = heightsOf(conditions, 'block.height');
      const found: bigint[] = [];
      for (let height = low; height <= high; height++) {
        const results = await engine.store.results(Number(height));
        if (results === undefined) continue;
        if (matches(conditions, tagsOf(results.events, { 'tm.event': 'NewBlock', 'block.height': String(height) })))
          found.push(height);
      }
      if (descending) found.reverse();
      const { start, end } = pageOf(params, found.length);
      const blocks = [];
      for (const height of found.slice(start, end)) blocks.push(blockJson(await stored(height)));
      return { blocks, total_count: String(found.length) };
    },
    block: async (params) => blockJson(await stored(heightOf(params))),
    block_by_hash: async (params) => {
      const found = await findByHash(params);
      return found === undefined
        ? { block_id: { hash: '', parts: { total: 0, hash: '' } }, block: null }
        : blockJson(found);
    },
    header: async (params) => ({ header: json.header((await stored(heightOf(params))).block.header) }),
    header_by_hash: async (params) => {
      const found = await findByHash(params);
      return { header: found === undefined ? null : json.header(found.block.header) };
    },
    block_results: async (params) => {
      const height = heightOf(params);
      const results = (await engine.store.results(Number(height)))!;
      return {
        height: height.toString(),
        txs_results: results.txResults.map(json.txResult),
        finalize_block_events: json.events(results.events),
        validator_updates:
          results.validatorUpdates.length === 0 ? null : results.validatorUpdates.map(json.validatorUpdate),
        consensus_param_updates: null,
        app_hash: json.base64(results.appHash),
      };
    },
    blockchain: async (params) => {
      const latest = engine.height;
      const asked = params.integer('maxHeight') ?? 0n;
      const max = asked === 0n || asked > latest ? latest : asked;
      const least = params.integer('minHeight') ?? 0n;
      const min = [least, engine.earliestHeight, max - 19n].reduce((a, b) => (a > b ? a : b));
      if (min > max) throw new InvalidParams(`minHeight: ${least} is above maxHeight ${max}`);
      const metas = [];
      for (let height = max; height >= min; height--) {
        const { block, commit, size } = await stored(height);
        metas.push({
          block_id: json.blockId(commit.blockId),
          block_size: String(size),
          header: json.header(block.header),
          num_txs: String(block.data.txs.length),
        });
      }
      return { last_height: latest.toString(), block_metas: metas };
    },
    commit: async (params) => {
      const height = heightOf(params);
      const { block, commit } = await stored(height);
      return {
        signed_header: { header: json.header(block.header), commit: json.commit(commit) },
        canonical: height < engine.height,
      };
    },
    validators: async (params) => {
      // The set of the next block is known before it.
      const asked = params.integer('height');
      const height = asked === engine.height + 1n ? asked : heightOf(params);
      const set = await engine.validatorsAt(height);
      if (set === undefined) throw new RpcFailure(`validators of height ${height} are not stored`);
      const { start, end } = pageOf(params, set.validators.length);
      const page = set.validators.slice(start, end);
      return {
        block_height: height.toString(),
        validators: page.map(({ publicKey, power, priority }) => ({
          ...validatorJson(publicKey, power),
          proposer_priority: priority.toString(),
        })),
        count: String(page.length),
        total: String(set.validators.length),
      };
    },
    consensus_params: async (params) => ({
      block_height: heightOf(params).toString(),
      consensus_params: json.consensusParams(engine.consensusParams),
    }),
    consensus_state: async () => ({
      round_state: { 'height/round/step': `${engine.height + 1n}/0/1`, height_vote_set: [] },
    }),
    dump_consensus_state: async () => ({
      round_state: { height: String(engine.height + 1n), round: 0, step: 1 },
      peers: [],
    }),
    unconfirmed_txs: async (params) => {
      const limit = Number(params.integer('limit') ?? 30n);
      const txs = engine.mempool.list(Math.min(Math.max(limit, 1), 100));
      return {
        n_txs: String(txs.length),
        total: String(engine.mempool.size),
        total_bytes: String(engine.mempool.bytes),
        txs: txs.map(json.base64),
      };
    },
    num_unconfirmed_txs: async () => ({
      n_txs: String(engine.mempool.size),
      total: String(engine.mempool.size),
      total_bytes: String(engine.mempool.bytes),
      txs: null,
    }),
  };
}
