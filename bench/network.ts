import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ExtendedCommitInfo } from 'cosmjs-types/tendermint/abci/types';
import { ChainClient } from '../cmd/plimsolld/chain-client.js';
import { demoAccounts } from '../cmd/plimsolld/devnet/demo.js';
import { keyFromMnemonic } from '../cmd/plimsolld/keyring/keyring.js';
import { signDirect } from '../cmd/plimsolld/tx/sign.js';
import { MsgSend } from '../gen/cosmos/bank/v1beta1/tx.js';
import { VoteExtension } from '../gen/plimsoll/oracle/v1/oracle.js';
import { comet } from '../test/network/support/comet-program.js';
import { Network, chainId, type NetworkNode } from '../test/network/support/network.js';
import { Daemon } from '../test/network/support/process.js';
import { benchApp, benchEngine, benchState, chainId as benchChainId, fund, traderWallets } from './chain.js';
import { measurement, quick, timedAsync, type Measurements } from './measure.js';

/** Transactions of each of four accounts, each at a node of its own. */
const txsPerAccount = quick ? 50 : 500;
const idleBlocks = quick ? 5 : 30;
/** CometBFT takes no more calls in one request. */
const batch = 10;

/**
 * Four validators on this machine, each two processes, beside CometBFT's own
 * kvstore example with the same settings: how fast blocks come when nothing
 * is traded (but prices are voted), and how fast signed transfers get into
 * blocks. kvstore checks no signature and votes no price.
 */
export async function networkBench(): Promise<Measurements> {
  if (comet === undefined) return {};
  const kvstore = await measured(await kvstoreNetwork(), keyValues);
  const running = await plimsollNetwork();
  let settled = 0;
  const plimsoll = await measured(running, async (node, index) => {
    if (index === 0) settled = await blocksToSettlement(node);
    return transfers(node, index);
  });
  return {
    'network.reportToSettlement': measurement(settled, 'blocks', 1),
    'network.blocksPerSecond': measurement(plimsoll.blocks, 'blocks/s', kvstore.blocks),
    'network.signedTxPerSecond': measurement(plimsoll.txs, 'tx/s', kvstore.txs),
    'network.signedTxVsEmbedded': measurement(plimsoll.txs, 'tx/s', await embeddedTransfers()),
    ...extensionSizes(),
  };
}

interface Running {
  readonly nodes: readonly NetworkNode[];
  stop(): Promise<void>;
}

async function plimsollNetwork(): Promise<Running> {
  const main = join('dist', 'cmd', 'plimsolld', 'main.js');
  const network = await Network.create({
    validators: 4,
    timeoutCommit: '0s',
    scripts: Object.fromEntries([0, 1, 2, 3].map((index) => [index, [main, 'start']])),
  });
  await network.start();
  return { nodes: network.nodes, stop: () => network.remove() };
}

/** The same homes with the example application inside CometBFT. */
async function kvstoreNetwork(): Promise<Running> {
  const network = await Network.create({ validators: 4, timeoutCommit: '0s' });
  const daemons = network.nodes.map(({ home }) => {
    const path = join(home, 'config', 'genesis.json');
    const genesis = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    const params = genesis['consensus_params'] as object;
    const plain = {
      ...genesis,
      app_state: {},
      consensus_params: { ...params, abci: { vote_extensions_enable_height: '0' } },
    };
    writeFileSync(path, JSON.stringify(plain));
    const daemon = new Daemon(comet!, ['start', '--home', home, '--proxy_app', 'kvstore'], join(home, 'cometbft.log'));
    daemon.start();
    return daemon;
  });
  return {
    nodes: network.nodes,
    stop: async () => {
      await Promise.all(daemons.map((daemon) => daemon.end('SIGKILL')));
      await network.remove();
    },
  };
}

/** Blocks per second without transactions, then transactions per second from the first to the last block that has any. */
async function measured(
  network: Running,
  load: (node: NetworkNode, index: number) => Promise<string[]>,
): Promise<{ readonly blocks: number; readonly txs: number }> {
  const { nodes } = network;
  try {
    await Promise.all(nodes.map((node) => node.reach(3)));
    const from = await nodes[0]!.height();
    const started = Date.now();
    await nodes[0]!.reach(from + idleBlocks);
    const blocks = ((await nodes[0]!.height()) - from) / ((Date.now() - started) / 1_000);

    const txs = await Promise.all(nodes.map(load));
    const first = await nodes[0]!.height();
    const loaded = Date.now();
    await Promise.all(nodes.map((node, index) => broadcast(node, txs[index]!)));
    const wanted = txs.reduce((sum, list) => sum + list.length, 0);
    await included(nodes[0]!, first, wanted);
    return { blocks, txs: (wanted * 1_000) / (Date.now() - loaded) };
  } finally {
    await network.stop();
  }
}

