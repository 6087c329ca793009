import Fastify from 'fastify';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ResponseFinalizeBlock } from 'cosmjs-types/tendermint/abci/types';
import {
  QueryMarketRisksRequest,
  QueryMarketRisksResponse,
  QueryStressReportRequest,
  QueryStressReportResponse,
  type MarketRisk,
} from '../../../gen/plimsoll/perps/v1/stress_query.js';
import type { StressReport } from '../../../gen/plimsoll/perps/v1/stress.js';
import type { Application } from '../../../runtime/abci/application.js';
import type { Logger } from '../../../runtime/log.js';
import { Failure } from '../failure.js';

/** USDC and rates as floats: for charts only. */
const usdc = (quanta: string): number => Number(quanta) / 1e6;
const ppm = (value: bigint | number | string): number => Number(value) / 1e6;
const ppb = (value: string): number => Number(value) / 1e9;

/** Markets of one page: as many as there may be. */
const mostMarkets = 1_000n;

/** What a market's figures are called, what they mean, and where they come from. */
const marketGauges: readonly (readonly [name: string, help: string, value: (risk: MarketRisk) => number])[] = [
  ['opening_rate', 'm_open: half of the initial margin rate', (risk) => ppb(risk.openingPpb)],
  ['maintenance_rate', 'm_maint: the maintenance margin rate', (risk) => ppb(risk.maintenancePpb)],
  ['kappa', 'Standard deviations that the forecast covers', (risk) => ppm(risk.kappaPpm)],
  ['excess', 'xi: how far beyond the forecast prices go when they do', (risk) => ppm(risk.excessPpm)],
  ['sigma_day', 'Standard deviation forecast for a day', (risk) => ppb(risk.sigmaDayPpb)],
  ['coverage_windows', 'Windows in which the forecast was judged', (risk) => Number(risk.windows)],
  ['coverage_exceedances', 'Windows that went further than forecast', (risk) => Number(risk.exceedances)],
  ['open_interest_usdc', 'Long side at mark', (risk) => usdc(risk.openInterest)],
  ['open_interest_cap_usdc', 'The cap that holds', (risk) => usdc(risk.openInterestCap)],
  ['depth_unit_usdc', 'D: the unit of concentration', (risk) => usdc(risk.depthUnit)],
  ['tranche_usdc', "What the market's insurance tranche has", (risk) => usdc(risk.tranche)],
  ['tranche_target_usdc', 'What it should have', (risk) => usdc(risk.target)],
  ['shortfall_es_usdc', 'Mean of the worst hundredth of stress scenarios', (risk) => usdc(risk.stress?.expectedShortfall ?? '0')],
  ['shortfall_var99_usdc', 'VaR 99 % over historical moves', (risk) => usdc(risk.stress?.historicalValueAtRisk ?? '0')],
  ['shortfall_es99_usdc', 'ES 99 % over historical moves', (risk) => usdc(risk.stress?.historicalExpectedShortfall ?? '0')],
  ['cover_two_usdc', 'What the two largest accounts may be short of', (risk) => usdc(risk.stress?.coverTwo ?? '0')],
  ['top_ten_share', 'Share of the ten largest positions', (risk) => ppm(risk.topTenSharePpm)],
  ['latency_p99_blocks', 'Blocks from breach to safety, P99 of seven days', (risk) => Number(risk.latencyP99Blocks)],
  ['breaches', 'Breaches that ended in seven days', (risk) => Number(risk.breaches)],
  ['shadow_exceedances', 'Windows that went further than the shadow forecast', (risk) => Number(risk.shadow?.exceedances ?? 0)],
  ['shadow_mean_rate', 'Mean rate of the shadow forecast', (risk) => ppb(`${risk.shadow?.meanPpb ?? 0}`)],
  ['shadow_live_mean_rate', 'Mean rate of the live forecast in the same windows', (risk) => ppb(`${risk.shadow?.liveMeanPpb ?? 0}`)],
]; // prettier-ignore

