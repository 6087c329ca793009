import { backstopOps } from './backstop-ops.js';
import { deskOps, quoting } from './desk-ops.js';
import { pick } from './draws.js';
import { governanceOps } from './governance-ops.js';
import { insuranceOps } from './insurance-ops.js';
import { keeperOps } from './keeper-ops.js';
import { json } from './message.js';
import { moneyOps } from './money-ops.js';
import { nettingOps } from './netting-ops.js';
import { coin, perps, usdc, type Op } from './occasion.js';
import { orderOps } from './order-ops.js';
import { waitingOps } from './waiting-ops.js';

/** What nobody should get through, or get anything by. */
const nonsenseOps: readonly Op[] = [
  {
    name: 'nonsense',
    weight: 3,
    make: (actor, draws, { actors }) => [
      pick(draws, [
        json(`${perps}MsgWithdraw`, { owner: actor.wallet.bech32, subaccount_number: 0, amount: coin(1n << 90n) }),
        json(`${perps}MsgDeposit`, { owner: actor.wallet.bech32, subaccount_number: 500, amount: coin(1n) }),
        json(`${perps}MsgDeposit`, { owner: actor.wallet.bech32, subaccount_number: 0, amount: coin(0n) }),
        json(`${perps}MsgPlaceOrder`, {
          owner: actor.wallet.bech32,
          market_id: 99,
          client_id: 1n,
          side: 'SIDE_BUY',
          quantity: 1n,
          price: 1n,
        }),
        json(`${perps}MsgUpdateParams`, { authority: actor.wallet.bech32 }),
        // Somebody else's account, signed by the sender alone.
        json(`${perps}MsgWithdraw`, {
          owner: pick(draws, actors).wallet.bech32,
          subaccount_number: 0,
          amount: coin(usdc),
        }),
      ]),
    ],
  },
];

/** All that may be sent. Messages of a new module: a list of their own, and one word here. */
export const ops: readonly Op[] = [
  ...orderOps,
  ...moneyOps,
  ...deskOps,
  ...waitingOps,
  ...insuranceOps,
  ...backstopOps,
  ...keeperOps,
  ...nettingOps,
  ...governanceOps,
  ...nonsenseOps,
];

export { quoting };
