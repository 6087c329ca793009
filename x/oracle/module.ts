import { GenesisState } from '../../gen/plimsoll/oracle/v1/genesis.js';
import { QueryDefinition, type PriceInfo } from '../../gen/plimsoll/oracle/v1/query.js';
import { MsgDefinition } from '../../gen/plimsoll/oracle/v1/tx.js';
import type { Pair, Params, Price } from '../../gen/plimsoll/oracle/v1/oracle.js';
import type { Context } from '../../runtime/baseapp/context.js';
import { sdkErrors } from '../../runtime/baseapp/errors.js';
import type { GenesisJson, Module, ServiceRegistrar } from '../../runtime/baseapp/module.js';
import { paginate } from '../../runtime/baseapp/pagination.js';
import type { JsonValue, ProtoRegistry } from '../../runtime/codec/types.js';
import { keyBytes, u32 } from '../../runtime/store/key.js';
import { maxPrice } from './decimal.js';
import { errors } from './errors.js';
import { storeName, type OracleKeeper } from './keeper.js';

const genesisType = 'plimsoll.oracle.v1.GenesisState';

/** Two thirds, five times the longest block anybody runs, and a bound on the size of votes. */
export const defaultParams: Params = { quorumPpm: 666_667, staleMs: 30_000n, maxPairs: 256 };

/** Prices by vote extension. */
export class OracleModule implements Module {
  readonly name = 'oracle';
  readonly stores = [{ name: storeName, kind: 'committed' }] as const;

  constructor(
    readonly keeper: OracleKeeper,
    readonly registry: ProtoRegistry,
    /** bech32 address that governance messages come from. */
    readonly authority: string,
  ) {}

  register(registrar: ServiceRegistrar): void {
    const { keeper } = this;
    registrar.msgs(MsgDefinition, {
      addPair: (ctx, { authority, pair }) => {
        this.#requireAuthority(authority);
        if (pair === undefined) throw errors.invalidPair('pair: missing');
        validatePair(pair);
        if (keeper.pair(ctx, pair.id) !== undefined) throw errors.invalidPair(`pair.id: ${pair.id} exists`);
        const pairs = [...keeper.pairs(ctx)];
        if (pairs.some(({ symbol }) => symbol === pair.symbol))
          throw errors.invalidPair(`pair.symbol: ${pair.symbol} exists`);
        const { maxPairs } = keeper.params(ctx);
        if (pairs.length >= maxPairs) throw errors.invalidPair(`pair: ${pairs.length} exist, at most ${maxPairs}`);
        keeper.setPair(ctx, pair);
        return {};
      },
      updateParams: (ctx, { authority, params }) => {
        this.#requireAuthority(authority);
        if (params === undefined) throw errors.invalidParams('params: missing');
        validateParams(params);
        requireRoomForPairs([...keeper.pairs(ctx)].length, params);
        keeper.setParams(ctx, params);
        return {};
      },
    });
    registrar.queries(QueryDefinition, {
      params: (ctx) => ({ params: keeper.params(ctx) }),
      pairs: (ctx, { pagination }) => {
        const page = paginate(keeper.pairs(ctx), pagination, pairKey, (pair) => pair);
        return { pairs: page.items, pagination: page.pagination };
      },
      price: (ctx, { pairId }) => {
        const pair = keeper.pair(ctx, pairId);
        if (pair === undefined) throw sdkErrors.keyNotFound(`pair ${pairId} not found`);
        return { price: this.#info(ctx, pair) };
      },
      prices: (ctx, { pagination }) => {
        const page = paginate(keeper.pairs(ctx), pagination, pairKey, (pair) => this.#info(ctx, pair));
        return { prices: page.items, pagination: page.pagination };
      },
    });
  }

  defaultGenesis(): GenesisJson {
    return this.#toJson({ params: defaultParams, pairs: [], prices: [] });
  }

  validateGenesis(json: GenesisJson): void {
    this.#fromJson(json);
  }

  initGenesis(ctx: Context, json: GenesisJson): void {
    const state = this.#fromJson(json);
    this.keeper.setParams(ctx, state.params!);
    for (const pair of state.pairs) this.keeper.setPair(ctx, pair);
    for (const price of state.prices) this.keeper.setPrice(ctx, price);
  }

  exportGenesis(ctx: Context): GenesisJson {
    const { keeper } = this;
    return this.#toJson({ params: keeper.params(ctx), pairs: [...keeper.pairs(ctx)], prices: [...keeper.prices(ctx)] });
  }

  /** Says which prices are stale. An unknown block length ago they were not, so the event stands in every stale block. */
  beginBlock(ctx: Context): void {
    const { staleMs } = this.keeper.params(ctx);
    for (const price of this.keeper.prices(ctx)) {
      const age = ageAt(ctx, price);
      if (age > staleMs) ctx.emit('plimsoll.oracle.v1.EventStale', { pairId: price.pairId, ageMs: age });
    }
  }

  #info(ctx: Context, pair: Pair): PriceInfo {
    const price = this.keeper.price(ctx, pair.id);
    const ageMs = price === undefined ? 0n : ageAt(ctx, price);
    return { pair, price, ageMs, stale: price === undefined || ageMs > this.keeper.params(ctx).staleMs };
  }

  #requireAuthority(authority: string): void {
    if (authority !== this.authority) throw errors.unauthorized(`authority: ${authority}; expected ${this.authority}`);
  }

