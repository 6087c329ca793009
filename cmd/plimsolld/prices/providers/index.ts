import { binance, binancePerp } from './binance.js';
import { bitfinex } from './bitfinex.js';
import { bitstamp } from './bitstamp.js';
import { bybit, bybitPerp } from './bybit.js';
import { coinbase } from './coinbase.js';
import { cryptoCom } from './crypto-com.js';
import type { Provider } from './description.js';
import { gate } from './gate.js';
import { gemini } from './gemini.js';
import { htx } from './htx.js';
import { hyperliquidPerp } from './hyperliquid.js';
import { kraken } from './kraken.js';
import { kucoin } from './kucoin.js';
import { mexc } from './mexc.js';
import { okx, okxPerp } from './okx.js';

/** All venues that the daemon can ask. Each counts as one source however it is asked. */
export const providers: readonly Provider[] = [
  binance,
  bitfinex,
  bitstamp,
  bybit,
  coinbase,
  cryptoCom,
  gate,
  gemini,
  htx,
  kraken,
  kucoin,
  mexc,
  okx,
  binancePerp,
  bybitPerp,
  hyperliquidPerp,
  okxPerp,
];

export const findProvider = (name: string): Provider | undefined => providers.find((one) => one.name === name);