/** The same transfers per second through one embedded engine without sockets: CheckTx, proposal, block and commit. */
async function embeddedTransfers(): Promise<number> {
  const app = await benchApp();
  const state = benchState(app);
  const wallets = traderWallets(4);
  fund(state, wallets, 1_000_000n);
  const { engine, block } = await benchEngine(app, state);
  const txs = wallets.flatMap((wallet) => {
    const { number } = app.plimsoll.keepers.auth.account(app.store.at(), wallet.address)!;
    const send = MsgSend.encode({
      fromAddress: wallet.bech32,
      toAddress: wallet.bech32,
      amount: [{ denom: 'uusdc', amount: '1' }],
    }).finish();
    const message = { typeUrl: '/cosmos.bank.v1beta1.MsgSend', value: send };
    return Array.from({ length: txsPerAccount }, (_, sequence) =>
      wallet.sign([message], benchChainId, { number, sequence: BigInt(sequence) }),
    );
  });
  const ms = await timedAsync(async () => {
    for (const tx of txs) {
      const { code, log } = await engine.broadcastTx(tx);
      if (code !== 0) throw new Error(`a transaction was refused: ${log}`);
    }
    await block();
  });
  await engine.stop();
  await app.store.close();
  return (txs.length * 1_000) / ms;
}

/**
 * Blocks between the one whose votes report a price and the one that settles
 * at it: the oracle's price of a block is compared with the reports that the
 * block carries, which were signed with the votes on the block before it.
 */
async function blocksToSettlement(node: NetworkNode): Promise<number> {
  const height = await node.height();
  const block = await node.ask<{ block: { data: { txs: string[] } } }>(`block?height=${height}`);
  const results = await node.ask<{ finalize_block_events: Event[] }>(`block_results?height=${height}`);
  const commit = ExtendedCommitInfo.decode(Buffer.from(block!.block.data.txs[0]!, 'base64').subarray(markerLength));
  const reported = commit.votes.flatMap(({ voteExtension }) => VoteExtension.decode(voteExtension).reports);
  const accepted = results!.finalize_block_events
    .filter(({ type }) => type === 'plimsoll.oracle.v1.EventPrice')
    .map(({ attributes }) =>
      Object.fromEntries(attributes.map(({ key, value }) => [key, JSON.parse(value) as unknown])),
    );
  const agree = accepted.every(({ pair_id: id, raw_price: price }) =>
    reported.some((report) => report.pairId === id && report.price.toString() === price),
  );
  if (accepted.length === 0 || !agree) throw new Error(`block ${height} settles at prices that nobody reported`);
  return 1;
}

interface Event {
  readonly type: string;
  readonly attributes: readonly { readonly key: string; readonly value: string }[];
}

/** What stands before the extended commit in the first transaction. */
const markerLength = 1 + 'plimsoll/votes/1'.length;

/** Waits until so many transactions are in blocks after a height. */
async function included(node: NetworkNode, after: number, wanted: number): Promise<void> {
  const until = Date.now() + 180_000;
  let count = 0;
  for (let height = after + 1; count < wanted;) {
    const block = await node.ask<{ block: { data: { txs: string[] } } }>(`block?height=${height}`);
    if (block === undefined) {
      if (Date.now() > until) throw new Error(`${count} of ${wanted} transactions are in blocks`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      continue;
    }
    count += block.block.data.txs.filter((tx) => !isVotes(tx)).length;
    height++;
  }
}

/** Injected votes begin with field number zero. */
const isVotes = (tx: string): boolean => Buffer.from(tx, 'base64')[0] === 0;

async function broadcast(node: NetworkNode, txs: readonly string[]): Promise<void> {
  for (let start = 0; start < txs.length; start += batch) {
    const calls = txs
      .slice(start, start + batch)
      .map((tx, index) => ({ jsonrpc: '2.0', id: start + index, method: 'broadcast_tx_async', params: { tx } }));
    const response = await fetch(node.rpc, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(calls),
    });
    const answers = (await response.json()) as readonly { error?: { data?: string } }[];
    const refused = answers.find(({ error }) => error !== undefined);
    if (refused !== undefined) throw new Error(`a transaction was refused: ${JSON.stringify(refused)}`);
  }
}

const keyValues = async (_: NetworkNode, index: number): Promise<string[]> =>
  Array.from({ length: txsPerAccount }, (_, at) => Buffer.from(`k${index}-${at}=v`).toString('base64'));

/** Signed before the clock runs. */
const transfers = async (node: NetworkNode, index: number): Promise<string[]> => {
  const key = keyFromMnemonic(demoAccounts[index]!.mnemonic);
  const send = MsgSend.encode({
    fromAddress: key.address,
    toAddress: key.address,
    amount: [{ denom: 'uplim', amount: '1' }],
  }).finish();
  const message = { typeName: 'cosmos.bank.v1beta1.MsgSend', bytes: send };
  const client = await ChainClient.connect(node.rpc, chainId);
  const { accountNumber } = await client.account(key.address);
  client.close();
  return Array.from({ length: txsPerAccount }, (_, sequence) =>
    Buffer.from(
      signDirect({ messages: [message], fee: [], gasLimit: 200_000n }, key, {
        chainId,
        accountNumber,
        sequence: BigInt(sequence),
      }),
    ).toString('base64'),
  );
};

/** Bytes of a vote extension that reports everything for 50 and for 500 markets; the baseline is 16 bytes a market: an id and a price. */
function extensionSizes(): Measurements {
  const size = (markets: number): number =>
    VoteExtension.encode({
      reports: Array.from({ length: markets }, (_, index) => ({
        pairId: index + 1,
        price: 60_000_000_000n + BigInt(index),
        perpPrice: 60_010_000_000n + BigInt(index),
        depthUsd: 25_000_000n,
        sources: 9,
      })),
    }).finish().length;
  return {
    'oracle.extensionBytes.50': measurement(size(50), 'bytes', 50 * 16),
    'oracle.extensionBytes.500': measurement(size(500), 'bytes', 500 * 16),
  };
}
