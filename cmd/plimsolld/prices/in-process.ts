import type { Logger } from '../../../runtime/log.js';
import type { PriceSource, QuotedPrice } from '../../../x/oracle/price-source.js';
import type { PricesConfig } from './config.js';
import { PriceDaemon } from './daemon.js';
import { served } from './server.js';

/** How long an answer serves: a vote takes no longer than looking it up. */
const lookMs = 100;

/**
 * A price daemon inside the node: one process less to run, at the price that
 * the feeds share the node's event loop. It computes prices between votes and
 * answers a vote from the newest ones.
 */
export class InProcessPriceSource implements PriceSource {
  readonly #daemon: PriceDaemon;
  #prices: readonly QuotedPrice[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(config: PricesConfig, logger: Logger) {
    this.#daemon = new PriceDaemon(config, logger);
    this.#daemon.start();
    this.#timer = setInterval(() => this.#look(), lookMs);
    this.#timer.unref();
  }

  prices(): readonly QuotedPrice[] {
    return this.#prices;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#prices = [];
    void this.#daemon.stop();
  }

  #look(): void {
    this.#prices = this.#daemon.prices().flatMap((market): QuotedPrice[] => {
      const found = served(market);
      if (found === undefined) return [];
      const { symbol, price, providers, perp_price: perpPrice, depth_usd: depthUsd } = found;
      return [
        {
          symbol,
          price,
          sources: providers.length,
          ...(perpPrice !== undefined && { perpPrice }),
          ...(depthUsd !== undefined && { depthUsd }),
        },
      ];
    });
  }
}
