import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Client, credentials } from '@grpc/grpc-js';
import {
  GetBlockByHeightRequest,
  GetBlockByHeightResponse,
  GetLatestValidatorSetResponse,
  GetNodeInfoResponse,
} from '../../gen/cosmos/base/tendermint/v1beta1/query.js';
import { QueryPriceRequest, QueryPriceResponse } from '../../gen/plimsoll/oracle/v1/query.js';
import { needsComet } from './support/comet-program.js';
import { Trader } from './support/load.js';
import { chainId, Network } from './support/network.js';

/** Unary calls in bytes. */
function grpcClient(address: string): (path: string, request: Uint8Array) => Promise<Buffer> {
  const client = new Client(address, credentials.createInsecure());
  const same = (bytes: Buffer): Buffer => bytes;
  return (path, request) =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(path, same, same, Buffer.from(request), (error, reply) =>
        error === null ? resolve(reply!) : reject(error),
      );
    });
}

const blocksUnderLoad = Number(process.env['PLIMSOLL_NETWORK_BLOCKS'] ?? '15');

describe('four validators on CometBFT', { concurrency: false, ...needsComet }, () => {
  let network: Network;
  before(async () => {
    network = await Network.create({ validators: 4 });
    await network.start();
    await network.reach(3);
  });
  after(() => network.remove());

  test(`agree on every block and state over ${blocksUnderLoad} blocks of trades, each taking its own client's`, async () => {
    const traders = await Promise.all(network.nodes.map((node, index) => Trader.connect(node, index)));
    const from = await network.tip();
    const runs = traders.map((trader) => trader.run());
    await Promise.race([network.reach(from + blocksUnderLoad, 60_000 + 3_000 * blocksUnderLoad), Promise.all(runs)]);
    for (const trader of traders) trader.stop();
    await Promise.all(runs);
    for (const trader of traders) assert.ok(trader.included >= 1, `${trader.address}: ${trader.admitted} admitted`);
    const to = from + blocksUnderLoad;
    const blocks = await network.agreed(1, to);
    assert.equal(new Set(blocks.map(({ proposer }) => proposer)).size, 4, 'every validator proposes');
    assert.ok(new Set(blocks.map(({ appHash }) => appHash)).size > blocksUnderLoad, 'the state moves');
    assert.deepEqual(
      network.nodes.flatMap((node) => node.mismatches()),
      [],
    );
  });

  test('each answers over gRPC what CometBFT knows: blocks, validators, its own state', async () => {
    for (const node of network.nodes) {
      const ask = grpcClient(node.grpc);
      const service = '/cosmos.base.tendermint.v1beta1.Service';
      const block = GetBlockByHeightResponse.decode(
        await ask(`${service}/GetBlockByHeight`, GetBlockByHeightRequest.encode({ height: 5n }).finish()),
      );
      const header = (await node.header(5))!;
      assert.equal(Buffer.from(block.blockId!.hash).toString('hex').toUpperCase(), header.hash);
      assert.equal(Buffer.from(block.block!.header!.appHash).toString('hex').toUpperCase(), header.appHash);
      const set = GetLatestValidatorSetResponse.decode(
        await ask(`${service}/GetLatestValidatorSet`, new Uint8Array(0)),
      );
      assert.deepEqual(
        set.validators.map(({ votingPower }) => votingPower),
        [10n, 10n, 10n, 10n],
      );
      const info = GetNodeInfoResponse.decode(await ask(`${service}/GetNodeInfo`, new Uint8Array(0)));
      assert.equal(info.defaultNodeInfo!.network, chainId);
      await assert.rejects(
        ask(`${service}/GetBlockByHeight`, GetBlockByHeightRequest.encode({ height: 10_000_000n }).finish()),
        /height 10000000 is not available/,
      );
      const latest = QueryPriceResponse.decode(
        await ask('/plimsoll.oracle.v1.Query/Price', QueryPriceRequest.encode({ pairId: 1 }).finish()),
      );
      assert.ok(latest.price!.price!.price > 0n);
    }
  });
});
