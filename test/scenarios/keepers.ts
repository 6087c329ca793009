import assert from 'node:assert/strict';
import { keeperBid } from '../support/messages.js';
import { keylessOwner } from '../support/seeded.js';
import { scenario, type Scenario } from './scenario.js';
import { buy, Cast } from './support/cast.js';
import { listed } from './support/crowd.js';
import { atLeast, atMost, funds, usdcOf } from './support/figures.js';
import { subaccountKey } from '../../x/perps/subaccount-key.js';
import { fromBech32 } from '../../runtime/crypto/address.js';
import { equity } from '../../x/perps/margin/index.js';

const usdc = 1_000_000n;
const one = 100_000_000n;

/** A long of 60,000 USDC fails on an empty book; three keepers ask for so much of it. */
async function failing(discounts: readonly number[]) {
  const names = discounts.map((_, at) => `keeper${at}`);
  const owner = keylessOwner(0);
  const cast = await Cast.open({
    markets: listed([['BTC-USD', 'A', '60000']], 100_000n * usdc),
    prices: { 'BTC-USD': '60000' },
    accounts: [
      { owner, equity: 3_855n * usdc, positions: [{ market: 1, quantity: one }] },
      { owner: keylessOwner(1), equity: 40_000n * usdc, positions: [{ market: 1, quantity: -one }] },
    ],
    cast: Object.fromEntries(names.map((name) => [name, 60_000n * usdc])),
  });
  try {
    const { stage } = cast;
    const insured = funds(cast);
    await cast.block(
      Object.fromEntries(
        names.map((name, at) => [
          name,
          [cast.deposit(name, 50_000n * usdc), keeperBid(cast.key(name), buy, 100_000n * usdc, discounts[at]!)],
        ]),
      ),
    );
    await cast.move({ 'BTC-USD': '57000' }, 14);
    const { plimsoll } = stage.chain;
    const from = plimsoll.app.queryContext();
    const account = plimsoll.keepers.perps.account(from, subaccountKey(fromBech32(owner), 0));
    const closed = one - (account.positions[0]?.quantity ?? 0n);
    return {
      earned: cast.profit(...names),
      left: equity(account, plimsoll.keepers.perps.markets(from)),
      notional: (closed * 57_000n * usdc) / one,
      fundLoss: insured - funds(cast),
      badDebt: stage.outcome.badDebt,
    };
  } finally {
    await cast.close();
  }
}

export const keepers: readonly Scenario[] = [
  scenario({
    id: 'T-KEEPERS',
    title: 'all keepers agree to ask the most',
    source: 'section 21.6',
    expectation:
      'they earn at most half the maintenance rate, out of the equity of the account that fails; one honest keeper undoes it; no fund pays',
    async run() {
      const cartel = await failing([12_500, 12_500, 12_500]);
      const honest = await failing([12_500, 12_500, 1_000]);
      const nobody = await failing([]);
      return {
        'closed by the cartel, USDC': usdcOf(cartel.notional),
        'earned by the cartel, USDC': usdcOf(cartel.earned),
        'most that the cap allows, USDC': usdcOf((cartel.notional * 12_500n) / 1_000_000n),
        'left to the account by the cartel, USDC': usdcOf(cartel.left),
        'earned by keepers with one honest among them, USDC': usdcOf(honest.earned),
        'left to the account with one honest keeper, USDC': usdcOf(honest.left),
        'left to the account without keepers, USDC': usdcOf(nobody.left),
        'fund loss, USDC': usdcOf(cartel.fundLoss),
        'bad debt': Number(cartel.badDebt + honest.badDebt + nobody.badDebt),
      };
    },
    check(figures) {
      atLeast(figures, 'closed by the cartel, USDC', 1);
      atMost(figures, 'earned by the cartel, USDC', figures['most that the cap allows, USDC'] + 0.01);
      atMost(figures, 'earned by keepers with one honest among them, USDC', figures['earned by the cartel, USDC']);
      atLeast(
        figures,
        'left to the account with one honest keeper, USDC',
        figures['left to the account by the cartel, USDC'],
      );
      atMost(figures, 'fund loss, USDC', 0);
      assert.equal(figures['bad debt'], 0);
    },
  }),
];
