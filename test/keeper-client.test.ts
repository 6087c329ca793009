import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { DirectSecp256k1HdWallet } from '@cosmjs/proto-signing';
import { Keeper, type KeeperReport } from '../client/keeper/keeper.js';
import { parseBid } from '../client/keeper/main.js';
import { demoAccounts } from '../cmd/plimsolld/devnet/demo.js';
import { keyFromMnemonic } from '../cmd/plimsolld/keyring/keyring.js';
import { Side } from '../gen/plimsoll/perps/v1/types.js';
import { fromBech32 } from '../runtime/crypto/address.js';
import { serveRpc } from '../runtime/engine/rpc/server.js';
import { silentLogger } from '../runtime/log.js';
import { keeperBids } from '../x/perps/keeper-bids/store.js';
import { subaccountKey } from '../x/perps/subaccount-key.js';
import { btc, usdc } from './support/amounts.js';
import { testChain } from './support/chain.js';
import { deposit, order } from './support/messages.js';
import { openPositions } from './support/positions.js';

const run = promisify(execFile);
const [long, short, carol] = demoAccounts.map(({ mnemonic }) => keyFromMnemonic(mnemonic).address) as [
  string,
  string,
  string,
];

describe('the example keeper', () => {
  test(
    'over real sockets: funds itself, bids, sees what it took, and closes it on the book',
    { timeout: 60_000 },
    async () => {
      const chain = await testChain({
        change: (state) =>
          openPositions(state, [
            { owner: long, quantity: btc(1), equity: usdc(4_000) },
            { owner: short, quantity: -btc(1), equity: usdc(60_000) },
          ]),
      });
      const rpc = await serveRpc({
        engine: chain.engine,
        host: '127.0.0.1',
        port: 0,
        moniker: 'test',
        logger: silentLogger,
      });
      for (let i = 0; i < 3; i++) await chain.block();
      // Blocks as they come: the keeper waits for its transactions by itself.
      let producing = true;
      const blocks = (async () => {
        while (producing) {
          await chain.block();
          await sleep(30);
        }
      })();
      const reports: KeeperReport[] = [];
      try {
        const wallet = await DirectSecp256k1HdWallet.fromMnemonic(demoAccounts[2].mnemonic, { prefix: 'plim' });
        const keeper = await Keeper.connect(
          {
            node: rpc.url,
            subaccount: 1,
            bids: parseBid('1:buy:15000:10'),
            deposit: usdc(10_000),
            limits: {
              maxInventory: usdc(30_000),
              hedgeNotional: usdc(10_000),
              hedgeSlippagePpm: 2_000,
              minBid: usdc(1_000),
            },
          },
          wallet,
          (report) => reports.push(report),
        );
        await keeper.round();
        const key = subaccountKey(fromBech32(carol), 1);
        const ctx = () => chain.plimsoll.app.queryContext();
        const { perps } = chain.plimsoll.keepers;
        const held = () => perps.position(ctx(), key, 1)?.quantity ?? 0n;
        assert.deepEqual(reports, [
          { kind: 'deposited', amount: usdc(10_000) },
          { kind: 'bids', marketId: 1, placed: 1, cancelled: 0 },
        ]);
        // It stands: nothing more to do.
        await keeper.round();
        assert.equal(reports.length, 2);

        chain.prices.set({ 'BTC-USD': '57000', 'ETH-USD': '3000' });
        const until = async (what: () => boolean) => {
          for (let i = 0; i < 200 && !what(); i++) await sleep(50);
          assert.ok(what());
        };
        await until(() => held() > 0n);
        const taken = held();
        // Somebody buys on the book now: the keeper sells into it, a part at a time.
        const [, buyer] = chain.keys;
        producing = false;
        await blocks;
        const { results } = await chain.block([
          chain.sign(buyer!, [deposit(buyer!, usdc(50_000)), order(buyer!, Side.SIDE_BUY, btc(0.5), usdc(56_950))]),
        ]);
        assert.equal(results.txResults[1]!.code, 0, results.txResults[1]!.log);
        producing = true;
        const more = (async () => {
          while (producing) {
            await chain.block();
            await sleep(30);
          }
        })();
        for (let i = 0; i < 6 && held() > 0n; i++) await keeper.round();
        assert.equal(held(), 0n);
        const fill = reports.find(({ kind }) => kind === 'fill') as Extract<KeeperReport, { kind: 'fill' }>;
        assert.deepEqual(
          [fill.marketId, fill.side, BigInt(fill.quantity), fill.price, fill.discountPpm, fill.from],
          [1, 'SIDE_BUY', taken, '56943000000', 1_000, `${long}/0`],
        );
        const hedged = reports.flatMap((report) => (report.kind === 'hedge' ? [report] : []));
        assert.ok(
          hedged.length >= 2 && hedged.every(({ side, quantity }) => side === 'sell' && quantity <= 17_543_000n),
        );
        // Bought at 56,943 or less, sold at 56,950: what is left after fees is its own.
        await keeper.cancelBids();
        assert.deepEqual([...keeperBids.of(ctx(), key)], []);
        keeper.close();
        producing = false;
        await more;
      } finally {
        producing = false;
        await blocks;
        await rpc.close();
        await chain.close();
      }
    },
  );

  test('says how it is used, and what is wrong with what was typed', async () => {
    const main = ['--import', 'tsx', 'client/keeper/main.ts'];
    const { stdout } = await run(process.execPath, [...main, '--help']);
    assert.match(stdout, /--bid <market:side:USDC:bp>/);
    assert.match(stdout, /Examples:/);
    const home = mkdtempSync(join(tmpdir(), 'plimsoll-keeper-'));
    try {
      const words = join(home, 'words.txt');
      writeFileSync(words, demoAccounts[2].mnemonic);
      const refused = (...rest: string[]) =>
        run(process.execPath, [...main, '--mnemonic-file', words, ...rest]).then(
          () => assert.fail('it ran'),
          ({ stderr }: { stderr: string }) => stderr,
        );
      assert.match(await refused('--bid', '1:buy:20000:7'), /basis points in steps of 5/);
      assert.match(
        await refused('--bid', '1:buy:20000:10', '--node', 'http://127.0.0.1:1'),
        /ECONNREFUSED|fetch failed/,
      );
    } finally {
      rmSync(home, { recursive: true });
    }
  });
});
