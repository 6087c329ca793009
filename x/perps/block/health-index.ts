import type { Context } from '../../../runtime/baseapp/context.js';
import type { Deps } from '../deps.js';
import { LoneScreen } from '../estimates/index.js';
import { assetStepOf, canFail, reachOf, stepOf, WakeHeaps, type Marked, type Priced } from '../health/index.js';
import { usdcEquity } from '../margin/index.js';
import { million } from '../units/index.js';
import {
  ppm,
  type AssetId,
  type AssetView,
  type MarketId,
  type Markets,
  type MarketView,
  type SubaccountKey,
} from '../types.js';
import { roomsOf } from '../warnings/levels.js';
import type { FallenAccount } from '../warnings/named.js';
import type { AccountCache } from './account-cache.js';
import type { AccountStanding } from './risk-scan.js';

/** An account that must be looked at in every block: it is under water, or was. */
const always = -1;
/** Odometers are integers below 2^53; a chain whose prices go round the clock takes centuries to get here. */
const odometerEnd = 4_503_599_627_370_496;
/** The odometer of accounts in several markets, or with collateral: it goes as far as the market or asset that went furthest. */
const anyMarket = 0;

/** What the bound of a step covers, and what it does not. */
type Known = Marked & Pick<MarketView, 'class' | 'shocks' | 'openInterest'>;
type KnownAsset = Priced & Pick<AssetView, 'shocks'> & { readonly held: boolean };

/** What a block changes once it is committed. */
interface Pending {
  readonly height: bigint;
  readonly markets: ReadonlyMap<MarketId, Known>;
  readonly assets: ReadonlyMap<AssetId, KnownAsset>;
  readonly odometers: ReadonlyMap<MarketId, number>;
  readonly wakes: readonly (readonly [key: SubaccountKey, odometer: MarketId | undefined, at: number])[];
  /** Of those who passed, by slot. */
  readonly passed: Passed;
  readonly rebuilt: boolean;
}

/** Accounts that estimates know enough of: slot, odometer and the reading at which each wants to be woken. */
interface Passed {
  readonly slots: number[];
  readonly odometers: MarketId[];
  readonly ats: number[];
}

/** Whom a block must look at. */
export interface Due {
  /** Accounts that the exact rules are asked about. */
  readonly accounts: readonly SubaccountKey[];
  /** Accounts that were woken, of which estimates are sure that they do not fail. */
  readonly passed: Iterable<SubaccountKey>;
  /** Those of them that this block's prices brought below a level of warning. */
  readonly fallen: readonly FallenAccount[];
}

/**
 * Which accounts a block must look at: those whose markets went so far since
 * the last look that they may fail or their health cross a level of warning,
 * and those that changed. Derived from state and never stored: a node that
 * starts, or whose state came from elsewhere, looks at all accounts once. It
 * can change no result, because an account it leaves out could not have
 * failed or crossed a level. risk-model section 19.3.
 */
export class HealthIndex {
  #height = -1n;
  #markets: ReadonlyMap<MarketId, Known> = new Map();
  #assets: ReadonlyMap<AssetId, KnownAsset> = new Map();
  #odometers: ReadonlyMap<MarketId, number> = new Map();
  /** Slots of accounts, in a heap for each odometer. */
  readonly #heaps = new WakeHeaps();
  #pending: Pending | undefined;
  /** The block under way. */
  #block: Omit<Pending, 'height' | 'wakes'> | undefined;

  /** @param accounts opened before and closed after the index in each block */
  constructor(private readonly accounts: AccountCache) {}

