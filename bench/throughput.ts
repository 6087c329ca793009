import { MsgBatchOrders, MsgPlaceOrder, OrderPlacement } from '../gen/plimsoll/perps/v1/tx.js';
import { OrderType, Side, TimeInForce } from '../gen/plimsoll/perps/v1/types.js';
import { integers } from '../test/replay-paths.js';
import type { EncodedMessage, Wallet } from '../cmd/plimsolld/replay/wallet.js';
import { benchApp, benchEngine, benchState, chainId, fund, symbols, traderWallets } from './chain.js';
import { collectGarbage, measurement, quick, timedAsync, type Measurements } from './measure.js';

const tick = 10_000_000n;
const collateral = 100_000_000_000n;

/** Order operations per second that an exchange chain advertises for messages of a hundred: no hardware figure, a claim of a peer. */
const advertisedOrderOps = 200_000;

/** Signed transactions through CheckTx and whole blocks of the embedded engine. */
export async function throughputBench(verifications: number): Promise<Measurements> {
  const warmUp = quick ? 1 : 6;
  const single = await ordersPerSecond({
    warmUp,
    blocks: quick ? 2 : 6,
    accounts: quick ? 300 : 1_000,
    ordersPerTx: 1,
  });
  const batched = await ordersPerSecond({
    warmUp,
    blocks: quick ? 1 : 4,
    accounts: quick ? 20 : 100,
    ordersPerTx: 100,
  });
  return {
    'throughput.signedTxVsVerify': measurement(single, 'tx/s', verifications),
    'throughput.batchedOrderOps': measurement(batched, 'orders/s', advertisedOrderOps),
  };
}

/**
 * One transaction for each account and block; signing is the client's work
 * and not counted, nor are the first blocks: a node compiles its hot code once
 * and runs for weeks.
 */
async function ordersPerSecond(load: {
  readonly warmUp: number;
  readonly blocks: number;
  readonly accounts: number;
  readonly ordersPerTx: number;
}): Promise<number> {
  const app = await benchApp();
  const state = benchState(app);
  const wallets = traderWallets(load.accounts);
  fund(state, wallets, collateral);
  const { engine, block } = await benchEngine(app, state);
  const draw = integers(5);
  const { keepers } = app.plimsoll;
  let ms = 0;
  let orders = 0;
  for (let round = 0; round < load.warmUp + load.blocks; round++) {
    const committed = app.store.at();
    const marks = symbols.map((_, index) => keepers.perps.marketState(committed, index + 1).markPrice);
    const txs = wallets.map((wallet, index) => {
      const placements = Array.from({ length: load.ordersPerTx }, (_, place) =>
        order(round * 1_000 + place, index, marks, draw),
      );
      return wallet.sign([messageOf(wallet, placements)], chainId, keepers.auth.account(committed, wallet.address)!);
    });
    collectGarbage();
    const took = await timedAsync(async () => {
      for (const tx of txs) {
        const { code, log } = await engine.broadcastTx(tx);
        if (code !== 0) throw new Error(`a transaction was refused: ${log}`);
      }
      await block();
    });
    if (round < load.warmUp) continue;
    ms += took;
    orders += load.accounts * load.ordersPerTx;
  }
  await engine.stop();
  return (orders * 1_000) / ms;
}

/** One order by itself, or many in one message. */
function messageOf({ bech32: owner }: Wallet, placements: readonly OrderPlacement[]): EncodedMessage {
  const [only, ...others] = placements;
  if (others.length === 0) {
    const value = MsgPlaceOrder.encode({ owner, subaccountNumber: 0, ...only! }).finish();
    return { typeUrl: '/plimsoll.perps.v1.MsgPlaceOrder', value };
  }
  const value = MsgBatchOrders.encode(MsgBatchOrders.fromPartial({ owner, places: [...placements] })).finish();
  return { typeUrl: '/plimsoll.perps.v1.MsgBatchOrders', value };
}

/** A small immediate order within 1 % of mark: books stay as they are from block to block. */
function order(
  clientId: number,
  index: number,
  marks: readonly bigint[],
  draw: (bound: number) => number,
): OrderPlacement {
  const market = (index % symbols.length) + 1;
  const mark = marks[market - 1]!;
  const offset = (mark * BigInt(draw(20_001) - 10_000)) / 1_000_000n;
  return OrderPlacement.fromPartial({
    marketId: market,
    clientId: BigInt(clientId),
    side: draw(2) === 0 ? Side.SIDE_BUY : Side.SIDE_SELL,
    type: OrderType.ORDER_TYPE_LIMIT,
    quantity: BigInt(1 + draw(10)) * 100_000n,
    price: ((mark + offset) / tick) * tick,
    timeInForce: TimeInForce.TIME_IN_FORCE_IOC,
  });
}
