import { existsSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import Fastify from 'fastify';
import type { Logger } from '../../../runtime/log.js';
import { Failure } from '../failure.js';
import type { MarketPrice } from './aggregate/markets.js';
import type { PriceDaemon } from './daemon.js';
import { formatDecimal } from './decimal.js';
import { pairText } from './pair.js';

/** One symbol as it is served. Amounts are decimal text. */
export interface ServedPrice {
  readonly symbol: string;
  readonly price: string;
  /** Half of the providers' prices are at least this new, in milliseconds since 1970. */
  readonly time_ms: number;
  readonly providers: readonly string[];
  readonly dispersion_ppm: number;
  readonly perp_price?: string;
  /** Money within 1 % of the middle, in the market's quote. */
  readonly depth_usd?: string;
}

/** Undefined for a market without a price: no price is better than an old one. */
export function served(market: MarketPrice): ServedPrice | undefined {
  const { symbol, price, timeMs, providers, dispersionPpm, perpPrice, depth } = market;
  if (price === undefined || timeMs === undefined) return undefined;
  return {
    symbol,
    price: formatDecimal(price),
    time_ms: timeMs,
    providers,
    dispersion_ppm: Number(dispersionPpm ?? 0n),
    ...(perpPrice !== undefined && { perp_price: formatDecimal(perpPrice) }),
    ...(depth !== undefined && depth > 0n && { depth_usd: formatDecimal(depth) }),
  };
}

export interface PriceServer {
  /** host:port or unix:/path. */
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Serves GET /v1/prices (fresh prices), /v1/status (every source and provider),
 * /health (200 when every market has a price, else 503) and /metrics.
 * @throws Failure where the address is taken
 */
export async function servePrices(daemon: PriceDaemon, address: string, logger: Logger): Promise<PriceServer> {
  const app = Fastify({ logger: false, forceCloseConnections: true, bodyLimit: 1_024 });
  app.get('/v1/prices', () => {
    const now = Date.now();
    const prices = daemon.prices(now).map(served);
    return { time_ms: now, prices: prices.filter((price) => price !== undefined) };
  });
  app.get('/v1/status', () => statusOf(daemon, Date.now()));
  app.get('/health', (_, reply) => {
    const markets = daemon.prices().map(({ symbol, price, fault }) => ({ symbol, ok: price !== undefined, fault }));
    const ok = markets.every((market) => market.ok);
    return reply.code(ok ? 200 : 503).send({ ok, markets });
  });
  app.get('/metrics', async (_, reply) =>
    reply.type(daemon.telemetry.registry.contentType).send(await daemon.telemetry.text(daemon.prices(), Date.now())),
  );
  app.setNotFoundHandler((_, reply) =>
    reply.code(404).send({ error: 'there are GET /v1/prices, /v1/status, /health and /metrics' }),
  );
  app.setErrorHandler((error: Error, _, reply) => {
    logger.error({ error: error.message, stack: error.stack }, 'request failed');
    return reply.code(500).send({ error: 'the daemon could not answer' });
  });

  try {
    if (address.startsWith('unix:')) {
      const path = address.slice('unix:'.length);
      await removeDeadSocket(path);
      await app.listen({ path });
      return { address, close: () => app.close() };
    }
    const at = address.lastIndexOf(':');
    const host = address.slice(0, at);
    await app.listen({ host, port: Number(address.slice(at + 1)) });
    const bound = app.server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    return { address: `${host}:${port}`, close: () => app.close() };
  } catch (error) {
    await app.close();
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'EADDRINUSE' ? 'something listens there already; choose another --laddr' : message;
    throw new Failure(`laddr ${address}: ${why}`);
  }
}

/** A socket file that nobody listens on is left from a killed daemon. */
async function removeDeadSocket(path: string): Promise<void> {
  if (!existsSync(path)) return;
  const dead = await new Promise<boolean>((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'ECONNREFUSED'));
  });
  if (dead) rmSync(path);
}

function statusOf(daemon: PriceDaemon, nowMs: number): object {
  return {
    time_ms: nowMs,
    markets: daemon.prices(nowMs).map((market) => ({
      ...(served(market) ?? { symbol: market.symbol, fault: market.fault }),
      sources: market.sources.map(({ provider, pair, state, price, ageMs }) => ({
        provider,
        pair: pairText(pair),
        state,
        ...(price !== undefined && { price: formatDecimal(price) }),
        ...(ageMs !== undefined && { age_ms: ageMs }),
      })),
    })),
    providers: daemon.config.providers.map(({ provider, pairs }) => {
      const { lastOkMs, lastFault, connections } = daemon.telemetry.health(provider.name);
      return {
        provider: provider.name,
        pairs: pairs.map(pairText),
        connections,
        ...(lastOkMs !== undefined && { last_ok_ms: lastOkMs }),
        ...(lastFault !== undefined && {
          last_fault: { time_ms: lastFault.timeMs, transport: lastFault.transport, what: lastFault.what },
        }),
      };
    }),
  };
}
