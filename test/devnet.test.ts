import assert from 'node:assert/strict';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { credentials, makeGenericClientConstructor, Metadata, type MethodDefinition } from '@grpc/grpc-js';
import { DirectSecp256k1HdWallet } from '@cosmjs/proto-signing';
import { Secp256k1HdWallet } from '@cosmjs/amino';
import { SigningStargateClient, StargateClient } from '@cosmjs/stargate';
import { Comet38Client } from '@cosmjs/tendermint-rpc';
import { connectPlimsoll, PerpsQueries } from '../client/index.js';
import { QueryPositionRequest, QueryPositionResponse } from '../gen/plimsoll/perps/v1/query.js';
import { MsgDeposit, MsgPlaceOrder } from '../gen/plimsoll/perps/v1/tx.js';
import { OrderType, Side, TimeInForce } from '../gen/plimsoll/perps/v1/types.js';
import { demoAccounts } from '../cmd/plimsolld/devnet/demo.js';

const run = promisify(execFile);
const main = 'cmd/plimsolld/main.ts';
const args = (...rest: string[]): string[] => ['--import', 'tsx', main, ...rest];

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** A devnet as `make devnet` starts it, in a home of its own. */
class Devnet {
  readonly home = mkdtempSync(join(tmpdir(), 'plimsoll-devnet-'));
  rpc = '';
  grpc = '';
  output = '';
  #child: ChildProcess | undefined;

