import type { BreakerParams, PriceSample } from '../../../../gen/plimsoll/perps/v1/breakers.js';
import { abs, billion, fdiv, max } from '../../../../runtime/math/integers.js';
import { ppb, type Ppb, type SolvencyClass } from '../../types.js';

/** Over which a move is measured, and how close together samples are kept. */
const windowMs = 60_000n;
const sampleMs = 5_000n;

/**
 * Adds an accepted price to the samples of the last minute: one in five
 * seconds, and the newest one that is a minute old. At most 14.
 */
export function withSample(samples: readonly PriceSample[], timeMs: bigint, price: bigint): readonly PriceSample[] {
  const last = samples.at(-1);
  if (last !== undefined && timeMs - last.timeMs < sampleMs) return samples;
  const all = [...samples, { timeMs, price }];
  const old = all.filter((each) => timeMs - each.timeMs >= windowMs).length;
  return old > 1 ? all.slice(old - 1) : all;
}

/**
 * How far the price went from where it was a minute ago, ppb, rounded down:
 * from the newest sample of that age, or the oldest there is. Zero without one.
 */
export function velocity(samples: readonly PriceSample[], nowMs: bigint, price: bigint): Ppb {
  const before = samples.findLast(({ timeMs }) => nowMs - timeMs >= windowMs) ?? samples[0];
  if (before === undefined || before.price === 0n) return ppb(0n);
  return ppb(fdiv(abs(price - before.price) * billion, before.price));
}

/** The least move that is ever too fast, ppb. B1 of risk-model section 14.2. */
export function velocityFloor(name: SolvencyClass, params: BreakerParams): Ppb {
  const floors: Readonly<Record<SolvencyClass, number>> = {
    A: params.velocityFloorAPpm,
    B: params.velocityFloorBPpm,
    C: params.velocityFloorCPpm,
    D: params.velocityFloorDPpm,
  };
  return ppb(BigInt(floors[name]) * 1_000n);
}

/** max(8 sigma of a minute, the class's floor), ppb: the limit moves with volatility, so that no price attracts. */
export const velocityLimit = (sigma: Ppb, floor: Ppb, params: BreakerParams): Ppb =>
  ppb(max(BigInt(params.velocitySigmas) * sigma, floor));
