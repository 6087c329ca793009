import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { OrderType, SelfTradePrevention, TimeInForce } from '../../../gen/plimsoll/perps/v1/types.js';
import { openStore } from '../../../runtime/store/index.js';
import { u32 } from '../../../runtime/store/key.js';
import type { CacheMultiStore, MultiReader } from '../../../runtime/store/types.js';
import { plainTerms } from '../codecs.js';
import { PerpsKeeper } from '../keeper.js';
import { base, type Side } from '../types.js';
import { BookIndex, type BookSource } from './book-index.js';
import type { BookOrder } from './store.js';

const numRuns = Number(process.env['PLIMSOLL_FC_RUNS'] ?? 100);
const markets = [1, 2];

/** A block's layer with the committed state below it. */
const source = (layer: CacheMultiStore, committed: MultiReader) => ({
  store: (name: string) => layer.store(name),
  committed,
});

/** All that anybody can read of a book. */
function shown(books: BookIndex, from: BookSource) {
  const view = books.view(from);
  return markets.flatMap((market) =>
    (['buy', 'sell'] as const).map((side) =>
      [...view.levels(market, side)].map((level) => ({
        price: level.price,
        total: level.total,
        wholes: level.wholes,
        orders: level.orders().map(({ key, quantity, hidden, height }) => ({ key, quantity, hidden, height })),
        depth: [...view.depth(market, side)],
        best: view.bestEarlier(market, side, 3n),
      })),
    ),
  );
}

const change = fc.record({
  account: fc.nat(3),
  market: fc.constantFrom(...markets),
  client: fc.nat(4),
  side: fc.constantFrom<Side>('buy', 'sell'),
  price: fc.integer({ min: 1, max: 5 }),
  quantity: fc.integer({ min: 1, max: 9 }),
  allOrNone: fc.boolean(),
  shows: fc.boolean(),
  removed: fc.boolean(),
});
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;
/** Transactions of a block: what fails leaves no trace. */
const transaction = fc.record({ changes: fc.array(change, { maxLength: 4 }), fails: fc.boolean() });
const block = fc.record({
  transactions: fc.array(transaction, { maxLength: 5 }),
  end: fc.array(change, { maxLength: 3 }),
  /** What happens before the next block. */
  then: fc.constantFrom('nothing', 'query', 'old query', 'restart', 'again'),
});

function apply(keeper: PerpsKeeper, to: CacheMultiStore, height: bigint, drawn: Change): void {
  const at = {
    account: `${drawn.account}`.padEnd(20, 'x') + u32(0),
    marketId: drawn.market,
    clientId: BigInt(drawn.client),
    side: drawn.side,
    price: BigInt(drawn.price),
    height,
  };
  if (drawn.removed) {
    keeper.removeOrder(to, at);
    return;
  }
  const displayed = drawn.shows && !drawn.allOrNone ? 1n : 0n;
  keeper.setOrder(to, at, {
    ...plainTerms,
    type: OrderType.ORDER_TYPE_LIMIT,
    timeInForce: TimeInForce.TIME_IN_FORCE_GTC,
    reduceOnly: false,
    quantity: BigInt(drawn.quantity),
    remaining: base(BigInt(drawn.quantity)),
    allOrNone: drawn.allOrNone,
    selfTrade: SelfTradePrevention.SELF_TRADE_PREVENTION_UNSPECIFIED,
    displayQuantity: displayed,
    displayed,
  });
}

const mounts = [
  { name: 'perps', kind: 'committed' },
  { name: 'transient_perps', kind: 'transient' },
] as const;
const rebuilt = new BookIndex(false);

describe('the book in memory', () => {
  test('is the book built from state, after any history of blocks, failures, queries and restarts', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(block, { minLength: 1, maxLength: 8 }), async (blocks) => {
        const store = await openStore({ mounts });
        let keeper = new PerpsKeeper();
        const same = (from: BookSource): void => assert.deepEqual(shown(keeper.books, from), shown(rebuilt, from));
        for (const [index, { transactions, end, then }] of blocks.entries()) {
          const height = BigInt(index + 1);
          // A proposal may be executed twice before one of them is committed.
          for (let attempt = then === 'again' ? 0 : 1; attempt < 2; attempt++) {
            const layer = store.cache();
            const committed = store.at();
            same(source(layer, committed));
            for (const { changes, fails } of attempt === 0 ? transactions.slice(1) : transactions) {
              const branch = layer.branch();
              for (const each of changes) apply(keeper, branch, height, each);
              same(source(branch, committed));
              if (!fails) branch.write();
              same(source(layer, committed));
            }
            for (const each of end) apply(keeper, layer, height, each);
            same(source(layer, committed));
            keeper.books.close(source(layer, committed), height);
            // A query between the end of a block and its commit sees the block before.
            same(source(store.cache(), store.at()));
            store.prepare(height, layer);
            if (attempt === 1) await store.commit();
          }
          if (then === 'query') same(store.at());
          if (then === 'old query') for (let old = 1n; old < height; old++) same(store.at(old));
          if (then === 'restart') keeper = new PerpsKeeper();
        }
        same(store.at());
        await store.close();
      }),
      { numRuns },
    );
  });
  test('is sorted: best price first, then earlier blocks, then what reduces, then by name', async () => {
    const store = await openStore({ mounts });
    const keeper = new PerpsKeeper();
    const layer = store.cache();
    const drawn = {
      account: 0,
      market: 1,
      client: 0,
      side: 'buy',
      quantity: 1,
      allOrNone: false,
      shows: false,
      removed: false,
    } as const;
    for (const [client, price, height] of [
      [0, 3, 2],
      [1, 5, 2],
      [2, 5, 1],
      [3, 4, 1],
      [4, 5, 1],
    ] as const)
      apply(keeper, layer, BigInt(height), { ...drawn, client, price });
    const read = [...keeper.bookSide(source(layer, store.at()), 1, 'buy')].map(([{ clientId }]: BookOrder) =>
      Number(clientId),
    );
    assert.deepEqual(read, [2, 4, 1, 3, 0]);
    await store.close();
  });
});
