import { moduleAddress } from '../runtime/crypto/address.js';
import { Context } from '../runtime/baseapp/context.js';
import { TypedEvents } from '../runtime/codec/typed-events.js';
import type { CacheMultiStore } from '../runtime/store/types.js';
import { integers } from '../test/replay-paths.js';
import { OrderType, TimeInForce } from '../gen/plimsoll/perps/v1/types.js';
import { endBlock } from '../x/perps/block/end-block.js';
import { equity, maintenanceMargin } from '../x/perps/margin/index.js';
import { subaccountKey } from '../x/perps/subaccount-key.js';
import { plainTerms } from '../x/perps/codecs.js';
import { base, price, quote, type AccountView, type Side } from '../x/perps/types.js';
import { benchApp, benchState, chainId, symbols, type BenchApp } from './chain.js';
import { best, collectGarbage, measurement, quick, timed, type Measurement, type Measurements } from './measure.js';

const usdc = 1_000_000n;
const timeMs = 1_767_225_600_000n;
const marks = [price(435_380_000_000n), price(328_225_000_000n), price(441_000_000_000n)] as const;
/** Every so many accounts, one quotes instead of holding a position. */
const makerEvery = 100;
const runs = quick ? 1 : 3;

const counts: readonly (readonly [name: string, accounts: number])[] = quick
  ? [['10k', 10_000]]
  : [
      ['10k', 10_000],
      ['100k', 100_000],
      ['1m', 1_000_000],
    ];

/** How far all markets fall, in thousandths. */
const moves: readonly (readonly [label: string, permille: bigint])[] = [
  ['quietBlock', 0n],
  ['move01pct', -1n],
  ['move1pct', -10n],
  ['move5pct', -50n],
  ['move20pct', -200n],
];

/**
 * The end of a block over many accounts, from the risk scan to the identities,
 * after moves of all three markets. State comes from the keeper, not from
 * transactions. The baseline is the plain margin check of the same accounts
 * in memory, without a store: what a full scan costs this hardware.
 */
export async function riskBench(): Promise<Measurements> {
  const found: Record<string, Measurement> = {};
  let before: { readonly count: number; readonly settled: ReadonlyMap<string, number> } | undefined;
  for (const [name, count] of counts) {
    const app = await benchApp();
    const scan = await populate(app, count);
    const state = await RiskState.open(app);
    found[`risk.firstBlock.${name}`] = measurement(state.firstBlockMs, 'ms', scan);
    const settled = new Map<string, number>();
    // Once for the compiler.
    state.endBlockAfter(-10n, 1);
    for (const [label, permille] of moves) {
      const ms = state.endBlockAfter(permille, count > 100_000 ? 1 : runs);
      process.stderr.write(`  ${count} accounts, ${label}: ${ms.toFixed(1)} ms\n`);
      settled.set(label, ms);
      found[`risk.${label}.${name}`] = measurement(ms, 'ms', scan);
      const smaller = before?.settled.get(label);
      if (smaller === undefined) continue;
      // Against what N log N allows; a quiet block should not grow at all.
      const allowed = (count * Math.log(count)) / (before!.count * Math.log(before!.count));
      found[`risk.growth.${label}.${name}`] = measurement(ms / smaller, 'times', allowed);
    }
    before = { count, settled };
    await app.store.close();
    collectGarbage();
  }
  return found;
}

/** Commits accounts, positions and quotes. Returns the milliseconds of the baseline scan over them. */
async function populate(app: BenchApp, count: number): Promise<number> {
  const { plimsoll, store } = app;
  const { keepers } = plimsoll;
  const layer = store.cache();
  const ctx = contextOf(app, layer, 1n);
  const genesis = benchState(app);
  for (const module of plimsoll.modules) module.initGenesis(ctx, genesis[module.name]);

  const draw = integers(23);
  const accounts: AccountView[] = [];
  const longs = symbols.map(() => 0n);
  let cash = 0n;
  let previous: { readonly market: number; readonly quantity: bigint } | undefined;
  for (let index = 0; index < count; index++) {
    const key = accountKey(index);
    const maker = index % makerEvery < 2;
    let positions: AccountView['positions'] = [];
    let own: bigint;
    if (maker) {
      own = 50_000n * usdc;
    } else {
      // Pairs of a long and a short of the same size keep each market balanced.
      const market = previous?.market ?? draw(symbols.length) + 1;
      const mark = marks[market - 1]!;
      const size = previous?.quantity ?? ((BigInt(500 + draw(20_000)) * usdc * 1_000_000_000n) / mark / 100n) * 100n;
      const long = previous === undefined;
      previous = long ? { market, quantity: size } : undefined;
      const worth = (size * mark) / 1_000_000_000n;
      // Equity between 4 % and 54 % of notional: a few near the line of 2.5 %, most far from it.
      const margin = (worth * BigInt(40_000 + draw(500_000))) / 1_000_000n;
      own = long ? margin - worth : margin + worth;
      if (long) longs[market - 1] = longs[market - 1]! + size;
      const quantity = base(long ? size : -size);
      positions = [{ marketId: market, quantity, entryValue: quote(long ? worth : -worth), fundingIndex: 0n }];
    }
    cash += own;
    const account: AccountView = { key, cash: quote(own), positions, collateral: [] };
    accounts.push(account);
    keepers.perps.setSubaccount(ctx, key, { cash: account.cash, underwaterHeight: 0n, settings: undefined });
    for (const position of positions) keepers.perps.setPosition(ctx, key, position);
    if (maker) quoteBook(app, ctx, key, (index % symbols.length) + 1);
  }
  if (previous !== undefined) throw new Error('the last long has no short');
  for (const [index, longQuanta] of longs.entries()) {
    const state = keepers.perps.marketState(ctx, index + 1);
    const mark = marks[index]!;
    keepers.perps.setMarketState(ctx, {
      ...state,
      markPrice: mark,
      oraclePrice: mark,
      oracleTimeMs: timeMs,
      openInterestCap: undefined,
      longQuanta,
      shortQuanta: longQuanta,
    });
  }
  keepers.perps.setLedger(ctx, { ...keepers.perps.ledger(ctx), totalCash: cash });
  keepers.bank.mint(ctx, moduleAddress('perps'), 'uusdc', cash);
  store.prepare(1n, layer);
  await store.commit();

  const markets = keepers.perps.markets(store.at());
  return best(runs, () => {
    for (const account of accounts) {
      if (equity(account, markets) < maintenanceMargin(account, markets))
        throw new Error('an account starts under water');
    }
  });
}

