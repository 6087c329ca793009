import { GenesisState, type Balance } from '../../gen/cosmos/bank/v1beta1/genesis.js';
import { QueryDefinition } from '../../gen/cosmos/bank/v1beta1/query.js';
import { MsgDefinition } from '../../gen/cosmos/bank/v1beta1/tx.js';
import { parseCoins } from '../../runtime/baseapp/coins.js';
import type { Context } from '../../runtime/baseapp/context.js';
import type { GenesisJson, Module, ServiceRegistrar } from '../../runtime/baseapp/module.js';
import type { JsonValue, ProtoRegistry } from '../../runtime/codec/types.js';
import { fromBech32, toBech32 } from '../../runtime/crypto/address.js';
import { storeName, type BankKeeper } from './keeper.js';
import { multiSend } from './msgs/multi-send.js';
import { send } from './msgs/send.js';
import { queries } from './queries.js';

const genesisType = 'cosmos.bank.v1beta1.GenesisState';

/** Balances, supply and transfers. */
export class BankModule implements Module {
  readonly name = 'bank';
  readonly stores = [{ name: storeName, kind: 'committed' }] as const;

  constructor(
    readonly keeper: BankKeeper,
    readonly registry: ProtoRegistry,
  ) {}

  register(registrar: ServiceRegistrar): void {
    registrar.msgs(MsgDefinition, {
      send: (ctx, msg) => send(ctx, this.keeper, msg),
      multiSend: (ctx, msg) => multiSend(ctx, this.keeper, msg),
    });
    registrar.queries(QueryDefinition, queries(this.keeper));
  }

  defaultGenesis(): GenesisJson {
    return this.#toJson({ params: { defaultSendEnabled: true }, balances: [], supply: [], denomMetadata: [] });
  }

  validateGenesis(json: GenesisJson): void {
    const state = this.#fromJson(json);
    const supply = new Map<string, bigint>();
    const seen = new Set<string>();
    for (const [index, { address, coins }] of state.balances.entries()) {
      fromBech32(address);
      if (seen.has(address)) throw new Error(`bank.balances[${index}].address: ${address} is listed twice`);
      seen.add(address);
      for (const [denom, amount] of parseCoins(coins, `bank.balances[${index}].coins`)) {
        supply.set(denom, (supply.get(denom) ?? 0n) + amount);
      }
    }
    if (state.supply.length === 0) return;
    for (const [denom, amount] of parseCoins(state.supply, 'bank.supply')) {
      if ((supply.get(denom) ?? 0n) !== amount) {
        throw new Error(
          `bank.supply: ${amount}${denom} stated, but balances sum to ${supply.get(denom) ?? 0n}${denom}`,
        );
      }
      supply.delete(denom);
    }
    for (const denom of supply.keys()) throw new Error(`bank.supply: ${denom} is missing`);
  }

  initGenesis(ctx: Context, json: GenesisJson): void {
    this.validateGenesis(json);
    const state = this.#fromJson(json);
    this.keeper.setParams(ctx, state.params ?? { defaultSendEnabled: true });
    for (const { address, coins } of state.balances) {
      for (const { denom, amount } of coins) this.keeper.mint(ctx, fromBech32(address), denom, BigInt(amount));
    }
    for (const metadata of state.denomMetadata) this.keeper.setMetadata(ctx, metadata);
  }

  exportGenesis(ctx: Context): GenesisJson {
    const balances: Balance[] = [];
    for (const [[address, denom], amount] of this.keeper.allBalances(ctx)) {
      const text = toBech32(address);
      if (balances.at(-1)?.address !== text) balances.push({ address: text, coins: [] });
      balances.at(-1)!.coins.push({ denom, amount: amount.toString() });
    }
    return this.#toJson({
      params: this.keeper.params(ctx),
      balances,
      supply: [...this.keeper.allSupply(ctx)].map(([denom, amount]) => ({ denom, amount: amount.toString() })),
      denomMetadata: [...this.keeper.allMetadata(ctx)],
    });
  }

  #toJson(state: GenesisState): JsonValue {
    return this.registry.toJson(genesisType, GenesisState.encode(state).finish());
  }

  #fromJson(json: GenesisJson): GenesisState {
    return GenesisState.decode(this.registry.fromJson(genesisType, json as JsonValue));
  }
}