  #toJson(state: GenesisState): JsonValue {
    return this.registry.toJson(genesisType, GenesisState.encode(state).finish());
  }

  #fromJson(json: GenesisJson): GenesisState {
    const state = GenesisState.decode(this.registry.fromJson(genesisType, json as JsonValue));
    if (state.params === undefined) throw new Error('oracle.params: missing');
    validateParams(state.params);
    requireRoomForPairs(state.pairs.length, state.params);
    const ids = new Set<number>();
    const symbols = new Set<string>();
    for (const [index, pair] of state.pairs.entries()) {
      validatePair(pair);
      if (ids.has(pair.id) || symbols.has(pair.symbol))
        throw new Error(`oracle.pairs[${index}]: ${pair.symbol} is listed twice`);
      ids.add(pair.id);
      symbols.add(pair.symbol);
    }
    for (const [index, { pairId, price }] of state.prices.entries()) {
      if (!ids.has(pairId)) throw new Error(`oracle.prices[${index}].pair_id: ${pairId} is not a pair`);
      if (price === 0n || price >= maxPrice)
        throw new Error(`oracle.prices[${index}].price: ${price}; expected 1 to 2^62 - 1`);
    }
    return state;
  }
}

const pairKey = ({ id }: Pair): Uint8Array => keyBytes(u32(id));

/** Milliseconds since a price was accepted; zero for one that came with a genesis younger than this block. */
function ageAt(ctx: Context, { timeMs }: Price): bigint {
  return ctx.block.timeMs > timeMs ? ctx.block.timeMs - timeMs : 0n;
}

/** Honest validators report every pair: a bound below their number would make all votes invalid and end the chain. */
function requireRoomForPairs(count: number, { maxPairs }: Params): void {
  if (maxPairs < count) throw errors.invalidParams(`max_pairs: ${maxPairs}; ${count} pairs exist`);
}

function validatePair({ id, symbol, exponent }: Pair): void {
  if (id === 0) throw errors.invalidPair('id: must be positive');
  if (!/^[A-Z0-9]{1,16}-[A-Z0-9]{1,16}$/.test(symbol)) {
    throw errors.invalidPair(`symbol: ${JSON.stringify(symbol.slice(0, 40))}; expected a form like BTC-USD`);
  }
  if (exponent < -24 || exponent > 6) throw errors.invalidPair(`exponent: ${exponent}; expected -24 to 6`);
}

function validateParams({ quorumPpm, staleMs, maxPairs }: Params): void {
  if (quorumPpm < 500_000 || quorumPpm > 1_000_000)
    throw errors.invalidParams(`quorum_ppm: ${quorumPpm}; expected 500000 to 1000000`);
  if (staleMs < 1_000n || staleMs > 600_000n)
    throw errors.invalidParams(`stale_ms: ${staleMs}; expected 1000 to 600000`);
  if (maxPairs < 1 || maxPairs > 10_000) throw errors.invalidParams(`max_pairs: ${maxPairs}; expected 1 to 10000`);
}
