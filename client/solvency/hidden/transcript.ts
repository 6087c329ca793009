import { keccakP } from '@noble/hashes/sha3.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { scalarOf } from './field.js';
import type { Point } from './group.js';

/** Bytes of the Keccak state that data goes through, at 128 bits of security. */
const rate = 166;
const inbound = 1;
const application = 2;
const cipher = 4;
const meta = 16;

/**
 * The part of STROBE-128 (v1.0.2) that transcripts need: `AD`, `meta-AD` and
 * `PRF` on one sponge. strobe.sourceforge.io/specs.
 */
class Strobe {
  readonly #state = new Uint8Array(200);
  readonly #words = new Uint32Array(this.#state.buffer);
  #at = 0;
  #begin = 0;

  constructor(protocol: string) {
    this.#state.set([1, rate + 2, 1, 0, 1, 96]);
    this.#state.set(utf8ToBytes('STROBEv1.0.2'), 6);
    this.#permute();
    this.absorb(utf8ToBytes(protocol), true);
  }

  absorb(data: Uint8Array, asMeta: boolean): void {
    this.#operation(asMeta ? meta | application : application);
    for (const byte of data) this.#put(byte);
  }

  /** More data of the operation that is under way. */
  absorbMore(data: Uint8Array): void {
    for (const byte of data) this.#put(byte);
  }

  squeeze(length: number): Uint8Array {
    this.#operation(inbound | application | cipher);
    if (this.#at !== 0) this.#run();
    const data = new Uint8Array(length);
    for (let index = 0; index < length; index++) {
      data[index] = this.#state[this.#at]!;
      this.#state[this.#at++] = 0;
      if (this.#at === rate) this.#run();
    }
    return data;
  }

  #operation(flags: number): void {
    const before = this.#begin;
    this.#begin = this.#at + 1;
    this.#put(before);
    this.#put(flags);
  }

  #put(byte: number): void {
    this.#state[this.#at]! ^= byte;
    if (++this.#at === rate) this.#run();
  }

  #run(): void {
    this.#state[this.#at]! ^= this.#begin;
    this.#state[this.#at + 1]! ^= 0x04;
    this.#state[rate + 1]! ^= 0x80;
    this.#permute();
    this.#at = 0;
    this.#begin = 0;
  }

  /** Lanes are little-endian: on the rare machine that is not, bytes turn around before and after. */
  #permute(): void {
    swap(this.#words);
    keccakP(this.#words);
    swap(this.#words);
  }
}

const isLittleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

function swap(words: Uint32Array): void {
  if (isLittleEndian) return;
  const view = new DataView(words.buffer);
  for (let at = 0; at < words.length * 4; at += 4) view.setUint32(at, view.getUint32(at, true));
}

/**
 * What prover and verifier said so far, from which challenges follow: the
 * Fiat-Shamir transform as Merlin frames it (merlin.cool), so that proofs can
 * be checked with other implementations.
 */
export class Transcript {
  readonly #strobe = new Strobe('Merlin v1.0');

  constructor(label: string) {
    this.append('dom-sep', utf8ToBytes(label));
  }

  append(label: string, message: Uint8Array): void {
    this.#frame(label, message.length);
    this.#strobe.absorb(message, false);
  }

  /** @param value below 2^53 */
  appendNumber(label: string, value: number): void {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
    this.append(label, bytes);
  }

  appendPoint(label: string, point: Point): void {
    this.append(label, point.toBytes());
  }

  challengeBytes(label: string, length: number): Uint8Array {
    this.#frame(label, length);
    return this.#strobe.squeeze(length);
  }

  challenge(label: string): bigint {
    return scalarOf(this.challengeBytes(label, 64));
  }

  #frame(label: string, length: number): void {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, length, true);
    this.#strobe.absorb(utf8ToBytes(label), true);
    this.#strobe.absorbMore(bytes);
  }
}
