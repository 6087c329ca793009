import {
  CollateralAsset,
  CollateralState,
  CollateralTotals,
  type Peg,
  type CollateralRamp,
} from '../../../gen/plimsoll/perps/v1/collateral.js';
import { FatalError } from '../../../runtime/baseapp/errors.js';
import { decimal, marker } from '../../../runtime/store/codecs.js';
import { Collection, Item, protoCodec, type KeyCodec, type Stores } from '../../../runtime/store/collection.js';
import { readU32, readU64, u32, u64 } from '../../../runtime/store/key.js';
import type { KVStore } from '../../../runtime/store/types.js';
import { changedAccounts, storeName, transientStoreName } from '../keys.js';
import { price, type AssetId, type Price, type SubaccountKey } from '../types.js';
import { assertI128 } from '../units/amounts.js';
import type { Ramp } from './ramp.js';

type Writable = Stores<KVStore>;

const accountKeyLength = 24;
const addressLength = 20;

/** What moves of an asset from block to block. */
export interface AssetState {
  readonly assetId: AssetId;
  readonly price: Price;
  readonly oraclePrice: Price;
  readonly oracleTimeMs: bigint;
  readonly stale: boolean;
  readonly carriesNewRisk: boolean;
  readonly discount: Ramp;
  readonly riskRate: Ramp;
  /** Where the ramps stand, ppm. */
  readonly discountNow: bigint;
  readonly riskRateNow: bigint;
  readonly peg: Peg;
}

export interface AssetTotals {
  readonly assetId: AssetId;
  /** Sum over all subaccounts. */
  readonly held: bigint;
  /** Belongs to the exchange's fees. */
  readonly inventory: bigint;
  readonly inventorySinceMs: bigint;
}

/** A bid for collateral, good for one block. Bids of one buyer at one price are one bid. */
export interface Bid {
  readonly assetId: AssetId;
  /** Address, 20 bytes. */
  readonly buyer: string;
  readonly price: bigint;
}

export interface BidAmounts {
  /** Asset quanta wanted. */
  readonly amount: bigint;
  /** Quote quanta set aside for them. */
  readonly escrow: bigint;
}

export const rampToProto = ({ startMs, from, endMs, to }: Ramp): CollateralRamp => ({
  startMs,
  fromPpm: Number(from),
  endMs,
  toPpm: Number(to),
});

const rampFromProto = (proto: CollateralRamp): Ramp => ({
  startMs: proto.startMs,
  from: BigInt(proto.fromPpm),
  endMs: proto.endMs,
  to: BigInt(proto.toPpm),
});

export const assetStateToProto = (state: AssetState): CollateralState => ({
  assetId: state.assetId,
  price: state.price,
  oraclePrice: state.oraclePrice,
  oracleTimeMs: state.oracleTimeMs,
  stale: state.stale,
  carriesNewRisk: state.carriesNewRisk,
  discount: rampToProto(state.discount),
  riskRate: rampToProto(state.riskRate),
  discountPpm: Number(state.discountNow),
  riskRatePpm: Number(state.riskRateNow),
  peg: state.peg,
});

/** @throws Error when a ramp is missing */
export function assetStateFromProto(proto: CollateralState): AssetState {
  if (proto.discount === undefined || proto.riskRate === undefined)
    throw new Error(`state of asset ${proto.assetId}: discount or risk_rate is missing`);
  return {
    assetId: proto.assetId,
    price: price(proto.price),
    oraclePrice: price(proto.oraclePrice),
    oracleTimeMs: proto.oracleTimeMs,
    stale: proto.stale,
    carriesNewRisk: proto.carriesNewRisk,
    discount: rampFromProto(proto.discount),
    riskRate: rampFromProto(proto.riskRate),
    discountNow: BigInt(proto.discountPpm),
    riskRateNow: BigInt(proto.riskRatePpm),
    peg: proto.peg,
  };
}

export const totalsToProto = (totals: AssetTotals): CollateralTotals => ({
  assetId: totals.assetId,
  held: totals.held.toString(),
  inventory: totals.inventory.toString(),
  inventorySinceMs: totals.inventorySinceMs,
});

export const totalsFromProto = (proto: CollateralTotals): AssetTotals => ({
  assetId: proto.assetId,
  held: BigInt(proto.held),
  inventory: BigInt(proto.inventory),
  inventorySinceMs: proto.inventorySinceMs,
});

const assetKey: KeyCodec<AssetId> = { encode: u32, decode: (key) => readU32(key, 0) };

/** 38 subaccount asset → amount: an account's collateral lies together, in asset order. */
const balances = new Collection<readonly [SubaccountKey, AssetId], bigint>(
  storeName,
  0x38,
  {
    encode: ([account, asset]) => account + u32(asset),
    decode: (key) => [key.slice(0, accountKeyLength), readU32(key, accountKeyLength)],
  },
  decimal,
);
/** 39 asset → CollateralAsset. */
const assets = new Collection<AssetId, CollateralAsset>(
  storeName,
  0x39,
  assetKey,
  protoCodec<CollateralAsset>(CollateralAsset),
);
/** 3a asset → CollateralState. */
const states = new Collection<AssetId, AssetState>(storeName, 0x3a, assetKey, {
  encode: (state) => CollateralState.encode(assetStateToProto(state)).finish(),
  decode: (bytes) => assetStateFromProto(CollateralState.decode(bytes)),
});
/** 3b asset → CollateralTotals. */
const totals = new Collection<AssetId, AssetTotals>(storeName, 0x3b, assetKey, {
  encode: (value) => CollateralTotals.encode(totalsToProto(value)).finish(),
  decode: (bytes) => totalsFromProto(CollateralTotals.decode(bytes)),
});
/** 3c start subaccount → for sale since then: oldest sale first. */
const conversionQueue = new Collection<readonly [startMs: bigint, SubaccountKey], true>(
  storeName,
  0x3c,
  { encode: ([start, account]) => u64(start) + account, decode: (key) => [readU64(key, 0), key.slice(8)] },
  marker,
);
/** 3d subaccount → when its sale began. */
const conversions = new Collection<SubaccountKey, bigint>(
  storeName,
  0x3d,
  { encode: (key) => key, decode: (key) => key },
  decimal,
);
/** 3e → number of balances: while there are none, no account is asked for collateral. */
const balanceCount = new Item<bigint>(storeName, 0x3e, decimal);

