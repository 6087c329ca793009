import { distance, multiply, type Decimal } from '../decimal.js';
import { pairText, type Pair } from '../pair.js';
import { ageMs, asOfMs, type Quotes } from '../quotes.js';
import { median } from './median.js';
import { consensus, type ConsensusRules, type Voice } from './consensus.js';

/** A pair at a provider. */
export interface Source {
  readonly provider: string;
  readonly pair: Pair;
}

/** What makes the price of a symbol. */
export interface Market extends ConsensusRules {
  /** For example BTC-USD. */
  readonly symbol: string;
  readonly pair: Pair;
  /** Each provider once: a venue is one source, however many pairs it has. */
  readonly sources: readonly Source[];
  readonly perpSources: readonly Source[];
  readonly minPerpProviders: number;
  /** Converted sources together may be this far from the direct ones. */
  readonly maxConversionGapPpm: number;
  /** Providers whose order books count. */
  readonly bookSources: readonly Source[];
  /** A price older than this is not used. */
  readonly freshnessMs: number;
  /** Nor is one that a venue repeats unchanged for this long; 0 allows it for ever. */
  readonly maxUnchangedMs: number;
  readonly bookFreshnessMs: number;
}

/** What became of one source; the words of the status page. */
export type SourceState = 'used' | 'outlier' | 'unknown' | 'stale' | 'frozen' | 'no_conversion' | 'disputed';

export interface SourceStatus extends Source {
  readonly state: SourceState;
  /** In the market's quote. */
  readonly price?: Decimal;
  readonly ageMs?: number;
}

export interface MarketPrice {
  readonly symbol: string;
  readonly price?: Decimal;
  /** Half of the used prices are at least this new. */
  readonly timeMs?: number;
  readonly providers: readonly string[];
  readonly dispersionPpm?: bigint;
  readonly perpPrice?: Decimal;
  /** Money within 1 % of the middle on the thinner side, summed over all books that could be read, in the market's quote. */
  readonly depth?: Decimal;
  readonly sources: readonly SourceStatus[];
  /** Why there is no price. */
  readonly fault?: string;
}

/** A stablecoin this far from its dollar may be a broken feed: three providers must agree on it. */
const pegPpm = 30_000n;
const providersForDepeg = 3;

interface Priced extends Voice, Source {
  readonly asOfMs: number;
  readonly converted: boolean;
}

/**
 * Prices of all markets at a time. A source that is quoted in something else
 * than its market (BTC-USDT for BTC-USD) is multiplied by the price of the
 * market that converts it (USDT-USD), which may itself use no conversion.
 * Without that price the source is left out.
 */
export function priceMarkets(markets: readonly Market[], quotes: Quotes, nowMs: number): MarketPrice[] {
  const priced = new Map<string, MarketPrice>();
  const convert = (pair: Pair, market: Market): Decimal | undefined => {
    if (pair.quote === market.pair.quote) return undefined;
    const through = priced.get(pairText({ base: pair.quote, quote: market.pair.quote }));
    return through === undefined ? 0n : usableRate(through);
  };
  const needsConversion = ({ pair, sources, perpSources }: Market): boolean =>
    [...sources, ...perpSources].some((source) => source.pair.quote !== pair.quote);
  for (const market of [...markets].sort((a, b) => Number(needsConversion(a)) - Number(needsConversion(b)))) {
    priced.set(market.symbol, priceMarket(market, quotes, nowMs, convert));
  }
  return markets.map(({ symbol }) => priced.get(symbol)!);
}

/** The rate of a stablecoin, or 0 where it is not to be trusted. */
function usableRate({ price, providers }: MarketPrice): Decimal {
  if (price === undefined) return 0n;
  const one = 10n ** 18n;
  const offPeg = distance(price, one) * 1_000_000n > one * pegPpm;
  return offPeg && providers.length < providersForDepeg ? 0n : price;
}

type Convert = (pair: Pair, market: Market) => Decimal | undefined;

