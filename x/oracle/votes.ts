import { VoteExtension, type Pair, type Price, type PriceReport } from '../../gen/plimsoll/oracle/v1/oracle.js';
import type { Context } from '../../runtime/baseapp/context.js';
import { fdiv, million } from '../../runtime/math/integers.js';
import { clampPrice } from './clamp.js';
import { maxPrice, scaleDecimal } from './decimal.js';
import { dispersionPpm } from './dispersion.js';
import type { ValidatorPenalties } from './expected_keepers.js';
import type { OracleKeeper } from './keeper.js';
import { weightedMedian, type WeightedPrice } from './median.js';
import type { PriceSource } from './price-source.js';
import { keepScores, type Benchmark } from './reporters.js';
import { gather } from './statistics.js';

interface Vote {
  readonly address: Uint8Array;
  readonly power: bigint;
  readonly extension: Uint8Array;
}

/** Bytes of one report at most: tag and length, pair id, price, perpetual price, depth and sources with their tags. */
const maxReportBytes = 2 + 6 + 3 * 11 + 3;
/** Depths stay below this many USD. */
const maxDepth = 1n << 50n;
/** So do places that prices come from. */
const maxSources = 1_000;

/** Prices travel in vote extensions and nowhere else. */
export class PriceVotes {
  readonly #keeper: OracleKeeper;
  readonly #source: PriceSource;
  readonly #penalties: ValidatorPenalties | undefined;

  /** @param penalties who carries out verdicts on reporters; undefined where validators have nothing at stake */
  constructor(keeper: OracleKeeper, source: PriceSource, penalties?: ValidatorPenalties) {
    this.#keeper = keeper;
    this.#source = source;
    this.#penalties = penalties;
  }

  /** This validator's reports for all pairs its source knows, in pair order. */
  extend(ctx: Context): Uint8Array {
    const quoted = new Map(this.#source.prices(ctx.block.timeMs).map((each) => [each.symbol, each]));
    const reports: PriceReport[] = [];
    for (const { id, symbol, exponent } of this.#keeper.pairs(ctx)) {
      const found = quoted.get(symbol);
      if (found === undefined) continue;
      const price = scaleDecimal(found.price, exponent);
      if (price === undefined) continue;
      reports.push({
        pairId: id,
        price,
        perpPrice: optional(found.perpPrice, exponent, maxPrice),
        depthUsd: optional(found.depthUsd, 0, maxDepth),
        sources: Math.min(found.sources ?? 0, maxSources - 1),
      });
    }
    return VoteExtension.encode({ reports }).finish();
  }

  /** Empty is valid. Pairs must ascend, prices be in range and the encoding canonical; unknown pairs are ignored later, not refused. */
  isValid(ctx: Context, extension: Uint8Array): boolean {
    const { maxPairs } = this.#keeper.params(ctx);
    if (extension.length > maxPairs * maxReportBytes) return false;
    let decoded: VoteExtension;
    try {
      decoded = VoteExtension.decode(extension);
    } catch {
      return false;
    }
    if (decoded.reports.length > maxPairs) return false;
    let last = 0;
    for (const { pairId, price, perpPrice, depthUsd, sources } of decoded.reports) {
      if (pairId <= last || price <= 0n || price >= maxPrice || perpPrice >= maxPrice) return false;
      if (depthUsd >= maxDepth || sources >= maxSources) return false;
      last = pairId;
    }
    return Buffer.compare(VoteExtension.encode(decoded).finish(), extension) === 0;
  }

  /**
   * Accepts the price of each pair on which at least the quorum of total
   * power reported: the weighted median, held within the clamp. Then scores
   * the validators on the pairs whose median was not held back: after a true
   * gap, honest reports are no fault.
   */
  apply(ctx: Context, votes: readonly Vote[], totalPower: bigint): void {
    const quorum = BigInt(this.#keeper.params(ctx).quorumPpm);
    const ballots = votes.map(({ address, power, extension }) => ({
      address,
      power,
      reports: new Map(VoteExtension.decode(extension).reports.map((report) => [report.pairId, report])),
    }));
    const benchmarks: Benchmark[] = [];
    for (const pair of [...this.#keeper.pairs(ctx)]) {
      const weighted = (value: (report: PriceReport) => bigint): WeightedPrice[] =>
        ballots.flatMap(({ power, reports }) => {
          const report = reports.get(pair.id);
          const price = report === undefined ? 0n : value(report);
          return price > 0n ? [{ price, power }] : [];
        });
      const prices = weighted(({ price }) => price);
      if (totalPower === 0n || fdiv(powerOf(prices) * million, totalPower) < quorum) continue;
      const rawPrice = weightedMedian(prices);
      if (rawPrice === undefined) continue;
      const price = this.#accept(ctx, pair, rawPrice, prices, totalPower, {
        perpPrice: ofMajority(
          weighted(({ perpPrice }) => perpPrice),
          totalPower,
        ),
        depthUsd: ofMajority(
          weighted(({ depthUsd }) => depthUsd),
          totalPower,
        ),
        sources: Number(
          ofMajority(
            weighted(({ sources }) => BigInt(sources)),
            totalPower,
          ),
        ),
      });
      const { dispersionPpm, clampedBlocks } = price;
      if (clampedBlocks === 0) benchmarks.push({ pairId: pair.id, median: rawPrice, dispersionPpm });
    }
    const reported = ballots.map(({ address, reports }) => ({
      address,
      prices: new Map([...reports].map(([pairId, { price }]) => [pairId, price])),
    }));
    keepScores(ctx, this.#keeper, benchmarks, reported, this.#penalties);
  }

  #accept(
    ctx: Context,
    { id, clampFloorPpm }: Pair,
    rawPrice: bigint,
    prices: readonly WeightedPrice[],
    totalPower: bigint,
    others: Pick<Price, 'perpPrice' | 'depthUsd' | 'sources'>,
  ): Price {
    const before = this.#keeper.price(ctx, id);
    const held =
      before === undefined
        ? { price: rawPrice, clampedBlocks: 0, variance: 0n }
        : clampPrice(before, rawPrice, clampFloorPpm);
    const reportingPower = powerOf(prices);
    const price: Price = {
      pairId: id,
      ...held,
      ...others,
      height: ctx.block.height,
      timeMs: ctx.block.timeMs,
      reportingPower,
      totalPower,
      rawPrice,
      dispersionPpm: dispersionPpm(prices, rawPrice),
    };
    this.#keeper.setPrice(ctx, price);
    gather(ctx, this.#keeper, before, price);
    ctx.emit('plimsoll.oracle.v1.EventPrice', {
      pairId: id,
      price: price.price,
      reportingPower,
      totalPower,
      rawPrice,
      dispersionPpm: price.dispersionPpm,
      clampedBlocks: price.clampedBlocks,
    });
    return price;
  }
}

const powerOf = (reports: readonly WeightedPrice[]): bigint => reports.reduce((sum, { power }) => sum + power, 0n);

/** The median of what more than half of the power reports; zero otherwise. */
const ofMajority = (reports: readonly WeightedPrice[], totalPower: bigint): bigint =>
  2n * powerOf(reports) > totalPower ? weightedMedian(reports)! : 0n;

/** A value that may be missing or nonsense, which is the same as missing: zero. */
function optional(text: string | undefined, exponent: number, bound: bigint): bigint {
  const value = text === undefined ? undefined : scaleDecimal(text, exponent);
  return value !== undefined && value < bound ? value : 0n;
}