/** Transient 38 asset price buyer → what is bid for in this block. */
const bids = new Collection<Bid, BidAmounts>(
  transientStoreName,
  0x38,
  {
    encode: ({ assetId, price, buyer }) => u32(assetId) + u64(price) + buyer,
    decode: (key) => ({
      assetId: readU32(key, 0),
      price: readU64(key, 4),
      buyer: key.slice(12, 12 + addressLength),
    }),
  },
  {
    encode: ({ amount, escrow }) => Buffer.from(`${amount}/${escrow}`, 'ascii'),
    decode: (bytes) => {
      const [amount, escrow] = Buffer.from(bytes).toString('ascii').split('/');
      return { amount: BigInt(amount!), escrow: BigInt(escrow!) };
    },
  },
);

/** The only code that touches what the store keeps of collateral other than USDC. It moves values and knows no rule. */
export class CollateralStore {
  // ---- assets ----

  asset(from: Stores, id: AssetId): CollateralAsset | undefined {
    return assets.get(from, id);
  }

  assets(from: Stores): Iterable<CollateralAsset> {
    return assets.values(from);
  }

  setAsset(to: Writable, asset: CollateralAsset): void {
    assets.set(to, asset.id, asset);
  }

  state(from: Stores, id: AssetId): AssetState {
    const found = states.get(from, id);
    if (found === undefined) throw new FatalError(`collateral asset ${id} has no state`);
    return found;
  }

  states(from: Stores): Iterable<AssetState> {
    return states.values(from);
  }

  setState(to: Writable, state: AssetState): void {
    states.set(to, state.assetId, state);
  }

  totals(from: Stores, id: AssetId): AssetTotals {
    return totals.get(from, id) ?? { assetId: id, held: 0n, inventory: 0n, inventorySinceMs: 0n };
  }

  allTotals(from: Stores): Iterable<AssetTotals> {
    return totals.values(from);
  }

  setTotals(to: Writable, value: AssetTotals): void {
    for (const amount of [value.held, value.inventory]) {
      assertI128(amount, `collateral asset ${value.assetId}`);
      if (amount < 0n) throw new FatalError(`collateral asset ${value.assetId} has less than nothing: ${amount}`);
    }
    totals.set(to, value.assetId, value);
  }

  // ---- balances ----

  /** False while nobody holds collateral other than USDC. O(1). */
  anyBalance(from: Stores): boolean {
    return (balanceCount.get(from) ?? 0n) > 0n;
  }

  balance(from: Stores, key: SubaccountKey, id: AssetId): bigint {
    return balances.get(from, [key, id]) ?? 0n;
  }

  /** Balances of one account in asset order, or of all, account by account in key order. */
  *balances(from: Stores, key: SubaccountKey = ''): Iterable<readonly [SubaccountKey, AssetId, bigint]> {
    for (const [[account, id], amount] of balances.entries(from, key)) yield [account, id, amount];
  }

  /** Sets a balance and keeps the asset's total. */
  setBalance(to: Writable, key: SubaccountKey, id: AssetId, amount: bigint): void {
    assertI128(amount, 'collateral');
    if (amount < 0n) throw new FatalError(`an account has less than nothing of collateral asset ${id}: ${amount}`);
    const before = this.balance(to, key, id);
    if (amount === before) return;
    changedAccounts.set(to, key, true);
    const total = this.totals(to, id);
    this.setTotals(to, { ...total, held: total.held + amount - before });
    if (amount === 0n) balances.delete(to, [key, id]);
    else balances.set(to, [key, id], amount);
    if (before !== 0n && amount !== 0n) return;
    balanceCount.set(to, (balanceCount.get(to) ?? 0n) + (amount === 0n ? -1n : 1n));
  }

  // ---- conversions ----

  conversionStart(from: Stores, key: SubaccountKey): bigint | undefined {
    return conversions.get(from, key);
  }

  /** Accounts whose collateral is for sale, oldest sale first. */
  *conversions(from: Stores): Iterable<readonly [startMs: bigint, SubaccountKey]> {
    for (const [key] of conversionQueue.entries(from)) yield key;
  }

  anyConversion(from: Stores): boolean {
    for (const _ of this.conversions(from)) return true;
    return false;
  }

  startConversion(to: Writable, key: SubaccountKey, startMs: bigint): void {
    conversions.set(to, key, startMs);
    conversionQueue.set(to, [startMs, key], true);
  }

  endConversion(to: Writable, key: SubaccountKey): void {
    const startMs = conversions.get(to, key);
    if (startMs === undefined) return;
    conversions.delete(to, key);
    conversionQueue.delete(to, [startMs, key]);
  }

  // ---- bids of this block ----

  addBid(to: Writable, bid: Bid, added: BidAmounts): void {
    const before = bids.get(to, bid) ?? { amount: 0n, escrow: 0n };
    bids.set(to, bid, { amount: before.amount + added.amount, escrow: before.escrow + added.escrow });
  }

  /** By asset, then price, then buyer. */
  bids(from: Stores): Iterable<readonly [Bid, BidAmounts]> {
    return bids.entries(from);
  }
}
