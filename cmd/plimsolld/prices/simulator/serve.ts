import Fastify from 'fastify';
import { SyntheticPriceSource } from '../../../../x/oracle/sources/synthetic.js';
import { Failure } from '../../failure.js';
import { answerOf, honest, shapes, type Said } from './venues.js';

/** Dollars that one USDT costs. */
const tether = 0.9995;
/** How far apart neighbouring venues are, ppm. */
const venueStepPpm = 15;

export interface Simulation {
  /** Names the paths that prices take. */
  readonly seed: string;
  /** Symbol to the price that its path starts from. */
  readonly prices: Readonly<Record<string, string>>;
}

export interface RunningSimulator {
  /** Base of every venue: http://host:port. */
  readonly url: string;
  stop(): Promise<void>;
}

export const simulatedVenues: readonly string[] = Object.keys(shapes);

/**
 * Serves made-up exchanges: under /<venue> each answers in the form of that
 * exchange, with prices that move and differ a little from venue to venue.
 * For networks that cannot reach real ones.
 * @throws Failure where the address is taken
 */
export async function serveExchanges(
  host: string,
  port: number,
  { seed, prices }: Simulation,
): Promise<RunningSimulator> {
  const source = new SyntheticPriceSource(
    seed,
    Object.entries(prices).map(([symbol, start]) => ({ symbol, start: Number(start), volatilityPpm: 600 })),
  );
  const app = Fastify({ logger: false, forceCloseConnections: true });
  for (const [index, venue] of simulatedVenues.entries()) {
    const factor = 1 + (index * venueStepPpm) / 1e6;
    app.get(`/${venue}/*`, (request, reply) => {
      const now = Date.now();
      const said: Record<string, Said> = { 'USDT-USD': honest(tether * factor, now) };
      for (const { symbol, price } of source.prices(BigInt(now))) {
        const dollars = Number(price) * factor;
        said[symbol] = honest(dollars, now);
        said[symbol.replace(/-USD$/, '-USDT')] = honest(dollars / tether, now);
      }
      const url = new URL(request.url.slice(`/${venue}`.length), 'http://exchange');
      return reply.type('application/json').send(answerOf(venue, { url }, said).body);
    });
  }
  try {
    await app.listen({ host, port });
  } catch (error) {
    throw new Failure(`cannot listen on ${host}:${port}: ${(error as Error).message}`);
  }
  return { url: `http://${host}:${port}`, stop: () => app.close() };
}
