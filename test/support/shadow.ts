import assert from 'node:assert/strict';
import type { ResponseFinalizeBlock } from 'cosmjs-types/tendermint/abci/types';
import { createApp, type PlimsollApp } from '../../app/app.js';
import { mounts } from '../../app/mounts.js';
import type { Application } from '../../runtime/abci/application.js';
import type { Logger } from '../../runtime/log.js';
import { openStore } from '../../runtime/store/index.js';
import type { PriceSource } from '../../x/oracle/price-source.js';

const noPrices: PriceSource = { prices: () => [] };

/** Events as values: the application itself makes their attributes when they are read, a socket brings them made. */
const plainEvents = ({ events }: ResponseFinalizeBlock) =>
  events.map(({ type, attributes }) => ({ type, attributes: attributes.map(({ key, value }) => [key, value]) }));

/**
 * A second application that executes the same blocks in memory, looks at every
 * account in each and builds the book from state: what is derived may speed a
 * block up and never change its result.
 */
export class Shadow {
  private constructor(
    readonly plimsoll: PlimsollApp,
    readonly close: () => Promise<void>,
  ) {}

  static async open(chainId: string, logger: Logger): Promise<Shadow> {
    const store = await openStore({ mounts });
    const options = { store, chainId, prices: noPrices, logger, healthIndex: false, bookIndex: false };
    return new Shadow(createApp(options), () => store.close());
  }

  /** The application with the shadow behind it; it throws in a block that comes out differently. */
  behind(app: Application): Application {
    const changes: Partial<Application> = {
      initChain: async (request) => {
        await this.plimsoll.app.initChain(request);
        return app.initChain(request);
      },
      finalizeBlock: async (request) => {
        const expected = await this.plimsoll.app.finalizeBlock(request);
        const response = await app.finalizeBlock(request);
        // As text: from a socket comes a Uint8Array, from the application itself a Buffer.
        const [actual, wanted] = [response, expected].map(({ appHash }) => Buffer.from(appHash).toString('hex'));
        assert.equal(actual, wanted, `a derived index changed block ${request.height}`);
        assert.deepEqual(plainEvents(response), plainEvents(expected));
        return response;
      },
      commit: async () => {
        await this.plimsoll.app.commit();
        return app.commit();
      },
    };
    return new Proxy(app, { get: (target, name: keyof Application) => changes[name] ?? target[name].bind(target) });
  }
}
