import { addBalance } from '../../../app/genesis.js';
import { Wallet } from '../../../cmd/plimsolld/replay/wallet.js';
import type { GenesisMarket } from '../../../cmd/plimsolld/node/init.js';
import { fromBech32 } from '../../../runtime/crypto/address.js';
import { equity, maintenanceMargin } from '../../../x/perps/margin/index.js';
import { quoteDivisorOf } from '../../../x/perps/keeper.js';
import { subaccountKey } from '../../../x/perps/subaccount-key.js';
import type { StoredAccount } from '../../../x/perps/types.js';
import { topUpHealth } from '../baselines/venue.js';
import { encode, json, type Message } from '../message.js';
import { accountOf, perpsEvents } from '../../support/events.js';
import { chainId, SetPrices, testChain, type TestChain } from '../../support/chain.js';
import { liftAccountShare } from '../../support/markets.js';
import { keylessOwner, seedAccounts, type SeededAccount } from '../../support/seeded.js';
import { listed } from '../../scenarios/support/crowd.js';
import { Outcome } from '../../scenarios/support/outcome.js';
import { scaled } from '../../scenarios/support/stage.js';
import { nameOf } from '../invariants.js';
import { Spells, type VenueFigures } from './figures.js';
import { anHourAfter, ladder, type Setup } from './setup.js';

const usdc = 1_000_000;
const ticker = 'X-USD';
/** Of the capital, the part that owns the backstop vault; the rest is the market's insurance. */
const vaultPart = 0.5;
const vaultNumber = { A: 1, B: 2, C: 3, D: 4 } as const;

const quanta = (amount: number): bigint => BigInt(Math.round(amount * usdc));
const text = (price: number): string => price.toFixed(6);

/** Somebody on the chain: those with a reserve have a key to bring it with. */
interface Person {
  readonly key: string;
  readonly name: string;
  readonly wallet?: Wallet;
  reserve: number;
  brought: number;
  first?: { readonly step: number; readonly account: StoredAccount };
}

/**
 * The real chain on the same path: prices are voted, a maker quotes the same
 * book around the price of each block in signed transactions, and those with a
 * reserve deposit it. Rates begin at the floor of the class, as after calm
 * days, and move as they do. Keepers are left out: nobody else has them.
 */
export async function ours(setup: Setup, seed: string): Promise<VenueFigures> {
  const venue = await Ours.open(setup, seed);
  try {
    return await venue.run();
  } finally {
    await venue.close();
  }
}

class Ours {
  readonly #setup: Setup;
  readonly #chain: TestChain;
  readonly #people: readonly Person[];
  readonly #maker: Wallet;
  readonly #market: GenesisMarket;
  readonly #outcome: Outcome;

  private constructor(setup: Setup, chain: TestChain, people: readonly Person[], maker: Wallet, market: GenesisMarket) {
    this.#setup = setup;
    this.#chain = chain;
    this.#people = people;
    this.#maker = maker;
    this.#market = market;
    this.#outcome = new Outcome(new Map([[1, quoteDivisorOf(market.market)]]));
  }

