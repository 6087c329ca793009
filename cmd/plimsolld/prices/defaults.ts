/** A market of the default configuration, as it would stand in prices.toml. */
interface DefaultMarket {
  readonly providers: readonly string[];
  readonly perp_providers?: readonly string[];
  readonly min_providers: number;
  readonly freshness_ms?: number;
  readonly max_unchanged_ms?: number;
}

/** True dollars first; the others are quoted in USDT and converted. */
const major = (base: string, gemini: boolean): DefaultMarket => ({
  providers: [
    'coinbase',
    'kraken',
    'bitstamp',
    ...(gemini ? ['gemini'] : []),
    'bitfinex',
    ...['binance', 'okx', 'bybit', 'kucoin', 'gate', 'crypto-com'].map((name) => `${name}:${base}-USDT`),
  ],
  perp_providers: [`binance-perp:${base}-USDT`, `okx-perp:${base}-USDT`, `bybit-perp:${base}-USDT`, 'hyperliquid-perp'],
  min_providers: 4,
});

/**
 * Markets when prices.toml names none. USDT-USD converts the others, so only
 * providers that trade it for true dollars are in it: an exchange of one
 * stablecoin for another says nothing of either when one breaks. It trades
 * less often, so its prices may be older, and it may stand still.
 */
export const defaultMarkets: Readonly<Record<string, DefaultMarket>> = {
  'BTC-USD': major('BTC', true),
  'ETH-USD': major('ETH', true),
  'SOL-USD': major('SOL', true),
  'XRP-USD': major('XRP', false),
  'DOGE-USD': major('DOGE', true),
  'USDT-USD': {
    providers: ['coinbase', 'kraken', 'bitstamp', 'bitfinex', 'crypto-com'],
    min_providers: 2,
    freshness_ms: 60_000,
    max_unchanged_ms: 0,
  },
};
