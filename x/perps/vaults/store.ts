import { TradeVolume, VaultHolding, type BackstopGenesis } from '../../../gen/plimsoll/perps/v1/backstop.js';
import { fdiv } from '../../../runtime/math/integers.js';
import { Collection, protoCodec, type Stores } from '../../../runtime/store/collection.js';
import { readU32, u32, u8 } from '../../../runtime/store/key.js';
import type { KVStore } from '../../../runtime/store/types.js';
import { storeName } from '../keys.js';
import { quote, type MarketId, type Quote } from '../types.js';
import { vaultNumbers } from './account.js';

const hourMs = 3_600_000n;

/** 4c market → TradeVolume. */
const volumes = new Collection<MarketId, TradeVolume>(
  storeName,
  0x4c,
  { encode: u32, decode: (key) => readU32(key, 0) },
  protoCodec<TradeVolume>(TradeVolume),
);

/** 4d vault market → VaultHolding. */
const holdings = new Collection<readonly [number: number, marketId: MarketId], VaultHolding>(
  storeName,
  0x4d,
  {
    encode: ([number, marketId]) => u8(number) + u32(marketId),
    decode: (key) => [key.charCodeAt(0), readU32(key, 1)],
  },
  protoCodec<VaultHolding>(VaultHolding),
);

/** Brought to an hour: what came before the hour before it is forgotten. */
function at(volume: TradeVolume | undefined, marketId: MarketId, hour: bigint): TradeVolume {
  if (volume === undefined) return { marketId, hour, current: '0', previous: '0' };
  if (volume.hour === hour) return volume;
  return { marketId, hour, current: '0', previous: volume.hour === hour - 1n ? volume.current : '0' };
}

/** Notional traded, one side counted. */
export const tradeVolume = {
  add(to: Stores<KVStore>, marketId: MarketId, timeMs: bigint, notional: bigint): void {
    const volume = at(volumes.get(to, marketId), marketId, timeMs / hourMs);
    volumes.set(to, marketId, { ...volume, current: (BigInt(volume.current) + notional).toString() });
  },
  /** Of the last hour: the running one, and as much of the one before as is missing of it, rounded down. */
  lastHour(from: Stores, marketId: MarketId, timeMs: bigint): Quote {
    const { current, previous } = at(volumes.get(from, marketId), marketId, timeMs / hourMs);
    return quote(BigInt(current) + fdiv(BigInt(previous) * (hourMs - (timeMs % hourMs)), hourMs));
  },
};

/** Since when vaults hold their positions. */
export const vaultHoldings = {
  get: (from: Stores, number: number, marketId: MarketId): VaultHolding | undefined =>
    holdings.get(from, [number, marketId]),
  /** Of one vault, in market order. */
  of: (from: Stores, number: number): VaultHolding[] => [...holdings.values(from, u8(number))],
  set: (to: Stores<KVStore>, holding: VaultHolding): void =>
    holdings.set(to, [holding.number, holding.marketId], holding),
  delete: (to: Stores<KVStore>, { number, marketId }: VaultHolding): void => holdings.delete(to, [number, marketId]),
};

/** @throws Error naming the field at fault */
export function checkBackstop(state: BackstopGenesis | undefined, markets: ReadonlySet<number>): void {
  for (const list of ['volumes', 'holdings'] as const)
    for (const [index, { marketId }] of (state?.[list] ?? []).entries())
      if (!markets.has(marketId))
        throw new Error(`perps.backstop.${list}[${index}].market_id: ${marketId} is not a market`);
  for (const [index, volume] of (state?.volumes ?? []).entries())
    for (const field of ['current', 'previous'] as const)
      if (!/^(0|[1-9][0-9]{0,37})$/.test(volume[field]))
        throw new Error(
          `perps.backstop.volumes[${index}].${field}: ${JSON.stringify(volume[field].slice(0, 40))} is not an amount`,
        );
  for (const [index, { number }] of (state?.holdings ?? []).entries())
    if (!vaultNumbers.includes(number))
      throw new Error(`perps.backstop.holdings[${index}].number: ${number}; expected a class from 1 (A) to 4 (D)`);
}

export function importBackstop(to: Stores<KVStore>, state: BackstopGenesis | undefined): void {
  for (const volume of state?.volumes ?? []) volumes.set(to, volume.marketId, volume);
  for (const holding of state?.holdings ?? []) vaultHoldings.set(to, holding);
}

export const exportBackstop = (from: Stores): BackstopGenesis => ({
  volumes: [...volumes.values(from)],
  holdings: [...holdings.values(from)],
});
