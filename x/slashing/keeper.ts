import { Params } from '../../gen/cosmos/slashing/v1beta1/slashing.js';
import type { Context } from '../../runtime/baseapp/context.js';
import { decOfPpm, type Dec } from '../../runtime/baseapp/dec.js';
import { FatalError } from '../../runtime/baseapp/errors.js';
import { consensusPrefix, toBech32 } from '../../runtime/crypto/address.js';
import { rawBytes, unsigned64 } from '../../runtime/store/codecs.js';
import { Collection, Item, protoCodec, type Stores } from '../../runtime/store/collection.js';
import { bytes as bytesKey, keyBytes, readU32, u32 } from '../../runtime/store/key.js';
import type { KVStore } from '../../runtime/store/types.js';
import type { StakingKeeper, ValsetKeeper } from './expected_keepers.js';
import { rulesOf, type Rules } from './params.js';
import { infoCodec, type SigningInfo } from './signing-info.js';

export const storeName = 'slashing';

/** The last second of the year 9999: for ever. */
export const forEverMs = 253_402_300_799_000n;
/** Blocks from the one that changes powers to the first that is signed by them, less one. */
export const updateDelay = 1n;

const byAddress = { encode: bytesKey, decode: keyBytes };
const params = new Item(storeName, 1, protoCodec<Params>(Params));
const infos = new Collection<Uint8Array, SigningInfo>(storeName, 2, byAddress, infoCodec);
/** (validator, chunk) → missed blocks as bits; a chunk without any is not stored. */
const missed = new Collection<readonly [Uint8Array, number], Uint8Array>(
  storeName,
  3,
  {
    encode: ([address, chunk]) => bytesKey(address) + u32(chunk),
    decode: (key) => [keyBytes(key.slice(0, 20)), readU32(key, 20)],
  },
  rawBytes,
);
/** Length of the window that a validator's bits are of. */
const windows = new Collection<Uint8Array, bigint>(storeName, 4, byAddress, unsigned64);

/** Bits of one chunk. */
const chunkBits = 512;

/** How well validators sign, and what follows when they do not. */
export class SlashingKeeper {
  constructor(
    readonly staking: StakingKeeper,
    readonly valset: ValsetKeeper,
  ) {}

  params(from: Stores): Params {
    const found = params.get(from);
    if (found === undefined) throw new FatalError('slashing has no parameters: genesis did not run');
    return found;
  }

  setParams(to: Stores<KVStore>, value: Params): void {
    params.set(to, value);
  }

  rules(from: Stores): Rules {
    return rulesOf(this.params(from));
  }

  info(from: Stores, address: Uint8Array): SigningInfo | undefined {
    return infos.get(from, address);
  }

  /** In order of consensus address. */
  infos(from: Stores): Iterable<SigningInfo> {
    return infos.values(from);
  }

  setInfo(to: Stores<KVStore>, info: SigningInfo): void {
    infos.set(to, info.address, info);
  }

  /** What is known of a validator; what is not begins with this block. */
  infoOrNew(ctx: Context, address: Uint8Array): SigningInfo {
    return (
      this.info(ctx, address) ?? {
        address,
        startHeight: ctx.block.height,
        indexOffset: 0n,
        jailedUntilMs: 0n,
        tombstoned: false,
        missed: 0n,
      }
    );
  }

  // ---- the window --------------------------------------------------------

  isMissed(from: Stores, address: Uint8Array, index: number): boolean {
    const [chunk, at, bit] = placeOf(index);
    return ((missed.get(from, [address, chunk])?.[at] ?? 0) & bit) !== 0;
  }

  setMissed(to: Stores<KVStore>, address: Uint8Array, index: number, value: boolean): void {
    const [chunk, at, bit] = placeOf(index);
    const bits = Uint8Array.from(missed.get(to, [address, chunk]) ?? new Uint8Array(chunkBits >>> 3));
    bits[at] = value ? bits[at]! | bit : bits[at]! & ~bit;
    if (bits.every((byte) => byte === 0)) missed.delete(to, [address, chunk]);
    else missed.set(to, [address, chunk], bits);
  }

