import { GenesisState } from '../../gen/plimsoll/oracle/v1/genesis.js';
import { QueryDefinition, type PriceInfo } from '../../gen/plimsoll/oracle/v1/query.js';
import { MsgDefinition } from '../../gen/plimsoll/oracle/v1/tx.js';
import { Freshness, type Pair, type Params, type Price } from '../../gen/plimsoll/oracle/v1/oracle.js';
import type { Context } from '../../runtime/baseapp/context.js';
import { sdkErrors } from '../../runtime/baseapp/errors.js';
import type { GenesisJson, Module, ServiceRegistrar } from '../../runtime/baseapp/module.js';
import { paginate } from '../../runtime/baseapp/pagination.js';
import type { JsonValue, ProtoRegistry } from '../../runtime/codec/types.js';
import { keyBytes, u32 } from '../../runtime/store/key.js';
import { maxPrice } from './decimal.js';
import { errors } from './errors.js';
import { freshnessOf } from './freshness.js';
import { storeName, type OracleKeeper } from './keeper.js';

const genesisType = 'plimsoll.oracle.v1.GenesisState';

/** Two thirds of the power, the ages of risk-model section 14.2, a bound on the size of votes, and the window of section 15.3. */
export const defaultParams: Params = {
  quorumPpm: 666_667,
  lateMs: 5_000n,
  staleMs: 30_000n,
  deadMs: 120_000n,
  maxPairs: 256,
  scoreWindow: 10_000,
};

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
      scores: (ctx) => ({ scores: keeper.scores(ctx) }),
    });
  }

  defaultGenesis(): GenesisJson {
    const none = { pairs: [], prices: [], statistics: [], minutes: [], hours: [], scores: undefined };
    return this.#toJson({ params: defaultParams, ...none });
  }

  validateGenesis(json: GenesisJson): void {
    this.#fromJson(json);
  }

  initGenesis(ctx: Context, json: GenesisJson): void {
    const state = this.#fromJson(json);
    this.keeper.setParams(ctx, state.params!);
    for (const pair of state.pairs) this.keeper.setPair(ctx, pair);
    for (const price of state.prices) this.keeper.setPrice(ctx, price);
    for (const each of state.statistics) this.keeper.setStatistics(ctx, each);
    for (const each of state.minutes) this.keeper.setMinute(ctx, each);
    for (const each of state.hours) this.keeper.setHour(ctx, each);
    if (state.scores !== undefined) this.keeper.setScores(ctx, state.scores);
  }

  exportGenesis(ctx: Context): GenesisJson {
    const { keeper } = this;
    return this.#toJson({
      params: keeper.params(ctx),
      pairs: [...keeper.pairs(ctx)],
      prices: [...keeper.prices(ctx)],
      statistics: [...keeper.allStatistics(ctx)],
      minutes: [...keeper.minutes(ctx)],
      hours: [...keeper.hours(ctx)],
      // A window does not go on in a new chain, whose heights and validators may differ.
      scores: { ...keeper.scores(ctx), startHeight: 0n, scores: [] },
    });
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
    if (price === undefined) {
      return { pair, price, ageMs: 0n, stale: true, freshness: Freshness.FRESHNESS_DEAD, statistics: undefined };
    }
    const ageMs = ageAt(ctx, price);
    const params = this.keeper.params(ctx);
    return {
      pair,
      price,
      ageMs,
      stale: ageMs > params.staleMs,
      freshness: freshnessOf(ageMs, params),
      statistics: this.keeper.statistics(ctx, pair.id),
    };
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
    for (const list of ['statistics', 'minutes', 'hours'] as const) {
      for (const [index, { pairId }] of state[list].entries()) {
        if (!ids.has(pairId)) throw new Error(`oracle.${list}[${index}].pair_id: ${pairId} is not a pair`);
      }
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

function validatePair({ id, symbol, exponent, clampFloorPpm }: Pair): void {
  if (id === 0) throw errors.invalidPair('id: must be positive');
  if (!/^[A-Z0-9]{1,16}-[A-Z0-9]{1,16}$/.test(symbol)) {
    throw errors.invalidPair(`symbol: ${JSON.stringify(symbol.slice(0, 40))}; expected a form like BTC-USD`);
  }
  if (exponent < -24 || exponent > 6) throw errors.invalidPair(`exponent: ${exponent}; expected -24 to 6`);
  if (clampFloorPpm !== 0 && (clampFloorPpm < 1_000 || clampFloorPpm > 100_000)) {
    throw errors.invalidPair(`clamp_floor_ppm: ${clampFloorPpm}; expected 1000 to 100000, or 0 for no clamp`);
  }
}

function validateParams({ quorumPpm, lateMs, staleMs, deadMs, maxPairs, scoreWindow }: Params): void {
  if (quorumPpm < 500_000 || quorumPpm > 1_000_000)
    throw errors.invalidParams(`quorum_ppm: ${quorumPpm}; expected 500000 to 1000000`);
  if (staleMs < 1_000n || staleMs > 600_000n)
    throw errors.invalidParams(`stale_ms: ${staleMs}; expected 1000 to 600000`);
  if (lateMs < 500n || lateMs > staleMs) throw errors.invalidParams(`late_ms: ${lateMs}; expected 500 to stale_ms`);
  if (deadMs < staleMs || deadMs > 3_600_000n)
    throw errors.invalidParams(`dead_ms: ${deadMs}; expected stale_ms to 3600000`);
  if (maxPairs < 1 || maxPairs > 10_000) throw errors.invalidParams(`max_pairs: ${maxPairs}; expected 1 to 10000`);
  if (scoreWindow < 100 || scoreWindow > 1_000_000)
    throw errors.invalidParams(`score_window: ${scoreWindow}; expected 100 to 1000000`);
}
