import type { RateLimit } from '../providers/description.js';

/** A token bucket: at most so many requests in any period of so many milliseconds, spread over it when it is used up. */
export class RateLimiter {
  readonly #limit: RateLimit;
  readonly #now: () => number;
  #tokens: number;
  #filledAt: number;

  constructor(limit: RateLimit, now: () => number = () => performance.now()) {
    this.#limit = limit;
    this.#now = now;
    this.#tokens = this.#capacity;
    this.#filledAt = now();
  }

  /** Half of the allowance may go at once, the other half refills: a burst and its refill stay within the limit. */
  get #capacity(): number {
    return Math.max(1, Math.floor(this.#limit.requests / 2));
  }

  /** Takes leave for one request. @returns milliseconds to wait before making it */
  take(): number {
    const now = this.#now();
    const rate = this.#limit.requests / 2 / this.#limit.perMs;
    this.#tokens = Math.min(this.#capacity, this.#tokens + (now - this.#filledAt) * rate);
    this.#filledAt = now;
    this.#tokens -= 1;
    return this.#tokens >= 0 ? 0 : Math.ceil(-this.#tokens / rate);
  }
}