function priceMarket(market: Market, quotes: Quotes, nowMs: number, convert: Convert): MarketPrice {
  const spot = collect(market.sources, market, quotes, nowMs, convert);
  const disputed = disputedSources(spot.voices, market);
  const agreed = consensus(
    spot.voices.filter((voice) => !disputed.includes(voice)),
    market,
  );
  const among = (voices: readonly Priced[], { provider }: Source): boolean =>
    voices.some((voice) => voice.provider === provider);
  const sources = spot.statuses.map((status) => {
    if (among(disputed, status)) return { ...status, state: 'disputed' as const };
    return among(agreed.outliers, status) ? { ...status, state: 'outlier' as const } : status;
  });
  if (agreed.price === undefined)
    return { symbol: market.symbol, providers: [], sources, fault: `${agreed.fault}: ${agreed.detail}` };

  const perp = consensus(collect(market.perpSources, market, quotes, nowMs, convert).voices, {
    minProviders: market.minPerpProviders,
    maxDeviationPpm: market.maxDeviationPpm,
  });
  const depth = depthOf(market, agreed.price, quotes, nowMs, convert);
  return {
    symbol: market.symbol,
    price: agreed.price,
    timeMs: middleTime(agreed.used.map((voice) => voice.asOfMs)),
    providers: agreed.used.map(({ provider }) => provider),
    dispersionPpm: agreed.dispersionPpm,
    ...(perp.price !== undefined && { perpPrice: perp.price }),
    ...(depth !== undefined && { depth }),
    sources,
  };
}

/**
 * All converted sources share the rate that they were converted by: when it is
 * wrong they are wrong together, and may be more than half. So where the direct ones agree among themselves
 * in sufficient number, converted ones that lie elsewhere as a whole are left out.
 */
function disputedSources(voices: readonly Priced[], market: Market): readonly Priced[] {
  const converted = voices.filter((voice) => voice.converted);
  const middle = median(converted.map(({ price }) => price));
  if (middle === undefined) return [];
  const direct = consensus(
    voices.filter((voice) => !voice.converted),
    market,
  );
  if (direct.price === undefined) return [];
  const gap = distance(middle, direct.price) * 1_000_000n;
  return gap > direct.price * BigInt(market.maxConversionGapPpm) ? converted : [];
}

/** Fresh prices of sources, converted, and what became of each. */
function collect(
  sources: readonly Source[],
  market: Market,
  quotes: Quotes,
  nowMs: number,
  convert: Convert,
): { readonly voices: readonly Priced[]; readonly statuses: readonly SourceStatus[] } {
  const voices: Priced[] = [];
  const statuses: SourceStatus[] = [];
  for (const source of sources) {
    const quote = quotes.get(source.provider, pairText(source.pair));
    if (quote === undefined) {
      statuses.push({ ...source, state: 'unknown' });
      continue;
    }
    const age = ageMs(quote, nowMs);
    const rate = convert(source.pair, market);
    const price = rate === undefined ? quote.price : multiply(quote.price, rate);
    const unchanged = market.maxUnchangedMs > 0 && nowMs - quote.changedMs > market.maxUnchangedMs;
    const state: SourceState =
      age > market.freshnessMs ? 'stale' : unchanged ? 'frozen' : price === 0n ? 'no_conversion' : 'used';
    statuses.push({ ...source, state, ageMs: age, ...(price > 0n && { price }) });
    if (state === 'used') voices.push({ ...source, price, asOfMs: asOfMs(quote), converted: rate !== undefined });
  }
  return { voices, statuses };
}

/** Sum over fresh books whose middle agrees with the price. Undefined without any. */
function depthOf(market: Market, price: Decimal, quotes: Quotes, nowMs: number, convert: Convert): Decimal | undefined {
  let sum: Decimal | undefined;
  for (const { provider, pair } of market.bookSources) {
    const book = quotes.book(provider, pairText(pair));
    if (book === undefined || nowMs - book.receivedMs > market.bookFreshnessMs) continue;
    const rate = convert(pair, market);
    const inQuote = (value: Decimal): Decimal => (rate === undefined ? value : multiply(value, rate));
    const off = distance(inQuote(book.middle), price);
    if (off * 1_000_000n > price * BigInt(market.maxDeviationPpm)) continue;
    sum = (sum ?? 0n) + inQuote(book.depth);
  }
  return sum;
}

/** The older of the middle two for an even number. */
function middleTime(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[(sorted.length - 1) >> 1]!;
}
