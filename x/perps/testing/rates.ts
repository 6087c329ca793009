import { defaultRatesParams } from '../rates/params.js';
import { ppb, type SolvencyClass } from '../types.js';
import { classRules } from '../classes/rules.js';
import { measure, newVolatility, type Measured } from '../volatility/index.js';

/** A market's volatility as it begins, at the rate that its class lists. */
export function fresh(name: SolvencyClass = 'A') {
  const { floor, horizonMinutes } = classRules[name];
  return newVolatility(1, ppb(2n * floor), horizonMinutes, defaultRatesParams);
}

/** Takes in one price, by the rules of a class. */
export function take(
  before: ReturnType<typeof fresh>,
  price: bigint,
  timeMs: bigint,
  name: SolvencyClass = 'A',
  staleMs = 30_000n,
): Measured {
  const { horizonMinutes: minutes } = classRules[name];
  return measure(before, { price, timeMs }, { staleMs, minutes, params: defaultRatesParams });
}

/**
 * One-minute prices of a market whose volatility clusters and jumps: a
 * GARCH(1,1) in integers with a heavy tail, about 55 % a year. The same for
 * the same seed.
 */
export function* clusteredPrices(seed: number, count: number): Iterable<bigint> {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state;
  };
  /** Twelve uniforms add up to a variance of one; the sum is nearly normal. Millionths. */
  const normal = (): bigint => {
    let sum = 0n;
    for (let each = 0; each < 12; each++) sum += (BigInt(uniform()) * 1_000_000n) >> 32n;
    return sum - 6_000_000n;
  };
  // ppb^2; 759,000 ppb in a minute are 55 % in a year.
  const mean = 576_000_000_000n;
  let variance = mean;
  let price = 1_000_000_000_000n;
  for (let index = 0; index < count; index++) {
    let root = 1n << 20n;
    for (let step = 0; step < 12; step++) root = (root + variance / root) >> 1n;
    let shock = normal();
    // One minute in forty is three times as wild.
    if (uniform() % 40 === 0) shock *= 3n;
    const moved = (root * shock) / 1_000_000n;
    price += (price * moved) / 1_000_000_000n;
    variance = (mean * 10n + variance * 950n + moved * moved * 40n) / 1_000n;
    yield price;
  }
}
