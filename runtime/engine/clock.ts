/** What the engine takes for the present, in milliseconds since 1970. */
export interface EngineClock {
  nowMs(): bigint;
}

/** The machine's clock. */
export const systemClock: EngineClock = { nowMs: () => BigInt(Date.now()) };

/** A clock that stands until it is moved: runs as fast as the machine can, the same way every time. */
export class VirtualClock implements EngineClock {
  #now: bigint;

  constructor(startMs: bigint) {
    this.#now = startMs;
  }

  nowMs(): bigint {
    return this.#now;
  }

  /** Sets the time; it never runs backwards. */
  set(timeMs: bigint): void {
    if (timeMs > this.#now) this.#now = timeMs;
  }
}