  /**
   * Begins a block: takes over what the block before changed, and returns the
   * accounts to look at; undefined when all must be.
   */
  open(ctx: Context, deps: Deps): Due | undefined {
    const { height } = ctx.block;
    if (this.#pending?.height === height - 1n) this.#apply(this.#pending);
    this.#pending = undefined;
    const markets = new Map<MarketId, Known>();
    for (const { id } of [...deps.keeper.allMarkets(ctx)]) markets.set(id, deps.keeper.marketView(ctx, id));
    const views = deps.keeper.markets(ctx);
    const assets = new Map<AssetId, KnownAsset>();
    const { collateral } = deps.keeper;
    for (const { id } of [...collateral.assets(ctx)])
      assets.set(id, { ...views.asset(id), held: collateral.totals(ctx, id).held > 0n });
    const rebuilt = this.#height !== height - 1n || this.accounts.reread || !this.#covers(markets, assets);
    const odometers = rebuilt ? new Map<MarketId, number>() : this.#advance(markets, assets);
    const passed: Passed = { slots: [], odometers: [], ats: [] };
    this.#block = { markets, assets, odometers, passed, rebuilt };
    return rebuilt ? undefined : this.#wake(odometers, views, deps.keeper.markets(ctx.committed), passed);
  }

  /** Those whose odometers went far enough, and those that messages wrote, which only the exact rules know. */
  #wake(odometers: ReadonlyMap<MarketId, number>, now: Markets, before: Markets, passed: Passed): Due {
    const { accounts } = this;
    const due: SubaccountKey[] = [];
    const changed = new Set<number | undefined>();
    for (const key of accounts.changed) {
      due.push(key);
      changed.add(accounts.slotOf(key));
    }
    const fallen: FallenAccount[] = [];
    for (const id of this.#heaps.heaps()) {
      const reading = odometers.get(id) ?? 0;
      const screen = id === anyMarket ? undefined : screenOf(accounts, before(id), now(id));
      this.#heaps.below(id, reading, (slot, at) => {
        if (changed.has(slot)) return;
        if (at === always || screen?.sure(slot) !== true) {
          due.push(accounts.at(slot).key);
          return;
        }
        passed.slots.push(slot);
        passed.odometers.push(id);
        passed.ats.push(reading + screen.reach);
        if (screen.fallen === undefined) return;
        const account = accounts.at(slot);
        fallen.push({ key: account.key, level: screen.fallen, account });
      });
    }
    return { accounts: due, passed: { [Symbol.iterator]: () => keysOf(accounts, passed.slots) }, fallen };
  }

  /** Ends the block: these accounts were looked at or changed, each once; who passed and is not among them stays as it is. */
  close(height: bigint, standings: Iterable<AccountStanding>, markets: Markets): void {
    const { odometers } = this.#block!;
    const wakes: (readonly [SubaccountKey, MarketId | undefined, number])[] = [];
    for (const standing of standings) {
      const { account, equity, maintenanceMargin } = standing;
      if (!canFail(account)) {
        wakes.push([account.key, undefined, 0]);
        continue;
      }
      const [first, second] = account.positions;
      const backed = account.collateral.length > 0;
      const odometer = backed || first === undefined || second !== undefined ? anyMarket : first.marketId;
      const rooms = roomsOf(standing);
      // A debt in USDC may put collateral up for sale.
      const usdc = backed ? usdcEquity(account, markets) : 0n;
      if (backed) rooms.push({ level: ppm(million), amount: usdc });
      const at =
        equity < maintenanceMargin || usdc < 0n || account.underwaterHeight !== 0n
          ? always
          : (odometers.get(odometer) ?? 0) + Number(reachOf(account, rooms, markets));
      wakes.push([account.key, odometer, at]);
    }
    this.#pending = { ...this.#block!, height, wakes };
  }

  /** Rates and loadings move under the bound; what else margins are made of is the same. The first price of what somebody holds is no move. */
  #covers(markets: ReadonlyMap<MarketId, Known>, assets: ReadonlyMap<AssetId, KnownAsset>): boolean {
    for (const [id, market] of markets) {
      const before = this.#markets.get(id);
      // Nobody holds a position in a market that was listed in this block.
      if (before === undefined) continue;
      if (before.class !== market.class || !sameRules(before, market)) return false;
      if (before.markPrice === 0n && market.openInterest > 0n) return false;
    }
    for (const [id, asset] of assets) {
      const before = this.#assets.get(id);
      if (before === undefined) continue;
      if (!sameRules(before, asset) || (before.price === 0n && asset.price > 0n && asset.held)) return false;
    }
    for (const reading of this.#odometers.values()) if (reading > odometerEnd) return false;
    return true;
  }

  #advance(markets: ReadonlyMap<MarketId, Known>, assets: ReadonlyMap<AssetId, KnownAsset>): Map<MarketId, number> {
    const odometers = new Map<MarketId, number>();
    let furthest = 0;
    for (const [id, market] of markets) {
      const before = this.#markets.get(id);
      const step = before === undefined ? 0 : Number(stepOf(before, market));
      odometers.set(id, (this.#odometers.get(id) ?? 0) + step);
      if (step > furthest) furthest = step;
    }
    for (const [id, asset] of assets) {
      const before = this.#assets.get(id);
      // Nobody holds an asset that was added in this block.
      const step = before === undefined ? 0 : Number(assetStepOf(before, asset));
      if (step > furthest) furthest = step;
    }
    odometers.set(anyMarket, (this.#odometers.get(anyMarket) ?? 0) + furthest);
    return odometers;
  }

  #apply({ height, markets, assets, odometers, wakes, passed, rebuilt }: Pending): void {
    if (rebuilt) this.#heaps.clear();
    this.#height = height;
    this.#markets = markets;
    this.#assets = assets;
    this.#odometers = odometers;
    for (const [index, slot] of passed.slots.entries())
      this.#heaps.set(slot, passed.odometers[index]!, passed.ats[index]!);
    for (const [key, odometer, at] of wakes) {
      const slot = this.accounts.slotOf(key)!;
      if (odometer === undefined) this.#heaps.delete(slot);
      else this.#heaps.set(slot, odometer, at);
    }
  }
}

/** Estimates need a mark, before and now; a stress vector is for the exact rules. */
const screenOf = ({ columns }: AccountCache, before: MarketView, now: MarketView): LoneScreen | undefined =>
  before.markPrice > 0n && now.markPrice > 0n && now.shocks.length === 0
    ? new LoneScreen(columns, before, now)
    : undefined;

function* keysOf(accounts: AccountCache, slots: readonly number[]): Iterator<SubaccountKey> {
  for (const slot of slots) yield accounts.at(slot).key;
}

/** False when a margin may have changed by more than moves, rates and loadings explain. */
function sameRules(
  before: Pick<MarketView, 'loading' | 'shocks'>,
  after: Pick<MarketView, 'loading' | 'shocks'>,
): boolean {
  return (
    before.loading.cluster === after.loading.cluster &&
    before.shocks.length === after.shocks.length &&
    before.shocks.every((shock, index) => shock === after.shocks[index])
  );
}
