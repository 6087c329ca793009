import { decimal, marker } from '../store/codecs.js';
import { Collection, type KeyCodec, type Stores } from '../store/collection.js';
import { bytes as bytesKey, keyBytes, readU64, u64, u8 } from '../store/key.js';
import type { KVStore, ValueCodec } from '../store/types.js';
import type { PayoutState } from './payout.js';

/** Shares that somebody asked to leave with. */
export interface ExitTerms {
  readonly owner: Uint8Array;
  readonly shares: bigint;
  /** Block time at which the cooldown is over. */
  readonly readyMs: bigint;
  readonly mature: boolean;
}

/** An epoch's payments under way. */
export interface PayoutTerms extends PayoutState {
  /** bech32 of the owner that was served last; empty at the beginning. */
  readonly cursor: string;
}

/** Where a module keeps its share book. */
export interface ShareBookLayout<P, X, Y> {
  readonly storeName: string;
  readonly pools: KeyCodec<P>;
  /** Length of every encoded pool. */
  readonly poolLength: number;
  readonly prefixes: {
    readonly shares: number;
    readonly byOwner: number;
    readonly exits: number;
    readonly cooling: number;
    readonly mature: number;
    readonly payouts: number;
  };
  readonly exit: ValueCodec<X>;
  readonly payout: ValueCodec<Y>;
  readonly poolOf: (entry: X | Y) => P;
}

const ownerLength = 20;
const readyLength = 8;

/**
 * Who owns shares of which pool, who asked to leave, and what epochs let out
 * that is still on its way. It moves values and knows no rule.
 */
export class ShareBook<P, X extends ExitTerms, Y extends PayoutTerms> {
  readonly #pools: KeyCodec<P>;
  readonly #poolOf: (entry: X | Y) => P;
  /** (pool, owner) → shares. */
  readonly #shares: Collection<readonly [pool: P, owner: Uint8Array], bigint>;
  /** (owner, pool): the same, to ask by owner. */
  readonly #byOwner: Collection<readonly [pool: P, owner: Uint8Array], true>;
  readonly #exits: Collection<readonly [pool: P, owner: Uint8Array], X>;
  /** Requests that cool down, the earliest first. */
  readonly #cooling: Collection<readonly [readyMs: bigint, pool: P, owner: Uint8Array], true>;
  /** Mature requests of a pool, in order of owner. */
  readonly #mature: Collection<readonly [pool: P, owner: Uint8Array], true>;
  readonly #payouts: Collection<P, Y>;

  constructor({ storeName, pools, poolLength, prefixes, exit, payout, poolOf }: ShareBookLayout<P, X, Y>) {
    type Held = readonly [pool: P, owner: Uint8Array];
    const held: KeyCodec<Held> = {
      encode: ([pool, owner]) => pools.encode(pool) + bytesKey(owner),
      decode: (key) => [pools.decode(key.slice(0, poolLength)), keyBytes(key.slice(poolLength))],
    };
    this.#pools = pools;
    this.#poolOf = poolOf;
    this.#shares = new Collection(storeName, prefixes.shares, held, decimal);
    this.#byOwner = new Collection<Held, true>(
      storeName,
      prefixes.byOwner,
      {
        encode: ([pool, owner]) => bytesKey(owner) + pools.encode(pool),
        decode: (key) => [pools.decode(key.slice(ownerLength)), keyBytes(key.slice(0, ownerLength))],
      },
      marker,
    );
    this.#exits = new Collection(storeName, prefixes.exits, held, exit);
    this.#cooling = new Collection<readonly [bigint, P, Uint8Array], true>(
      storeName,
      prefixes.cooling,
      {
        encode: ([ms, pool, owner]) => u64(ms) + held.encode([pool, owner]),
        decode: (key) => [readU64(key, 0), ...held.decode(key.slice(readyLength))],
      },
      marker,
    );
    this.#mature = new Collection(storeName, prefixes.mature, held, marker);
    this.#payouts = new Collection(storeName, prefixes.payouts, pools, payout);
  }

  // ---- shares ------------------------------------------------------------

  shares(from: Stores, pool: P, owner: Uint8Array): bigint {
    return this.#shares.get(from, [pool, owner]) ?? 0n;
  }

  setShares(to: Stores<KVStore>, pool: P, owner: Uint8Array, value: bigint): void {
    if (value === 0n) {
      this.#shares.delete(to, [pool, owner]);
      this.#byOwner.delete(to, [pool, owner]);
    } else {
      this.#shares.set(to, [pool, owner], value);
      this.#byOwner.set(to, [pool, owner], true);
    }
  }

  allShares(from: Stores): Iterable<readonly [readonly [pool: P, owner: Uint8Array], bigint]> {
    return this.#shares.entries(from);
  }

  /** Pools in which somebody has shares. */
  *poolsOf(from: Stores, owner: Uint8Array): Iterable<P> {
    for (const [[pool]] of this.#byOwner.entries(from, bytesKey(owner))) yield pool;
  }

  // ---- exits -------------------------------------------------------------

  exit(from: Stores, pool: P, owner: Uint8Array): X | undefined {
    return this.#exits.get(from, [pool, owner]);
  }

  /** Of one pool when given. */
  exits(from: Stores, pool?: P): Iterable<X> {
    return this.#exits.values(from, pool === undefined ? '' : this.#pools.encode(pool));
  }

  setExit(to: Stores<KVStore>, exit: X): void {
    const pool = this.#poolOf(exit);
    const { owner, mature, readyMs } = exit;
    this.deleteExit(to, pool, owner);
    this.#exits.set(to, [pool, owner], exit);
    if (mature) this.#mature.set(to, [pool, owner], true);
    else this.#cooling.set(to, [readyMs, pool, owner], true);
  }

  deleteExit(to: Stores<KVStore>, pool: P, owner: Uint8Array): void {
    const found = this.#exits.get(to, [pool, owner]);
    if (found === undefined) return;
    this.#exits.delete(to, [pool, owner]);
    if (found.mature) this.#mature.delete(to, [pool, owner]);
    else this.#cooling.delete(to, [found.readyMs, pool, owner]);
  }

  /** The first request whose cooldown is over. */
  firstCooled(from: Stores, nowMs: bigint): X | undefined {
    for (const [[readyMs, pool, owner]] of this.#cooling.entries(from))
      return readyMs <= nowMs ? this.exit(from, pool, owner) : undefined;
    return undefined;
  }

  /** The mature request of the first owner behind another one; of the first of all behind nobody. */
  nextMature(from: Stores, pool: P, after: Uint8Array): X | undefined {
    const under = this.#pools.encode(pool);
    const options = after.length === 0 ? {} : { start: under + bytesKey(after) + u8(0) };
    for (const [[, owner]] of this.#mature.entries(from, under, options)) return this.exit(from, pool, owner);
    return undefined;
  }

  payout(from: Stores, pool: P): Y | undefined {
    return this.#payouts.get(from, pool);
  }

  payouts(from: Stores): Iterable<Y> {
    return this.#payouts.values(from);
  }

  /** One that served everybody is over. */
  setPayout(to: Stores<KVStore>, payout: Y): void {
    const pool = this.#poolOf(payout);
    if (payout.matureLeft === 0n) this.#payouts.delete(to, pool);
    else this.#payouts.set(to, pool, payout);
  }
}
