import { addBalance } from '../../../../app/genesis.js';
import type { GenesisMarket } from '../../../../cmd/plimsolld/node/init.js';
import { Wallet } from '../../../../cmd/plimsolld/replay/wallet.js';
import { fromBech32 } from '../../../../runtime/crypto/address.js';
import { subaccountKey } from '../../../../x/perps/subaccount-key.js';
import type { StoredAccount } from '../../../../x/perps/types.js';
import { SetPrices, testChain, type TestChain } from '../../../support/chain.js';
import { liftAccountShare } from '../../../support/markets.js';
import { keylessOwner, seedAccounts, type SeededAccount } from '../../../support/seeded.js';
import { listed } from '../../../scenarios/support/crowd.js';
import { scaled } from '../../../scenarios/support/stage.js';
import { nameOf } from '../../invariants.js';
import type { Pieces } from '../pieces.js';
import type { Setup } from '../setup.js';

const usdc = 1_000_000;
export const ticker = 'X-USD';
/** Of the capital, the part that insures the market. The rest owns the backstop vault, or half of it where keepers have the other half. */
const insurancePart = 0.5;
const keepersPart = 0.25;
/** 3 % of open interest, of which a vault may hold a fifth of its worth: 15 %. */
const wholeVaultPart = 0.15;
/** No position comes near a depth unit of so much: it has no brackets. */
const withoutBrackets = 10n ** 18n;

export const quanta = (amount: number): bigint => BigInt(Math.round(amount * usdc));
export const priceText = (price: number): string => price.toFixed(6);

/** Somebody on the chain: those with a reserve have a key to bring it with. */
export interface Person {
  readonly key: string;
  readonly name: string;
  readonly wallet?: Wallet;
  reserve: number;
  brought: number;
  first?: { readonly step: number; readonly account: StoredAccount };
}

/** A chain whose first block stands where the path begins. */
export interface Opened {
  readonly chain: TestChain;
  readonly market: GenesisMarket;
  readonly people: readonly Person[];
  /** Stands for the book. */
  readonly maker: Wallet;
  readonly keeper?: Wallet;
  /** What the keeper brought, quote quanta. */
  readonly keeperCapital: bigint;
  /** What the maker has yet to put into the vault, quote quanta. */
  readonly vaultCapital: bigint;
}

/** The people of a setup on a chain of their own, with rates at the floor of the class as after calm days. */
export async function openChain(setup: Setup, seed: string, pieces: Pieces): Promise<Opened> {
  const { path, capital, interest } = setup;
  const price = priceText(path[0]!);
  const market = listing(setup, pieces);
  const marks = new Map([[1, scaled(price, -6)]]);
  const people = peopleOf(setup, seed);
  const maker = new Wallet(`compare ${seed} maker`);
  const keeper = pieces.keepers ? new Wallet(`compare ${seed} keeper`) : undefined;
  const keeperCapital = keeper === undefined ? 0n : quanta(capital * keepersPart);
  const vaultCapital = pieces.wholeVault
    ? quanta(interest * wholeVaultPart)
    : quanta(capital * (1 - insurancePart)) - keeperCapital;
  const accounts = seeded(setup, people, marks.get(1)!);
  // Rounding is the maker's.
  const net = accounts.reduce((sum, { positions }) => sum + positions[0]!.quantity, 0n);
  accounts.push({
    owner: maker.bech32,
    equity: quanta(20 * interest),
    positions: net === 0n ? [] : [{ market: 1, quantity: -net }],
  });
  if (keeper !== undefined) accounts.push({ owner: keeper.bech32, equity: keeperCapital, positions: [] });
  const chain = await testChain({
    markets: [market],
    prices: new SetPrices({ [ticker]: price }),
    clamp: true,
    shadow: false,
    breakers: pieces.breakers,
    change(state) {
      // One maker stands for the book.
      liftAccountShare(state);
      seedAccounts(state, [market], marks, accounts);
      addBalance(state, maker.bech32, 'uusdc', vaultCapital);
      // A balance of one makes an account that may sign.
      if (keeper !== undefined) addBalance(state, keeper.bech32, 'uusdc', 1n);
      for (const { wallet, reserve } of people)
        if (wallet !== undefined) addBalance(state, wallet.bech32, 'uusdc', quanta(reserve));
    },
  });
  for (let block = 0; block < 3; block++) await chain.block();
  return { chain, market, people, maker, ...(keeper === undefined ? {} : { keeper }), keeperCapital, vaultCapital };
}

function listing({ case: each, path, capital, depth }: Setup, { dynamic, brackets }: Pieces): GenesisMarket {
  const [found] = listed([[ticker, each.className, priceText(path[0]!)]], quanta(capital * insurancePart));
  const floor = Math.round(each.maintenance * 1e6);
  return {
    ...found!,
    market: {
      ...found!.market,
      maintenanceRatePpm: floor,
      openingRatePpm: floor,
      fixedRates: !dynamic,
      // What the book has in calm, as thirty days of reports would say.
      depthUnit: (brackets ? quanta(depth[0]!) : withoutBrackets).toString(),
      stepSize: 10n,
    },
  };
}

function peopleOf({ holders }: Setup, seed: string): Person[] {
  return holders.map(({ equity, reserve }, index): Person => {
    const wallet = reserve > 0 ? new Wallet(`compare ${seed} ${index}`) : undefined;
    const key = subaccountKey(fromBech32(wallet?.bech32 ?? keylessOwner(index)), 0);
    return { key, name: nameOf(key), ...(wallet === undefined ? {} : { wallet }), reserve, brought: equity };
  });
}

function seeded({ holders }: Setup, people: readonly Person[], mark: bigint): SeededAccount[] {
  return holders.map(({ long, notional, equity }, index) => {
    const raw = (quanta(notional) * 10n ** 8n) / mark;
    const size = raw - (raw % 10n);
    return {
      owner: people[index]!.wallet?.bech32 ?? keylessOwner(index),
      equity: quanta(equity),
      positions: [{ market: 1, quantity: long ? size : -size }],
    };
  });
}
