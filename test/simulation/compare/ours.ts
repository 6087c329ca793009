import type { Wallet } from '../../../cmd/plimsolld/replay/wallet.js';
import { equity, maintenanceMargin } from '../../../x/perps/margin/index.js';
import { quoteDivisorOf } from '../../../x/perps/keeper.js';
import { subaccountKey } from '../../../x/perps/subaccount-key.js';
import type { StoredAccount } from '../../../x/perps/types.js';
import { vaultKey } from '../../../x/perps/vaults/account.js';
import { topUpHealth } from '../baselines/venue.js';
import { encode, json, type Message } from '../message.js';
import { accountOf, amountOf, perpsEvents, type EventFields } from '../../support/events.js';
import { chainId } from '../../support/chain.js';
import { Outcome } from '../../scenarios/support/outcome.js';
import { StandingKeeper } from './chain/keeper.js';
import { quotes } from './chain/maker.js';
import { openChain, priceText, quanta, ticker, type Opened, type Person } from './chain/open.js';
import { Deleveraged, Spells, type VenueFigures } from './figures.js';
import type { Pieces } from './pieces.js';
import { anHourAfter, type Setup } from './setup.js';

const usdc = 1_000_000;
const vaultNumber = { A: 1, B: 2, C: 3, D: 4 } as const;
/** Minutes and blocks in which the stress tests of the first hour begin and end. */
const calmMinutes = 60;
const afterCalm = 3;
/** Blocks of a second each that a step has at most. */
const mostBlocks = 8;
/** A step is done when so many blocks in a row closed nothing. */
const quietBlocks = 1;

export interface OursRun {
  readonly figures: VenueFigures;
  /** Maintenance rate by step, parts of notional. */
  readonly rates: readonly number[];
}

/** Quote quanta. */
interface Capital {
  readonly insurance: bigint;
  /** Vault and keeper, with the positions that they took. */
  readonly takers: bigint;
}

const sumOf = ({ insurance, takers }: Capital): bigint => insurance + takers;

/**
 * The real chain on the same path: prices are voted, a maker quotes the same
 * book around the price of each step in signed transactions, those with a
 * reserve deposit it, and a keeper runs the example program's rules. While
 * accounts fail a block comes every second; the book is filled once a step,
 * for us as for everybody.
 */
export async function ours(setup: Setup, seed: string, pieces: Pieces): Promise<OursRun> {
  const venue = new Ours(setup, await openChain(setup, seed, pieces));
  try {
    return await venue.run();
  } finally {
    await venue.close();
  }
}

class Ours {
  readonly #setup: Setup;
  readonly #opened: Opened;
  readonly #keeper: StandingKeeper | undefined;
  readonly #outcome: Outcome;
  readonly #deleveraged = new Deleveraged();
  readonly #byName: ReadonlyMap<string, Person>;
  /** Accounts as the last block left them. */
  #standing = new Map<Person, StoredAccount>();
  #start: Capital = { insurance: 0n, takers: 0n };
  #least = 0n;

  constructor(setup: Setup, opened: Opened) {
    this.#setup = setup;
    this.#opened = opened;
    const { keeper, keeperCapital, market, people } = opened;
    if (keeper !== undefined)
      this.#keeper = new StandingKeeper(keeper, market, setup.case.maintenance * 1e6, keeperCapital);
    this.#outcome = new Outcome(new Map([[1, quoteDivisorOf(market.market)]]));
    this.#byName = new Map(people.map((person) => [person.name, person]));
  }

  close(): Promise<void> {
    return this.#opened.chain.close();
  }

