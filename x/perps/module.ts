import { QueryDefinition } from '../../gen/plimsoll/perps/v1/query.js';
import { MsgDefinition } from '../../gen/plimsoll/perps/v1/tx.js';
import type { Context } from '../../runtime/baseapp/context.js';
import type { GenesisJson, Module, ServiceRegistrar } from '../../runtime/baseapp/module.js';
import type { ProtoRegistry } from '../../runtime/codec/types.js';
import { placePeggedOrder } from './algos/pegged.js';
import { placeScaleOrder } from './algos/scale.js';
import { scheduleCancel } from './algos/scheduled-cancel.js';
import { placeTwapOrder } from './algos/twap.js';
import { beginBlock } from './block/begin-block.js';
import { contained, leaveOut } from './block/contain.js';
import { endBlock } from './block/end-block.js';
import { workWaitingOrders } from './block/waiting-orders.js';
import { placeConditionalOrder } from './conditional/place.js';
import type { Deps } from './deps.js';
import { resumeTrading, settleMarket } from './breakers/msgs.js';
import { emptyGenesis, exportGenesis, genesisFromJson, genesisToJson, initGenesis } from './genesis.js';
import { cancelKeeperBid, placeKeeperBid } from './keeper-bids/place.js';
import { storeName, transientStoreName } from './keys.js';
import { amendOrder } from './msgs/amend-order.js';
import { batchOrders } from './msgs/batch-orders.js';
import { cancelAllOrders, cancelOrder } from './msgs/cancel.js';
import { addCollateral, buyCollateral, updateCollateral } from './msgs/collateral.js';
import { deposit } from './msgs/deposit.js';
import { createMarket, updateMarket, updateParams } from './msgs/governance.js';
import { setLeverage, setMarginMode } from './msgs/margin-settings.js';
import { placeOrder } from './msgs/place-order.js';
import { transfer } from './msgs/transfer.js';
import { withdraw } from './msgs/withdraw.js';
import { cancelNetting, requestNetting } from './netting/request.js';
import { claimRecovery } from './recovery/claim.js';
import { queries } from './queries/index.js';
import { cancelWithdrawal } from './withdrawals/cancel.js';
import type { MsgHandlers } from './queries/preview.js';
import { sendUnwinds } from './vaults/send-unwinds.js';

/** Perpetual futures: markets, orders, margin, auctions, liquidation. */
export class PerpsModule implements Module {
  readonly name = 'perps';
  readonly stores = [
    { name: storeName, kind: 'committed' },
    { name: transientStoreName, kind: 'transient' },
  ] as const;

  constructor(
    readonly deps: Deps,
    readonly registry: ProtoRegistry,
  ) {}

  register(registrar: ServiceRegistrar): void {
    const { deps } = this;
    const messages: MsgHandlers = {
      deposit: (ctx, msg) => deposit(ctx, deps, msg),
      withdraw: (ctx, msg) => withdraw(ctx, deps, msg),
      cancelWithdrawal: (ctx, msg) => cancelWithdrawal(ctx, deps, msg),
      transfer: (ctx, msg) => transfer(ctx, deps, msg),
      placeOrder: (ctx, msg) => placeOrder(ctx, deps, msg),
      cancelOrder: (ctx, msg) => cancelOrder(ctx, deps, msg),
      cancelAllOrders: (ctx, msg) => cancelAllOrders(ctx, deps, msg),
      batchOrders: (ctx, msg) => batchOrders(ctx, deps, msg),
      setLeverage: (ctx, msg) => setLeverage(ctx, deps, msg),
      setMarginMode: (ctx, msg) => setMarginMode(ctx, deps, msg),
      amendOrder: (ctx, msg) => amendOrder(ctx, deps, msg),
      placeConditionalOrder: (ctx, msg) => placeConditionalOrder(ctx, deps, msg),
      placeTwapOrder: (ctx, msg) => placeTwapOrder(ctx, deps, msg),
      placeScaleOrder: (ctx, msg) => placeScaleOrder(ctx, deps, msg),
      placePeggedOrder: (ctx, msg) => placePeggedOrder(ctx, deps, msg),
      scheduleCancel: (ctx, msg) => scheduleCancel(ctx, deps, msg),
      placeKeeperBid: (ctx, msg) => placeKeeperBid(ctx, deps, msg),
      cancelKeeperBid: (ctx, msg) => cancelKeeperBid(ctx, deps, msg),
      requestNetting: (ctx, msg) => requestNetting(ctx, deps, msg),
      cancelNetting: (ctx, msg) => cancelNetting(ctx, deps, msg),
      claimRecovery: (ctx, msg) => claimRecovery(ctx, deps, msg),
      createMarket: (ctx, msg) => createMarket(ctx, deps, msg),
      updateMarket: (ctx, msg) => updateMarket(ctx, deps, msg),
      updateParams: (ctx, msg) => updateParams(ctx, deps, msg),
      buyCollateral: (ctx, msg) => buyCollateral(ctx, deps, msg),
      addCollateral: (ctx, msg) => addCollateral(ctx, deps, msg),
      settleMarket: (ctx, msg) => settleMarket(ctx, deps, msg),
      resumeTrading: (ctx, msg) => resumeTrading(ctx, deps, msg),
      updateCollateral: (ctx, msg) => updateCollateral(ctx, deps, msg),
    };
    registrar.msgs(MsgDefinition, messages);
    registrar.queries(QueryDefinition, queries(deps, messages));
  }

  defaultGenesis(): GenesisJson {
    return genesisToJson(this.registry, emptyGenesis);
  }

  validateGenesis(json: GenesisJson): void {
    genesisFromJson(this.registry, json);
  }

  initGenesis(ctx: Context, json: GenesisJson): void {
    initGenesis(ctx, this.deps, genesisFromJson(this.registry, json));
  }

  exportGenesis(ctx: Context): GenesisJson {
    return genesisToJson(this.registry, exportGenesis(ctx, this.deps));
  }

  beginBlock(ctx: Context): void {
    contained(ctx, 'begin of block', () => {
      leaveOut(ctx, this.deps);
      beginBlock(ctx, this.deps);
      workWaitingOrders(ctx, this.deps);
      sendUnwinds(ctx, this.deps);
    });
  }

  endBlock(ctx: Context): void {
    contained(ctx, 'end of block', () => endBlock(ctx, this.deps));
  }

  /** Governance decides after matching, and may take orders off the book. */
  closeBlock(ctx: Context): void {
    contained(ctx, 'close of block', () => this.deps.keeper.books.close(ctx, ctx.block.height));
  }
}
