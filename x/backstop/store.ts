import { Exit, Params, Payout, Vault, VaultMarket } from '../../gen/plimsoll/backstop/v1/backstop.js';
import { FatalError } from '../../runtime/baseapp/errors.js';
import { ShareBook, type ShareBookLayout } from '../../runtime/pool/book.js';
import { unsigned64, viewCodec } from '../../runtime/store/codecs.js';
import { Collection, Item, protoCodec, type KeyCodec, type Stores } from '../../runtime/store/collection.js';
import { readU32, u32, u8 } from '../../runtime/store/key.js';
import type { KVStore } from '../../runtime/store/types.js';
import {
  exitFromProto,
  exitToProto,
  payoutFromProto,
  payoutToProto,
  vaultFromProto,
  vaultMarketFromProto,
  vaultMarketToProto,
  vaultToProto,
  type ExitView,
  type PayoutView,
} from './codecs.js';
import { emptyVault, type VaultMarketView, type VaultView } from './types.js';

export const storeName = 'backstop';

export const numberKey: KeyCodec<number> = { encode: u8, decode: (key) => key.charCodeAt(0) };

/** 01 → Params. */
const params = new Item(storeName, 1, protoCodec<Params>(Params));
/** 02 number → Vault. */
const vaults = new Collection<number, VaultView>(
  storeName,
  2,
  numberKey,
  viewCodec(Vault, vaultToProto, vaultFromProto),
);
/** 03 number market → VaultMarket. */
const markets = new Collection<readonly [number: number, marketId: number], VaultMarketView>(
  storeName,
  3,
  {
    encode: ([number, marketId]) => u8(number) + u32(marketId),
    decode: (key) => [key.charCodeAt(0), readU32(key, 1)],
  },
  viewCodec(VaultMarket, vaultMarketToProto, vaultMarketFromProto),
);
/** Prefixes 4 to 9: who has shares of which vault, and who leaves. */
const shareBook: ShareBookLayout<number, ExitView, PayoutView> = {
  storeName,
  pools: numberKey,
  poolLength: 1,
  prefixes: { shares: 4, byOwner: 5, exits: 6, cooling: 7, mature: 8, payouts: 9 },
  exit: viewCodec(Exit, exitToProto, exitFromProto),
  payout: viewCodec(Payout, payoutToProto, payoutFromProto),
  poolOf: ({ number }) => number,
};
/** 0a → UTC day of the last epoch. */
const epochDay = new Item<bigint>(storeName, 10, unsigned64);

/** The only code that touches the backstop's store. It moves values and knows no rule. */
export class BackstopStore extends ShareBook<number, ExitView, PayoutView> {
  constructor() {
    super(shareBook);
  }

  params(from: Stores): Params {
    const found = params.get(from);
    if (found === undefined) throw new FatalError('the backstop has no parameters: genesis did not run');
    return found;
  }

  setParams(to: Stores<KVStore>, value: Params): void {
    params.set(to, value);
  }

  /** One that never had anything is empty. */
  vault(from: Stores, number: number): VaultView {
    return vaults.get(from, number) ?? emptyVault(number);
  }

  /** Those that have or had shares, in order of class. */
  vaults(from: Stores): Iterable<VaultView> {
    return vaults.values(from);
  }

  setVault(to: Stores<KVStore>, vault: VaultView): void {
    vaults.set(to, vault.number, vault);
  }

  market(from: Stores, number: number, marketId: number): VaultMarketView {
    return markets.get(from, [number, marketId]) ?? { number, marketId, results: [], base: 0n, closedUntilDay: 0n };
  }

  /** Of one vault in market order; of all when none is given. */
  markets(from: Stores, number?: number): Iterable<VaultMarketView> {
    return markets.values(from, number === undefined ? '' : u8(number));
  }

  /** Keeps nothing of a market in which there is nothing to remember. */
  setMarket(to: Stores<KVStore>, market: VaultMarketView): void {
    const key = [market.number, market.marketId] as const;
    if (market.results.length === 0 && market.base === 0n && market.closedUntilDay === 0n) markets.delete(to, key);
    else markets.set(to, key, market);
  }

  epochDay(from: Stores): bigint {
    return epochDay.get(from) ?? 0n;
  }

  setEpochDay(to: Stores<KVStore>, day: bigint): void {
    epochDay.set(to, day);
  }
}