/** Counts what a node does with blocks, and asks the chain for its public figures when somebody looks. */
export class NodeTelemetry {
  readonly registry = new Registry();
  readonly #height = this.#gauge('plimsoll_height', 'Newest block that was executed');
  readonly #blockTime = this.#gauge('plimsoll_block_time_seconds', "The newest block's own time");
  readonly #interval = this.#gauge('plimsoll_block_interval_seconds', 'Time between the two newest blocks');
  readonly #txs = new Counter({
    name: 'plimsoll_txs_total',
    help: 'Transactions in blocks, by outcome',
    labelNames: ['outcome'],
    registers: [this.registry],
  });
  readonly #seconds = new Histogram({
    name: 'plimsoll_block_seconds',
    help: 'How long this node took over a block, by step',
    labelNames: ['step'],
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [this.registry],
  });
  readonly #markets = new Map(
    marketGauges.map(([name, help]) => [name, this.#gauge(`plimsoll_perps_${name}`, help, ['market'])] as const),
  );
  readonly #near = this.#gauge('plimsoll_perps_near_liquidation_share', 'Share of a side that a move liquidates', [
    'market',
    'side',
    'within',
  ]);
  readonly #system = this.#gauge('plimsoll_perps_stress_usdc', 'What all accounts may be short of', ['measure']);
  #app: Application | undefined;
  #lastMs = 0;

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** The application as the engine calls it, with an eye on its blocks. */
  observe(app: Application): Application {
    this.#app = app;
    const changes: Partial<Application> = {
      finalizeBlock: async (request) => {
        const stop = this.#seconds.startTimer({ step: 'execute' });
        const response = await app.finalizeBlock(request);
        stop();
        const { seconds, nanos } = request.time ?? { seconds: 0n, nanos: 0 };
        this.#executed(Number(request.height), Number(seconds) * 1_000 + Math.floor(nanos / 1e6), response);
        return response;
      },
      commit: async () => {
        const stop = this.#seconds.startTimer({ step: 'commit' });
        const response = await app.commit();
        stop();
        return response;
      },
    };
    return new Proxy(app, {
      get: (target, name: keyof Application) => changes[name] ?? target[name].bind(target),
    });
  }

  /** Prometheus text, with the public figures of now. */
  async text(): Promise<string> {
    const risks = await this.#ask('MarketRisks', QueryMarketRisksRequest, QueryMarketRisksResponse, {
      pagination: { key: new Uint8Array(0), offset: 0n, limit: mostMarkets, countTotal: false, reverse: false },
    });
    for (const gauge of [...this.#markets.values(), this.#near, this.#system]) gauge.reset();
    for (const risk of risks?.risks ?? []) this.#showMarket(risk);
    const found = await this.#ask('StressReport', QueryStressReportRequest, QueryStressReportResponse, {});
    if (found?.report !== undefined) this.#showSystem(found.report);
    return this.registry.metrics();
  }

  #executed(height: number, timeMs: number, { txResults }: ResponseFinalizeBlock): void {
    this.#height.set(height);
    this.#blockTime.set(timeMs / 1_000);
    if (this.#lastMs > 0) this.#interval.set((timeMs - this.#lastMs) / 1_000);
    this.#lastMs = timeMs;
    for (const { code } of txResults) this.#txs.inc({ outcome: code === 0 ? 'ok' : 'failed' });
  }

  #showMarket(risk: MarketRisk): void {
    const market = risk.ticker;
    for (const [name, , value] of marketGauges) this.#markets.get(name)!.set({ market }, value(risk));
    for (const { distancePpm, longsPpm, shortsPpm } of risk.liquidationShares) {
      const within = String(ppm(distancePpm));
      this.#near.set({ market, side: 'long', within }, ppm(longsPpm));
      this.#near.set({ market, side: 'short', within }, ppm(shortsPpm));
    }
  }

  #showSystem({ valueAtRisk, expectedShortfall }: StressReport): void {
    this.#system.set({ measure: 'var99' }, usdc(valueAtRisk));
    this.#system.set({ measure: 'es99' }, usdc(expectedShortfall));
  }

  async #ask<Q, R>(
    name: string,
    request: { encode(message: Q): { finish(): Uint8Array } },
    response: { decode(bytes: Uint8Array): R },
    message: Q,
  ): Promise<R | undefined> {
    const answer = await this.#app?.query({
      path: `/plimsoll.perps.v1.Query/${name}`,
      data: request.encode(message).finish(),
      height: 0n,
      prove: false,
    });
    // Before the first block there is no state to ask.
    return answer === undefined || answer.code !== 0 ? undefined : response.decode(answer.value);
  }

  #gauge<L extends string>(name: string, help: string, labelNames: L[] = []): Gauge<L> {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }
}

export interface MetricsServer {
  /** host:port. */
  readonly address: string;
  close(): Promise<void>;
}

/** Serves GET /metrics. @throws Failure where the address is taken */
export async function serveMetrics(
  telemetry: NodeTelemetry,
  { host, port }: { readonly host: string; readonly port: number },
  logger: Logger,
): Promise<MetricsServer> {
  const server = Fastify({ logger: false, forceCloseConnections: true, bodyLimit: 1_024 });
  server.get('/metrics', async (_, reply) => reply.type(telemetry.registry.contentType).send(await telemetry.text()));
  server.setNotFoundHandler((_, reply) => reply.code(404).send({ error: 'there is GET /metrics' }));
  server.setErrorHandler((error: Error, _, reply) => {
    logger.error({ error: error.message, stack: error.stack }, 'metrics failed');
    return reply.code(500).send({ error: 'the node could not answer' });
  });
  try {
    await server.listen({ host, port });
  } catch (error) {
    await server.close();
    throw new Failure(`telemetry.address ${host}:${port}: ${(error as Error).message}`);
  }
  const bound = server.server.address();
  const at = typeof bound === 'object' && bound !== null ? bound.port : port;
  return { address: `${host}:${at}`, close: () => server.close() };
}