  async run(): Promise<OursRun> {
    const { path, steps, case: each } = this.#setup;
    const { plimsoll, prices } = this.#opened.chain;
    await this.#fundVault();
    await this.#calm();
    this.#start = this.#capital();
    this.#least = sumOf(this.#start);
    const spells = new Spells();
    const rates: number[] = [each.maintenance];
    this.#look();
    let elapsed = 0;
    for (let step = 1; step <= steps; step++) {
      // What a block marks was voted with the block before: the last second of the step before carries the price.
      prices.set({ [ticker]: priceText(path[step]!) });
      const within = new Set<string>();
      await this.#block(step - 1, [], each.stepSeconds - elapsed - 1, within);
      await this.#block(step, this.#first(step), 1, within);
      elapsed = 0;
      for (let quiet = 0; elapsed < mostBlocks && quiet < quietBlocks && this.#unsafe().size > 0; elapsed++) {
        const isClosing = await this.#block(step, this.#keeperTx(false), 1, within);
        quiet = isClosing ? 0 : quiet + 1;
      }
      spells.step(step, this.#unsafe(), within);
      rates.push(Number(plimsoll.keepers.perps.marketView(plimsoll.app.queryContext(), 1).maintenanceRate) / 1e9);
      const now = sumOf(this.#capital());
      if (now < this.#least) this.#least = now;
    }
    return { figures: this.#judge(spells), rates };
  }

  async #fundVault(): Promise<void> {
    const { maker, vaultCapital } = this.#opened;
    const message = json('plimsoll.backstop.v1.MsgFundProtocol', {
      funder: maker.bech32,
      number: vaultNumber[this.#setup.case.className],
      amount: { denom: 'uusdc', amount: vaultCapital },
    });
    await this.#opened.chain.block([this.#signed(maker, [message])]);
  }

  /** An hour without a move: with it come the first stress tests, and the targets of the fund. */
  async #calm(): Promise<void> {
    const { chain } = this.#opened;
    for (let minute = 0; minute <= calmMinutes; minute++) await chain.block([], 60_000n);
    for (let block = 0; block < afterCalm; block++) await chain.block([], 1_000n);
  }

  #capital(): Capital {
    const { keepers, app } = this.#opened.chain.plimsoll;
    const from = app.queryContext();
    const markets = keepers.perps.markets(from);
    const worth = (key: string): bigint => equity(keepers.perps.account(from, key), markets);
    const keeper = this.#keeper === undefined ? 0n : worth(subaccountKey(this.#keeper.wallet.address, 0));
    const vault = worth(vaultKey(vaultNumber[this.#setup.case.className]));
    return { insurance: keepers.insurance.recount(from), takers: vault + keeper };
  }

  /** What the maker, those with reserves, and the keeper send when a step begins. */
  #first(step: number): Uint8Array[] {
    const { path, depth } = this.#setup;
    const { chain, market, maker } = this.#opened;
    const { app, keepers } = chain.plimsoll;
    const standing = [...keepers.perps.ordersOf(app.queryContext(), subaccountKey(maker.address, 0))].map(([at]) => at);
    const { height } = chain.engine;
    return [
      this.#signed(maker, [quotes(market, maker.bech32, standing, height, path[step]!, depth[step]!)]),
      ...this.#topUps(path[step]!),
      ...this.#keeperTx(true),
    ];
  }

  #keeperTx(firstOfStep: boolean): Uint8Array[] {
    if (this.#keeper === undefined) return [];
    const messages = this.#keeper.messages(this.#opened.chain.plimsoll, firstOfStep);
    return messages.length === 0 ? [] : [this.#signed(this.#keeper.wallet, messages)];
  }

  #signed(wallet: Wallet, messages: readonly Message[]): Uint8Array {
    const { plimsoll, engine } = this.#opened.chain;
    return wallet.sign(
      messages.map((message) => encode(plimsoll.registry, message)),
      chainId,
      plimsoll.keepers.auth.account(plimsoll.app.queryContext(), wallet.address)!,
      engine.height + 1n,
    );
  }

  /** One block with these transactions; @returns whether anybody's position changed. */
  async #block(step: number, txs: readonly Uint8Array[], seconds: number, within: Set<string>): Promise<boolean> {
    const { results } = await this.#opened.chain.block(txs, BigInt(seconds) * 1_000n);
    this.#outcome.add(results);
    for (const { name, fields } of perpsEvents(results)) {
      if (name === 'EventDeleveraged' && fields['bankrupt'] !== true) this.#noteDeleveraged(fields);
      if (name !== 'EventLiquidation' && name !== 'EventBankruptcy') continue;
      const account = accountOf(fields);
      within.add(account);
      const person = this.#byName.get(account);
      const stood = person === undefined ? undefined : this.#standing.get(person);
      if (person !== undefined && stood !== undefined) person.first ??= { step, account: stood };
    }
    return this.#look();
  }

  #noteDeleveraged(fields: EventFields): void {
    const price = Number(amountOf(fields, 'price')) / usdc;
    const held = Number(amountOf(fields, 'position_quantity')) / 1e8;
    const own = (Math.abs(held) * price) / (Number(amountOf(fields, 'equity')) / usdc);
    let notional = 0;
    let equityOfSide = 0;
    for (const { cash, positions } of this.#standing.values()) {
      const size = Number(positions[0]!.quantity) / 1e8;
      const worth = Number(cash) / usdc + size * price;
      if (size > 0 !== held > 0 || worth <= 0) continue;
      notional += Math.abs(size) * price;
      equityOfSide += worth;
    }
    const closed = (Number(amountOf(fields, 'quantity')) / 1e8) * price;
    this.#deleveraged.add(closed, own, notional / equityOfSide);
  }

  /** Reads the people's accounts; @returns whether a position changed. */
  #look(): boolean {
    const { keepers, app } = this.#opened.chain.plimsoll;
    const from = app.queryContext();
    let changed = false;
    const now = new Map<Person, StoredAccount>();
    const all = this.#standing.size === 0 ? this.#opened.people : this.#standing.keys();
    for (const person of all) {
      const account = keepers.perps.account(from, person.key);
      if (account.positions[0]?.quantity !== this.#standing.get(person)?.positions[0]?.quantity) changed = true;
      if (account.positions.length > 0) now.set(person, account);
    }
    this.#standing = now;
    return changed;
  }

  /** Who is under maintenance margin. */
  #unsafe(): Set<string> {
    const { keepers, app } = this.#opened.chain.plimsoll;
    const markets = keepers.perps.markets(app.queryContext());
    const unsafe = new Set<string>();
    for (const [{ name }, account] of this.#standing)
      if (equity(account, markets) < maintenanceMargin(account, markets)) unsafe.add(name);
    return unsafe;
  }

  /** Those with a reserve bring it when their health is low. */
  #topUps(price: number): Uint8Array[] {
    return [...this.#standing].flatMap(([person, account]) => {
      const { wallet, reserve } = person;
      if (wallet === undefined || reserve === 0) return [];
      if (healthOf(account, price, this.#setup.case.maintenance) >= topUpHealth) return [];
      person.brought += reserve;
      person.reserve = 0;
      const amount = { denom: 'uusdc', amount: quanta(reserve) };
      const message = json('plimsoll.perps.v1.MsgDeposit', { owner: wallet.bech32, subaccount_number: 0, amount });
      return [this.#signed(wallet, [message])];
    });
  }

  #judge(spells: Spells): VenueFigures {
    const { holders, steps, interest, case: each } = this.#setup;
    const { keepers, app } = this.#opened.chain.plimsoll;
    const from = app.queryContext();
    const markets = keepers.perps.markets(from);
    const closed = this.#opened.people.filter(({ first }) => first !== undefined);
    const stood = closed.filter(({ first }) => {
      const price = anHourAfter(this.#setup, first!.step);
      // By the rate of calm: whoever stands at a higher one stands at this one.
      return price !== undefined && healthOf(first!.account, price, each.maintenance) >= 1;
    });
    const left = closed.reduce((sum, { key }) => sum + Number(equity(keepers.perps.account(from, key), markets)), 0);
    const brought = closed.reduce((sum, person) => sum + person.brought, 0);
    const points = 10_000 / (2 * interest * usdc);
    const { badDebt } = keepers.perps.ledger(from);
    const { taken, needed, deficit } = this.#outcome;
    const start = sumOf(this.#start);
    const now = this.#capital();
    const lost = this.#start.takers - now.takers;
    return {
      leverage:
        holders.reduce((sum, { notional }) => sum + notional, 0) /
        holders.reduce((sum, { equity: own }) => sum + own, 0),
      badDebt: Number(deficit) * points,
      unpaid: Number(badDebt) * points,
      haircut: Number(taken) * points,
      overshoot: taken === 0n ? undefined : Number((taken * 1_000_000n) / (needed === 0n ? 1n : needed)) / 1e6,
      drawdown: Number(start - this.#least) / Number(start),
      loss: (Number(deficit) + Math.max(0, Number(lost))) * points,
      gain: Number(sumOf(now) - start) / Number(start),
      deleveraged: this.#deleveraged.notional / interest,
      deleveragedCalm: this.#deleveraged.calmPart,
      liquidated: closed.length / holders.length,
      unnecessary: stood.length / holders.length,
      equityLeft: brought === 0 ? 1 : left / usdc / brought,
      ...spells.end(steps, each.stepSeconds),
    };
  }
}

/** Equity over maintenance margin at a price, without brackets. */
function healthOf({ cash, positions }: StoredAccount, price: number, rate: number): number {
  const size = positions.reduce((sum, { quantity }) => sum + Number(quantity), 0) / 1e8;
  return (Number(cash) / usdc + size * price) / Math.max(Math.abs(size) * price * rate, 1e-9);
}
