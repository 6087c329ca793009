import { VoteExtension, type PriceReport } from '../../gen/plimsoll/oracle/v1/oracle.js';
import type { Context } from '../../runtime/baseapp/context.js';
import { fdiv, million } from './ratio.js';
import { maxPrice, scaleDecimal } from './decimal.js';
import type { OracleKeeper } from './keeper.js';
import { weightedMedian, type WeightedPrice } from './median.js';
import type { PriceSource } from './price-source.js';

interface Vote {
  readonly power: bigint;
  readonly extension: Uint8Array;
}

/** Bytes of one report at most: tag, length, pair id and price with their tags. */
const maxReportBytes = 20;

/** Prices travel in vote extensions and nowhere else. */
export class PriceVotes {
  readonly #keeper: OracleKeeper;
  readonly #source: PriceSource;

  constructor(keeper: OracleKeeper, source: PriceSource) {
    this.#keeper = keeper;
    this.#source = source;
  }

  /** This validator's reports for all pairs its source knows, in pair order. */
  extend(ctx: Context): Uint8Array {
    const quoted = new Map(this.#source.prices(ctx.block.timeMs).map(({ symbol, price }) => [symbol, price]));
    const reports: PriceReport[] = [];
    for (const { id, symbol, exponent } of this.#keeper.pairs(ctx)) {
      const text = quoted.get(symbol);
      const price = text === undefined ? undefined : scaleDecimal(text, exponent);
      if (price !== undefined) reports.push({ pairId: id, price });
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
    for (const { pairId, price } of decoded.reports) {
      if (pairId <= last || price <= 0n || price >= maxPrice) return false;
      last = pairId;
    }
    return Buffer.compare(VoteExtension.encode(decoded).finish(), extension) === 0;
  }

  /** Sets the weighted median of each pair on which at least the quorum of total power reported. */
  apply(ctx: Context, votes: readonly Vote[], totalPower: bigint): void {
    const { quorumPpm } = this.#keeper.params(ctx);
    const { height, timeMs } = ctx.block;
    const reports = new Map<number, WeightedPrice[]>();
    for (const { power, extension } of votes) {
      for (const { pairId, price } of VoteExtension.decode(extension).reports) {
        const list = reports.get(pairId);
        if (list === undefined) reports.set(pairId, [{ price, power }]);
        else list.push({ price, power });
      }
    }
    for (const { id } of [...this.#keeper.pairs(ctx)]) {
      const list = reports.get(id) ?? [];
      const reportingPower = list.reduce((sum, { power }) => sum + power, 0n);
      if (fdiv(reportingPower * million, totalPower) < BigInt(quorumPpm)) continue;
      const price = weightedMedian(list);
      if (price === undefined) continue;
      this.#keeper.setPrice(ctx, { pairId: id, price, height, timeMs, reportingPower, totalPower });
      ctx.emit('plimsoll.oracle.v1.EventPrice', { pairId: id, price, reportingPower, totalPower });
    }
  }
}