  async start(): Promise<void> {
    const [rpc, grpc] = [await freePort(), await freePort()];
    this.rpc = `http://127.0.0.1:${rpc}`;
    this.grpc = `127.0.0.1:${grpc}`;
    this.output = '';
    const child = spawn(
      process.execPath,
      args('devnet', '--home', this.home, '--rpc', `127.0.0.1:${rpc}`, '--grpc', this.grpc, '--block-interval', '200'),
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.#child = child;
    await new Promise<void>((resolve, reject) => {
      const read = (data: Buffer): void => {
        this.output += String(data);
        if (/^ready/m.test(this.output)) resolve();
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      child.on('exit', (code) => reject(new Error(`devnet ended with ${code}:\n${this.output}`)));
    });
  }

  /** Ctrl-C; returns the exit code. */
  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<number | null> {
    const child = this.#child!;
    child.removeAllListeners('exit');
    const exited = once(child, 'exit') as Promise<[number | null]>;
    child.kill(signal);
    return (await exited)[0];
  }

  /** Runs plimsolld against this devnet; returns its standard output. */
  async cli(...rest: string[]): Promise<string> {
    const { stdout } = await run(process.execPath, args(...rest, '--home', this.home, '--node', this.rpc), {
      maxBuffer: 1 << 24,
    });
    return stdout;
  }
}

const mnemonicOf = (name: string): string => demoAccounts.find((each) => each.name === name)!.mnemonic;
const direct = (name: string) => DirectSecp256k1HdWallet.fromMnemonic(mnemonicOf(name), { prefix: 'plim' });
const fee = { amount: [], gas: '400000' };

describe('a devnet', { concurrency: false }, () => {
  const devnet = new Devnet();
  before(() => devnet.start());
  after(async () => {
    await devnet.stop('SIGKILL').catch(() => {});
    rmSync(devnet.home, { recursive: true, force: true });
  });

  test('prints its accounts, endpoints and a ready line', () => {
    for (const { name, mnemonic } of demoAccounts)
      assert.ok(devnet.output.includes(name) && devnet.output.includes(mnemonic));
    assert.ok(devnet.output.includes(devnet.rpc) && devnet.output.includes(devnet.grpc));
  });

  test('an unmodified cosmjs client sends tokens, signed direct and as amino JSON, and finds its transaction', async () => {
    const wallet = await direct('alice');
    const amino = await Secp256k1HdWallet.fromMnemonic(mnemonicOf('bob'), { prefix: 'plim' });
    const alice = (await wallet.getAccounts())[0]!.address;
    const bob = (await amino.getAccounts())[0]!.address;
    const sender = await SigningStargateClient.connectWithSigner(devnet.rpc, wallet, { gasPrice: undefined });
    assert.equal(await sender.getChainId(), 'plimsoll-devnet-1');
    const before = BigInt((await sender.getBalance(bob, 'uplim')).amount);
    const sent = await sender.sendTokens(alice, bob, [{ denom: 'uplim', amount: '12345' }], fee, 'hello');
    assert.equal(sent.code, 0);
    assert.equal(BigInt((await sender.getBalance(bob, 'uplim')).amount), before + 12_345n);
    const found = await sender.getTx(sent.transactionHash);
    assert.equal(found?.code, 0);
    assert.ok(found!.events.some(({ type }) => type === 'transfer'));

    const back = await SigningStargateClient.connectWithSigner(devnet.rpc, amino);
    const returned = await back.sendTokens(bob, alice, [{ denom: 'uplim', amount: '345' }], fee);
    assert.equal(returned.code, 0);
    const tooMuch = back.sendTokens(bob, alice, [{ denom: 'uplim', amount: '1'.padEnd(30, '0') }], fee);
    const refused = await tooMuch;
    assert.equal(refused.code, 5, 'insufficient funds fail in the block, with the code clients know');
    const gas = await sender.simulate(
      alice,
      [
        {
          typeUrl: '/cosmos.bank.v1beta1.MsgSend',
          value: { fromAddress: alice, toAddress: bob, amount: [{ denom: 'uplim', amount: '1' }] },
        },
      ],
      '',
    );
    assert.ok(gas > 20_000 && gas < 400_000, `simulated ${gas}`);
    sender.disconnect();
    back.disconnect();
  });

  test('two accounts deposit and trade; the position reads the same by gRPC and abci_query; the Tx event arrives by WebSocket', async () => {
    const clients = await Promise.all(
      ['alice', 'bob'].map(async (name) => {
        const wallet = await direct(name);
        const { address } = (await wallet.getAccounts())[0]!;
        return { address, client: await connectPlimsoll(devnet.rpc, wallet) };
      }),
    );
    const [alice, bob] = clients as [(typeof clients)[0], (typeof clients)[0]];
    const socket = await Comet38Client.connect(devnet.rpc.replace('http', 'ws'));
    const events: number[] = [];
    const subscription = socket
      .subscribeTx("message.action='/plimsoll.perps.v1.MsgPlaceOrder'")
      .subscribe({ next: (event) => events.push(event.height) });

    for (const { address, client } of clients) {
      const message = {
        typeUrl: '/plimsoll.perps.v1.MsgDeposit',
        value: MsgDeposit.fromPartial({ owner: address, amount: { denom: 'uusdc', amount: '20000000000' } }),
      };
      assert.equal((await client.signAndBroadcast(address, [message], fee)).code, 0);
    }
    const comet = await Comet38Client.connect(devnet.rpc);
    const { syncInfo: before } = await comet.status();
    const queries = new PerpsQueries(comet);
    // A tight price between the maker's quotes, so that the two meet each other.
    const mark = (await queries.market(1))!.state!.markPrice;
    const price = (mark / 100_000n) * 100_000n;
    const order = (owner: string, side: Side) => ({
      typeUrl: '/plimsoll.perps.v1.MsgPlaceOrder',
      value: MsgPlaceOrder.fromPartial({
        owner,
        marketId: 1,
        clientId: 77n,
        side,
        type: OrderType.ORDER_TYPE_LIMIT,
        quantity: 5_000_000n,
        price: side === Side.SIDE_BUY ? price + 100_000_000n : price - 100_000_000n,
        timeInForce: TimeInForce.TIME_IN_FORCE_GTC,
      }),
    });
    const placed = await Promise.all([
      alice.client.signAndBroadcast(alice.address, [order(alice.address, Side.SIDE_BUY)], fee),
      bob.client.signAndBroadcast(bob.address, [order(bob.address, Side.SIDE_SELL)], fee),
    ]);
    for (const { code, rawLog } of placed) assert.equal(code, 0, rawLog);
    const position = await queries.position(alice.address, 1);
    assert.equal(position!.position!.quantity, 5_000_000n);
    assert.equal((await queries.position(bob.address, 1))!.position!.quantity, -5_000_000n);

    const identity = (bytes: Buffer): Buffer => bytes;
    const method: MethodDefinition<Buffer, Buffer> = {
      path: '/plimsoll.perps.v1.Query/Position',
      requestStream: false,
      responseStream: false,
      requestSerialize: identity,
      requestDeserialize: identity,
      responseSerialize: identity,
      responseDeserialize: identity,
    };
    const Client = makeGenericClientConstructor({ Position: method }, 'Query');
    const grpc = new Client(devnet.grpc, credentials.createInsecure());
    const ask = (height?: number) =>
      new Promise<Buffer>((resolve, reject) => {
        const metadata = new Metadata();
        if (height !== undefined) metadata.set('x-cosmos-block-height', String(height));
        const request = Buffer.from(
          QueryPositionRequest.encode({ owner: alice.address, number: 0, marketId: 1 }).finish(),
        );
        (
          grpc as unknown as {
            Position(request: Buffer, metadata: Metadata, done: (error: Error | null, reply: Buffer) => void): void;
          }
        ).Position(request, metadata, (error, reply) => (error === null ? resolve(reply) : reject(error)));
      });
    const byGrpc = QueryPositionResponse.decode(await ask()).position!;
    assert.equal(byGrpc.position!.quantity, position!.position!.quantity);
    assert.equal(byGrpc.position!.entryValue, position!.position!.entryValue);
    await assert.rejects(() => ask(before.latestBlockHeight), /NOT_FOUND/, 'before the orders there was no position');
    assert.ok(events.length >= 2, `received ${events.length} Tx events`);
    grpc.close();
    subscription.unsubscribe();
    for (const client of [socket, comet]) client.disconnect();
    for (const { client } of clients) client.disconnect();
  });

  test('the command line trades, asks and explains', async () => {
    const deposited = JSON.parse(
      await devnet.cli(
        'tx',
        'perps',
        'deposit',
        '--from',
        'carol',
        '--amount',
        '5000000000uusdc',
        '--wait',
        '--output',
        'json',
      ),
    ) as { code: number };
    assert.equal(deposited.code, 0);
    const { stdout: address } = await run(process.execPath, args('keys', 'show', 'carol', '-a', '--home', devnet.home));
    const shown = JSON.parse(
      await devnet.cli('query', 'perps', 'subaccount', '--owner', address.trim(), '--number', '0', '--output', 'json'),
    ) as {
      subaccount: { equity: string };
    };
    assert.equal(shown.subaccount.equity, '5000000000');
    const amino = await devnet.cli(
      'tx',
      'perps',
      'withdraw',
      '--from',
      'carol',
      '--amount',
      '1000uusdc',
      '--sign-mode',
      'amino-json',
      '--wait',
    );
    assert.match(amino, /code: 0/);
    await assert.rejects(
      () =>
        devnet.cli(
          'tx',
          'perps',
          'withdraw',
          '--from',
          'carol',
          '--amount',
          '9999999999uusdc',
          '--gas',
          '300000',
          '--wait',
        ),
      (error: { stderr: string; code: number }) =>
        error.code === 1 && /insufficient free collateral/.test(error.stderr),
    );
    const preview = (amount: string) =>
      devnet.cli('tx', 'perps', 'withdraw', '--from', 'carol', '--amount', amount, '--preview', '--output', 'json');
    const { accepted, after } = JSON.parse(await preview('1000uusdc')) as {
      accepted: boolean;
      after: { equity: string };
    };
    assert.deepEqual([accepted, after.equity], [true, '4999998000']);
    const { refusal } = JSON.parse(await preview('9999999999uusdc')) as { refusal: { code: number; log: string } };
    assert.equal(refusal.code, 6);
    assert.match(refusal.log, /insufficient free collateral/);
    await assert.rejects(
      () => devnet.cli('tx', 'perps', 'deposit', '--from', 'carol', '--amount', 'lots'),
      (error: { code: number; stderr: string }) => error.code === 2 && /like 100uusdc/.test(error.stderr),
    );
    await assert.rejects(
      () => devnet.cli('query', 'perps', 'market', '--market-id', '99'),
      /market_id: 99 is not listed/,
    );
    assert.match(await devnet.cli('status'), /chain_id: plimsoll-devnet-1/);
  });

  let height = 0;
  test('Ctrl-C stops it cleanly, and what it stored can be exported', async () => {
    height = await (await StargateClient.connect(devnet.rpc)).getHeight();
    assert.equal(await devnet.stop(), 0);
    const exported = await run(process.execPath, args('export', '--home', devnet.home), { maxBuffer: 1 << 26 });
    const genesis = JSON.parse(exported.stdout) as { app_state: { perps: { positions: unknown[] } } };
    assert.equal(genesis.app_state.perps.positions.length, 2);
  });

  test('an auditor commits to its state; an owner verifies that he is in the total and sees nobody else', async () => {
    const out = join(devnet.home, 'audit');
    const { stdout } = await run(process.execPath, args('keys', 'show', 'carol', '-a', '--home', devnet.home));
    const [carol, proof] = [stdout.trim(), join(out, `${stdout.trim()}-0.json`)];
    const audit = (...rest: string[]) => run(process.execPath, args('audit', ...rest));
    await audit('commit', '--home', devnet.home, '--out', out, '--depth', '6');
    await audit('prove', carol, '--home', devnet.home, '--out', out);
    const verify = () => audit('verify', join(out, 'root.json'), proof, '--output', 'json');
    const verdict = JSON.parse((await verify()).stdout) as { accounts: string[]; total: string; verified: boolean };
    assert.equal(verdict.verified, true);
    assert.deepEqual(verdict.accounts, [`${carol}/0: 4999999000uusdc`]);
    writeFileSync(proof, readFileSync(proof, 'utf8').replace('4999999000', '4999999001'));
    await assert.rejects(
      verify,
      (error: { stderr: string; code: number }) =>
        error.code === 1 && /the path does not lead to the root/.test(error.stderr),
    );
    await assert.rejects(() => audit('commit', '--home', devnet.home, '--out', out), /name another --out/);
  });

  test('the next start continues from the stored state', async () => {
    await devnet.start();
    const client = await StargateClient.connect(devnet.rpc);
    assert.ok((await client.getHeight()) > height);
    client.disconnect();
  });

  test('SIGKILL loses nothing: the same chain goes on', async () => {
    const comet = await Comet38Client.connect(devnet.rpc);
    const { syncInfo } = await comet.status();
    comet.disconnect();
    await devnet.stop('SIGKILL');
    await devnet.start();
    const again = await Comet38Client.connect(devnet.rpc);
    const { block } = await again.block(syncInfo.latestBlockHeight + 1);
    assert.equal(
      Buffer.from(block.header.appHash).toString('hex'),
      Buffer.from(syncInfo.latestAppHash).toString('hex'),
    );
    again.disconnect();
  });
});
