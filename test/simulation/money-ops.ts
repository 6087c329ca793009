import { initialMargin, usableEquity } from '../../x/perps/margin/index.js';
import { between, oneIn, pick } from './draws.js';
import { json } from './message.js';
import { accountOf, coin, numberFor, perps, usdc, type Op } from './occasion.js';

/** Coins in, out and between. */
export const moneyOps: readonly Op[] = [
  {
    name: 'deposit',
    weight: 10,
    make(actor, draws, world) {
      const number = numberFor(draws);
      const { cash } = accountOf(actor, number, world);
      const amount = (actor.maker ? 400_000n : BigInt(pick(draws, [10, 300, 2_000, 15_000]))) * usdc;
      if (cash > amount * 3n) return undefined;
      return [
        json(`${perps}MsgDeposit`, { owner: actor.wallet.bech32, subaccount_number: number, amount: coin(amount) }),
      ];
    },
  },
  {
    name: 'deposit an asset',
    weight: 3,
    make: (actor, draws) => [
      json(`${perps}MsgDeposit`, {
        owner: actor.wallet.bech32,
        subaccount_number: 0,
        amount: oneIn(draws, 2)
          ? coin(BigInt(between(draws, 1, 2_000)) * usdc, 'uusdt')
          : coin(BigInt(between(draws, 1, 3_000_000)), 'ubtc'),
      }),
    ],
  },
  {
    name: 'withdraw',
    weight: 6,
    make(actor, draws, world) {
      const number = numberFor(draws);
      const account = accountOf(actor, number, world);
      const markets = world.app.keepers.perps.markets(world.ctx);
      const free = usableEquity(account, markets) - initialMargin(account, [], markets);
      // All of it now and then, and sometimes too much.
      const percent = BigInt(pick(draws, [1, 10, 50, 90, 100, 101]));
      const amount = free > 0n ? (free * percent) / 100n : usdc;
      return [
        json(`${perps}MsgWithdraw`, {
          owner: actor.wallet.bech32,
          subaccount_number: number,
          amount: coin(amount > 0n ? amount : 1n),
        }),
      ];
    },
  },
  {
    name: 'withdraw an asset',
    weight: 2,
    make(actor, draws, world) {
      const { collateral } = accountOf(actor, 0, world);
      if (collateral.length === 0) return undefined;
      const { assetId, amount } = pick(draws, collateral);
      return [
        json(`${perps}MsgWithdraw`, {
          owner: actor.wallet.bech32,
          subaccount_number: 0,
          amount: coin((amount * BigInt(between(draws, 1, 100))) / 100n || 1n, assetId === 1 ? 'ubtc' : 'uusdt'),
        }),
      ];
    },
  },
  {
    name: 'transfer',
    weight: 3,
    make: (actor, draws) => {
      const from = draws.below(2);
      return [
        json(`${perps}MsgTransfer`, {
          owner: actor.wallet.bech32,
          from_subaccount_number: from,
          to_subaccount_number: 1 - from,
          amount: oneIn(draws, 4)
            ? coin(BigInt(between(draws, 1, 100_000)), 'ubtc')
            : coin(BigInt(between(draws, 1, 500)) * usdc),
        }),
      ];
    },
  },
  {
    name: 'send',
    weight: 1,
    make: (actor, draws, { actors }) => [
      json('cosmos.bank.v1beta1.MsgSend', {
        from_address: actor.wallet.bech32,
        to_address: pick(draws, actors).wallet.bech32,
        amount: [coin(BigInt(between(draws, 1, 1_000)) * usdc)],
      }),
    ],
  },
  {
    name: 'buy collateral',
    weight: 4,
    make: (actor, draws) => [
      json(`${perps}MsgBuyCollateral`, {
        buyer: actor.wallet.bech32,
        ...(oneIn(draws, 2)
          ? { amount: coin(BigInt(between(draws, 1, 5_000)) * usdc, 'uusdt'), max_price: 1_000_000n }
          : { amount: coin(BigInt(between(draws, 1, 5_000_000)), 'ubtc'), max_price: 200_000_000_000n }),
      }),
    ],
  },
  {
    name: 'cancel a withdrawal',
    weight: 2,
    make: (actor, draws) => [
      json(`${perps}MsgCancelWithdrawal`, {
        owner: actor.wallet.bech32,
        subaccount_number: numberFor(draws),
        denom: pick(draws, ['', 'uusdc', 'uusdt']),
      }),
    ],
  },
  {
    name: 'claim what was recovered',
    weight: 1,
    make: (actor, draws) => [
      json(`${perps}MsgClaimRecovery`, { owner: actor.wallet.bech32, subaccount_number: numberFor(draws) }),
    ],
  },
];