  clearMissed(to: Stores<KVStore>, address: Uint8Array): void {
    for (const [key] of [...missed.entries(to, bytesKey(address))]) missed.delete(to, key);
  }

  /** Positions of missed blocks, ascending. */
  *missedOf(from: Stores, address: Uint8Array): Iterable<number> {
    for (const [[, chunk], bits] of missed.entries(from, bytesKey(address))) {
      for (let bit = 0; bit < chunkBits; bit++)
        if ((bits[bit >>> 3]! & (1 << (bit & 7))) !== 0) yield chunk * chunkBits + bit;
    }
  }

  /** Length of the window that the bits of a validator are of; undefined when it has none. */
  windowOf(from: Stores, address: Uint8Array): bigint | undefined {
    return windows.get(from, address);
  }

  setWindow(to: Stores<KVStore>, address: Uint8Array, length: bigint): void {
    windows.set(to, address, length);
  }

  // ---- what other modules may do -----------------------------------------

  /** Is a validator kept out of the set? */
  isJailed(from: Stores, address: Uint8Array): boolean {
    if (!this.valset.isByStake(from)) return this.valset.power(from, address) === 0n;
    return this.staking.validatorByConsensus(from, address)?.jailed ?? true;
  }

  /**
   * Burns a part of the stake that a validator votes with now. Under
   * authority there is no stake, and the event alone tells of it.
   * @param fractionPpm 0 to 1,000,000
   * @param reason for people and indexers, one word
   * @returns tokens burned
   */
  slash(ctx: Context, address: Uint8Array, fractionPpm: bigint, reason: string): bigint {
    if (fractionPpm < 0n || fractionPpm > 1_000_000n)
      throw new FatalError(`slash by ${fractionPpm} ppm: expected 0 to 1000000`);
    const power = this.valset.power(ctx, address);
    return this.slashAt(ctx, address, ctx.block.height - updateDelay - 1n, power, decOfPpm(fractionPpm), reason);
  }

  /**
   * Keeps a validator out until it asks to come back, not before `untilMs`.
   * Under authority it is out until governance names it again.
   */
  jail(ctx: Context, address: Uint8Array, untilMs: bigint): void {
    if (!this.isJailed(ctx, address)) {
      this.staking.jail(ctx, address);
      this.valset.jail(ctx, address);
      ctx.events.emit('slash', [['jailed', toBech32(address, consensusPrefix)]]);
    }
    const info = this.infoOrNew(ctx, address);
    if (untilMs > info.jailedUntilMs) this.setInfo(ctx, { ...info, jailedUntilMs: untilMs });
  }

  /** A slash for what was done by the stake of a height. @returns tokens burned */
  slashAt(ctx: Context, address: Uint8Array, height: bigint, power: bigint, fraction: Dec, reason: string): bigint {
    const burned = this.valset.isByStake(ctx) ? this.staking.slash(ctx, address, height, power, fraction) : 0n;
    ctx.events.emit('slash', [
      ['address', toBech32(address, consensusPrefix)],
      ['power', power.toString()],
      ['reason', reason],
      ['burned_coins', burned.toString()],
    ]);
    return burned;
  }

  /** A validator enters the set: from now on its signatures count. */
  onBonded(ctx: Context, address: Uint8Array): void {
    this.setInfo(ctx, { ...this.infoOrNew(ctx, address), startHeight: ctx.block.height });
  }
}

/** Where the bit of a position is: chunk, byte, mask. */
const placeOf = (index: number): readonly [chunk: number, at: number, bit: number] => {
  const inChunk = index % chunkBits;
  return [(index - inChunk) >>> 9, inChunk >>> 3, 1 << (inChunk & 7)];
};
