/** Bytes that are no ABCI: the peer is not an engine, or not of this protocol. */
export class ProtocolError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ProtocolError';
  }
}

/** A length of at most 2^31 - 1 takes at most this many bytes. */
const maxPrefixBytes = 5;

/**
 * Largest frame by default. CometBFT's largest block is 100 MiB and comes with
 * its commit and evidence; a genesis with its whole state comes in one frame too.
 */
export const defaultMaxFrameBytes = 256 * 1024 * 1024;

/**
 * Cuts a byte stream into frames: an unsigned varint length, then as many
 * bytes. Chunks may split and glue frames anywhere. Holds no more than what
 * arrived: a length that is only announced costs nothing.
 */
export class FrameReader {
  readonly #maxBytes: number;
  #chunks: Uint8Array[] = [];
  /** Bytes of the first chunk that are used up. */
  #offset = 0;
  #buffered = 0;
  /** Length of the frame whose prefix has been read. */
  #expected: number | undefined;

  constructor(maxBytes = defaultMaxFrameBytes) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes received and not yet handed out. */
  get buffered(): number {
    return this.#buffered;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
  }

  /** The next whole frame, a view of the input where it lies in one chunk. @throws ProtocolError for a length that cannot be */
  next(): Uint8Array | undefined {
    this.#expected ??= this.#readLength();
    if (this.#expected === undefined || this.#buffered < this.#expected) return undefined;
    const frame = this.#take(this.#expected);
    this.#expected = undefined;
    return frame;
  }

  #readLength(): number | undefined {
    let length = 0;
    let scale = 1;
    for (let index = 0; index < maxPrefixBytes; index++) {
      const byte = this.#peek(index);
      if (byte === undefined) return undefined;
      length += (byte & 0x7f) * scale;
      scale *= 0x80;
      if (byte >= 0x80) continue;
      if (length > this.#maxBytes) {
        throw new ProtocolError(`a message of ${length} bytes is announced; at most ${this.#maxBytes} are accepted`);
      }
      this.#take(index + 1);
      return length;
    }
    throw new ProtocolError(`a message length takes more than ${maxPrefixBytes} bytes`);
  }

  #peek(index: number): number | undefined {
    let at = this.#offset + index;
    for (const chunk of this.#chunks) {
      if (at < chunk.length) return chunk[at];
      at -= chunk.length;
    }
    return undefined;
  }

  #take(count: number): Uint8Array {
    this.#buffered -= count;
    const first = this.#chunks[0];
    if (first !== undefined && first.length - this.#offset >= count) {
      const part = first.subarray(this.#offset, this.#offset + count);
      this.#skip(count);
      return part;
    }
    const whole = new Uint8Array(count);
    let filled = 0;
    while (filled < count) {
      const part = this.#chunks[0]!.subarray(this.#offset, this.#offset + count - filled);
      whole.set(part, filled);
      filled += part.length;
      this.#skip(part.length);
    }
    return whole;
  }

  /** Moves on within the first chunk. */
  #skip(count: number): void {
    this.#offset += count;
    if (this.#offset === (this.#chunks[0]?.length ?? 0)) {
      this.#chunks.shift();
      this.#offset = 0;
    }
  }
}

/** The length prefix of a frame. */
export function framePrefix(length: number): Uint8Array {
  const bytes: number[] = [];
  let rest = length;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