  static async open(setup: Setup, seed: string): Promise<Ours> {
    const { case: each, holders, path, capital, interest } = setup;
    const price = text(path[0]!);
    const [listing] = listed([[ticker, each.className, price]], quanta(capital * (1 - vaultPart)));
    const floor = Math.round(each.maintenance * 1e6);
    const market: GenesisMarket = {
      ...listing!,
      // As after calm days.
      market: { ...listing!.market, maintenanceRatePpm: floor, openingRatePpm: floor, stepSize: 10n },
    };
    const mark = scaled(price, -6);
    const maker = new Wallet(`compare ${seed} maker`);
    const funder = maker;
    const people = holders.map(({ equity: own, reserve }, index): Person => {
      const wallet = reserve > 0 ? new Wallet(`compare ${seed} ${index}`) : undefined;
      const owner = wallet?.bech32 ?? keylessOwner(index);
      const key = subaccountKey(fromBech32(owner), 0);
      return { key, name: nameOf(key), ...(wallet === undefined ? {} : { wallet }), reserve, brought: own };
    });
    let net = 0n;
    const accounts = holders.map(({ long, notional, equity: own }, index): SeededAccount => {
      const raw = (quanta(notional) * 10n ** 8n) / mark;
      const size = raw - (raw % 10n);
      const quantity = long ? size : -size;
      net += quantity;
      return {
        owner: people[index]!.wallet?.bech32 ?? keylessOwner(index),
        equity: quanta(own),
        positions: [{ market: 1, quantity }],
      };
    });
    // Rounding is the maker's.
    const makerEquity = quanta(20 * interest);
    accounts.push({
      owner: maker.bech32,
      equity: makerEquity,
      positions: net === 0n ? [] : [{ market: 1, quantity: -net }],
    });
    const chain = await testChain({
      markets: [market],
      prices: new SetPrices({ [ticker]: price }),
      clamp: true,
      shadow: false,
      change(state) {
        // One maker stands for the book.
        liftAccountShare(state);
        seedAccounts(state, [market], new Map([[1, mark]]), accounts);
        addBalance(state, funder.bech32, 'uusdc', quanta(capital));
        for (const { wallet, reserve } of people)
          if (wallet !== undefined) addBalance(state, wallet.bech32, 'uusdc', quanta(reserve));
      },
    });
    const venue = new Ours(setup, chain, people, maker, market);
    for (let block = 0; block < 3; block++) await chain.block();
    await venue.#send([
      [
        maker,
        [
          json('plimsoll.backstop.v1.MsgFundProtocol', {
            funder: maker.bech32,
            number: vaultNumber[each.className],
            amount: { denom: 'uusdc', amount: quanta(capital * vaultPart) },
          }),
        ],
      ],
    ]);
    return venue;
  }

  close(): Promise<void> {
    return this.#chain.close();
  }

  /** Tranches and vaults, with the positions that these took. Quote quanta. */
  #capital(): bigint {
    const { keepers, app } = this.#chain.plimsoll;
    const from = app.queryContext();
    const known = new Set([...this.#people.map(({ key }) => key), this.#makerKey]);
    const markets = keepers.perps.markets(from);
    let sum = keepers.insurance.recount(from);
    // Accounts that no person has are the vaults'.
    for (const account of keepers.perps.allAccounts(from)) if (!known.has(account.key)) sum += equity(account, markets);
    return sum;
  }

  get #makerKey(): string {
    return subaccountKey(this.#maker.address, 0);
  }

  /** One block with these transactions. All must be admitted; what fails in the block fails. */
  async #send(txs: readonly (readonly [Wallet, readonly Message[]])[], afterMs = 1_000n) {
    const { plimsoll, engine } = this.#chain;
    const from = plimsoll.app.queryContext();
    const signed = txs.map(([wallet, messages]) =>
      wallet.sign(
        messages.map((message) => encode(plimsoll.registry, message)),
        chainId,
        plimsoll.keepers.auth.account(from, wallet.address)!,
        engine.height + 1n,
      ),
    );
    return this.#chain.block(signed, afterMs);
  }

  async run(): Promise<VenueFigures> {
    const { path, depth, steps, holders, interest, case: each } = this.#setup;
    const { plimsoll, prices } = this.#chain;
    const { perps } = plimsoll.keepers;
    const start = this.#capital();
    let least = start;
    const spells = new Spells();
    for (let step = 1; step <= steps; step++) {
      // Voted with this block, marked in the next: what this block marks was voted with the last.
      prices.set({ [ticker]: text(path[step]!) });
      const from = plimsoll.app.queryContext();
      const before = new Map<string, StoredAccount>();
      for (const account of perps.allAccounts(from)) before.set(nameOf(account.key), account);
      const { results } = await this.#send(
        [[this.#maker, this.#quotes(path[step - 1]!, depth[step - 1]!)], ...this.#topUps(path[step - 1]!, before)],
        BigInt(each.stepSeconds) * 1_000n,
      );
      this.#outcome.add(results);
      const within = new Set<string>();
      for (const { name, fields } of perpsEvents(results)) {
        if (name !== 'EventLiquidation' && name !== 'EventBankruptcy') continue;
        const account = accountOf(fields);
        within.add(account);
        const person = this.#people.find((every) => every.name === account);
        if (person !== undefined) person.first ??= { step: step - 1, account: before.get(account)! };
      }
      const after = plimsoll.app.queryContext();
      const markets = perps.markets(after);
      const unsafe = new Set<string>();
      for (const { key, name } of this.#people) {
        const account = perps.account(after, key);
        if (account.positions.length > 0 && equity(account, markets) < maintenanceMargin(account, markets))
          unsafe.add(name);
      }
      spells.step(step, unsafe, within);
      const now = this.#capital();
      if (now < least) least = now;
    }
    return this.#judge(start, least, spells, holders.length, interest);
  }

  #judge(start: bigint, least: bigint, spells: Spells, count: number, interest: number): VenueFigures {
    const { holders, steps, case: each } = this.#setup;
    const { keepers, app } = this.#chain.plimsoll;
    const from = app.queryContext();
    const markets = keepers.perps.markets(from);
    const closed = this.#people.filter(({ first }) => first !== undefined);
    const stood = closed.filter(({ first }) => {
      const price = anHourAfter(this.#setup, first!.step);
      if (price === undefined) return false;
      const { positions, cash } = first!.account;
      const value = positions.reduce((sum, { quantity }) => sum + (Number(quantity) / 1e8) * price, 0);
      // By the rate of calm: whoever stands at a higher one stands at this one.
      return Number(cash) / usdc + value >= Math.abs(value) * each.maintenance;
    });
    const left = closed.reduce((sum, { key }) => sum + Number(equity(keepers.perps.account(from, key), markets)), 0);
    const brought = closed.reduce((sum, person) => sum + person.brought, 0);
    const points = 10_000 / (2 * interest * usdc);
    const { badDebt } = keepers.perps.ledger(from);
    const { taken, needed, adl } = this.#outcome;
    const lost = start - this.#capital();
    return {
      leverage:
        holders.reduce((sum, { notional }) => sum + notional, 0) /
        holders.reduce((sum, { equity: own }) => sum + own, 0),
      badDebt: Number(badDebt) * points,
      haircut: Number(taken) * points,
      overshoot: taken === 0n ? undefined : Number((taken * 1_000_000n) / (needed === 0n ? 1n : needed)) / 1e6,
      drawdown: Number(start - least) / Number(start),
      loss: (Number(badDebt) + Math.max(0, Number(lost))) * points,
      deleveraged: Number(adl) / usdc / interest,
      liquidated: closed.length / count,
      unnecessary: stood.length / count,
      equityLeft: brought === 0 ? 1 : left / usdc / brought,
      ...spells.end(steps, each.stepSeconds),
    };
  }

  /** The maker's book, anew. */
  #quotes(price: number, depth: number): readonly Message[] {
    const { plimsoll, engine } = this.#chain;
    const { tickSize, stepSize } = this.#market.market;
    const own = [...plimsoll.keepers.perps.ordersOf(plimsoll.app.queryContext(), this.#makerKey)].map(([at]) => at);
    const places = ladder(depth).flatMap(([distance, notional], index) =>
      ([1, -1] as const).map((sign) => {
        const raw = quanta(price * (1 - sign * distance));
        const at = sign === 1 ? raw - (raw % tickSize) : raw + ((tickSize - (raw % tickSize)) % tickSize);
        const size = (quanta(notional) * 10n ** 8n) / quanta(price);
        return {
          market_id: 1,
          client_id: engine.height * 64n + BigInt(2 * index + (sign === 1 ? 0 : 1)),
          side: sign === 1 ? 'SIDE_BUY' : 'SIDE_SELL',
          type: 'ORDER_TYPE_LIMIT',
          quantity: size - (size % stepSize),
          price: at,
          time_in_force: 'TIME_IN_FORCE_GTC',
        };
      }),
    );
    return [
      json('plimsoll.perps.v1.MsgBatchOrders', {
        owner: this.#maker.bech32,
        subaccount_number: 0,
        cancels: own.map((at) => ({ market_id: at.marketId, client_id: at.clientId })),
        places,
        best_effort: true,
      }),
    ];
  }

  /** Those with a reserve bring it when their health at the coming mark is low. */
  #topUps(price: number, before: ReadonlyMap<string, StoredAccount>): (readonly [Wallet, readonly Message[]])[] {
    return this.#people.flatMap((person) => {
      const { wallet, reserve, name } = person;
      if (wallet === undefined || reserve === 0) return [];
      const account = before.get(name)!;
      const size = account.positions.reduce((sum, { quantity }) => sum + Number(quantity), 0) / 1e8;
      if (size === 0) return [];
      const worth = Number(account.cash) / usdc + size * price;
      if (worth >= topUpHealth * Math.abs(size) * price * this.#setup.case.maintenance) return [];
      person.brought += reserve;
      person.reserve = 0;
      const amount = { denom: 'uusdc', amount: quanta(reserve) };
      const message = json('plimsoll.perps.v1.MsgDeposit', { owner: wallet.bech32, subaccount_number: 0, amount });
      return [[wallet, [message]] as const];
    });
  }
}
