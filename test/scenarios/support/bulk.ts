import assert from 'node:assert/strict';
import { createApp, type PlimsollApp } from '../../../app/app.js';
import { addMarket, defaultAppState } from '../../../app/genesis.js';
import { mounts } from '../../../app/mounts.js';
import type { GenesisMarket } from '../../../cmd/plimsolld/node/init.js';
import { Market } from '../../../gen/plimsoll/perps/v1/types.js';
import { Context } from '../../../runtime/baseapp/context.js';
import type { AppEvent } from '../../../runtime/baseapp/events.js';
import { TypedEvents } from '../../../runtime/codec/typed-events.js';
import { moduleAddress } from '../../../runtime/crypto/address.js';
import { openStore } from '../../../runtime/store/index.js';
import type { CacheMultiStore, CommitMultiStore } from '../../../runtime/store/types.js';
import { StaticPriceSource } from '../../../x/oracle/sources/static.js';
import { audit } from '../../../x/perps/block/identities.js';
import { endBlock } from '../../../x/perps/block/end-block.js';
import { quoteDivisorOf } from '../../../x/perps/keeper.js';
import { price, type AccountView } from '../../../x/perps/types.js';
import { strictLogger } from '../../support/chain.js';
import type { BlockEvents } from '../../support/events.js';
import { Outcome } from './outcome.js';

const chainId = 'plimsoll-bulk-1';
const startMs = 1_767_225_600_000n;

/** Events as a block's results have them, each written out when it is read: all of them at once fill the memory. */
function* inBlock(events: readonly AppEvent[]): BlockEvents['events'] {
  for (const event of events)
    yield {
      type: event.type,
      get attributes() {
        return event.attributes.map(([key, value]) => ({ key, value, index: true }));
      },
    };
}

/**
 * Ends of blocks over more accounts than a genesis file could hold: accounts
 * are written by the keeper, marks are set, and the real end of the block runs
 * on the real store. Votes and transactions are left out.
 */
export class Bulk {
  readonly outcome: Outcome;
  #height = 1n;

  private constructor(
    readonly app: PlimsollApp,
    readonly store: CommitMultiStore,
    readonly markets: readonly GenesisMarket[],
  ) {
    this.outcome = new Outcome(new Map(markets.map(({ market }) => [market.id, quoteDivisorOf(market)])));
  }

  /** Markets at these marks with these accounts, committed as the first block. */
  static async open(
    markets: readonly GenesisMarket[],
    marks: ReadonlyMap<number, bigint>,
    accounts: Iterable<AccountView>,
  ): Promise<Bulk> {
    const store = await openStore({ mounts, keepVersions: 2 });
    const app = createApp({ store, chainId, prices: new StaticPriceSource({}), logger: strictLogger });
    const bulk = new Bulk(app, store, markets);
    const genesis = defaultAppState(app.modules);
    for (const { market, tranche } of markets)
      addMarket(
        genesis,
        market,
        app.registry.toJson('plimsoll.perps.v1.Market', Market.encode(market).finish()),
        tranche,
      );
    const layer = store.cache();
    const ctx = bulk.#context(layer, 'genesis');
    for (const module of app.modules) module.initGenesis(ctx, genesis[module.name]);
    const { perps, bank } = app.keepers;
    let cash = 0n;
    const sides = new Map(markets.map(({ market: { id } }) => [id, { long: 0n, short: 0n }]));
    for (const account of accounts) {
      cash += account.cash;
      perps.setSubaccount(ctx, account.key, { cash: account.cash, underwaterHeight: 0n, settings: undefined });
      for (const position of account.positions) {
        perps.setPosition(ctx, account.key, position);
        const side = sides.get(position.marketId)!;
        if (position.quantity > 0n) side.long += position.quantity;
        else side.short -= position.quantity;
      }
    }
    for (const [id, { long, short }] of sides) {
      const mark = price(marks.get(id)!);
      perps.setMarketState(ctx, {
        ...perps.marketState(ctx, id),
        markPrice: mark,
        oraclePrice: mark,
        oracleTimeMs: startMs,
        openInterestCap: undefined,
        longQuanta: long,
        shortQuanta: short,
      });
    }
    perps.setLedger(ctx, { ...perps.ledger(ctx), totalCash: cash });
    bank.mint(ctx, moduleAddress('perps'), 'uusdc', cash);
    await bulk.#commit(layer);
    return bulk;
  }

  /** The end of a block after every mark moved by so many thousandths; the books are counted anew afterwards. */
  async block(permille = 0n): Promise<void> {
    await this.#commit(this.#executed(permille));
    assert.deepEqual(audit(this.store.at(), this.app.perpsDeps).violations, []);
    assert.equal(this.app.keepers.perps.ledger(this.store.at()).haltedReason, '');
  }

  close(): Promise<void> {
    return this.store.close();
  }

  /** What a block writes; of what it told, the outcome is all that is kept. */
  #executed(permille: bigint): CacheMultiStore {
    const { perps } = this.app.keepers;
    const layer = this.store.cache();
    const ctx = this.#context(layer, 'deliver');
    for (const state of [...perps.allMarketStates(ctx)]) {
      const mark = price((state.markPrice * (1_000n + permille)) / 1_000n);
      perps.setMarketState(ctx, { ...state, markPrice: mark, oraclePrice: mark, oracleTimeMs: ctx.block.timeMs });
    }
    endBlock(ctx, this.app.perpsDeps);
    this.outcome.add({ events: inBlock(ctx.events.list()) });
    return layer;
  }

  async #commit(layer: CacheMultiStore): Promise<void> {
    this.store.prepare(this.#height, layer);
    await this.store.commit();
    this.#height++;
  }

  #context(layer: CacheMultiStore, mode: 'genesis' | 'deliver'): Context {
    const block = {
      chainId,
      height: this.#height,
      timeMs: startMs + this.#height * 1_000n,
      proposer: new Uint8Array(20),
      lastCommit: [],
      previousAppHash: new Uint8Array(0),
      faults: [],
      misbehavior: [],
    };
    return new Context(layer, block, mode, this.store.at(), new TypedEvents(this.app.registry));
  }
}