/** Spread over the key space as addresses are. */
function accountKey(index: number): string {
  const address = Buffer.alloc(20);
  address.writeUInt32BE(Math.imul(index, 0x9e3779b1) >>> 0, 0);
  address.writeUInt32BE(index, 16);
  return subaccountKey(address, 0);
}

/** Two quotes on each side, at 10 and 20 basis points, of 10,000 USDC. */
function quoteBook({ plimsoll }: BenchApp, ctx: Context, account: string, marketId: number): void {
  const mark = marks[marketId - 1]!;
  const tick = 10_000_000n;
  const quantity = ((10_000n * usdc * 1_000_000_000n) / mark / 100n) * 100n;
  for (const side of ['buy', 'sell'] as const satisfies readonly Side[]) {
    for (const level of [1n, 2n]) {
      const offset = (mark * level * (side === 'buy' ? -1n : 1n)) / 1_000n;
      const at = {
        marketId,
        side,
        price: ((mark + offset) / tick) * tick,
        height: 1n,
        account,
        clientId: level + (side === 'buy' ? 0n : 2n),
      };
      const order = {
        type: OrderType.ORDER_TYPE_LIMIT,
        timeInForce: TimeInForce.TIME_IN_FORCE_GTC,
        reduceOnly: false,
        quantity,
        remaining: base(quantity),
        ...plainTerms,
      };
      plimsoll.keepers.perps.setOrder(ctx, at, order);
    }
  }
}

function contextOf({ plimsoll, store }: BenchApp, layer: CacheMultiStore, height: bigint): Context {
  const block = {
    chainId,
    height,
    timeMs,
    proposer: new Uint8Array(20),
    previousAppHash: new Uint8Array(32),
    faults: [],
    lastCommit: [],
    misbehavior: [],
  };
  return new Context(
    layer,
    block,
    height === 1n ? 'genesis' : 'deliver',
    store.at(),
    new TypedEvents(plimsoll.registry),
  );
}

class RiskState {
  readonly #app: BenchApp;

  private constructor(
    app: BenchApp,
    /** The block in which a node that just started looks at every account. */
    readonly firstBlockMs: number,
  ) {
    this.#app = app;
  }

  static async open(app: BenchApp): Promise<RiskState> {
    const { plimsoll, store } = app;
    const layer = store.cache();
    const ctx = contextOf(app, layer, 2n);
    collectGarbage();
    const ms = timed(() => endBlock(ctx, plimsoll.perpsDeps));
    store.prepare(2n, layer);
    await store.commit();
    return new RiskState(app, ms);
  }

  /** Best milliseconds of an end of block after all markets moved; what it wrote is thrown away. */
  endBlockAfter(permille: bigint, times: number): number {
    const { plimsoll, store } = this.#app;
    const { perps } = plimsoll.keepers;
    let least = Infinity;
    for (let run = 0; run < times; run++) {
      const layer = store.cache();
      const ctx = contextOf(this.#app, layer, 3n);
      for (const state of [...perps.allMarketStates(ctx)]) {
        const mark = price((state.markPrice * (1_000n + permille)) / 1_000n);
        perps.setMarketState(ctx, { ...state, markPrice: mark, oraclePrice: mark });
      }
      collectGarbage();
      least = Math.min(
        least,
        timed(() => endBlock(ctx, plimsoll.perpsDeps)),
      );
      const { haltedReason } = perps.ledger(ctx);
      if (haltedReason !== '') throw new Error(`the books broke: ${haltedReason}`);
    }
    return least;
  }
}
