import { addBalance, type AppState } from '../../app/genesis.js';
import { MsgBuyCollateral, MsgDeposit, MsgTransfer, MsgWithdraw } from '../../gen/plimsoll/perps/v1/tx.js';
import type { SigningKey } from '../../cmd/plimsolld/keyring/keyring.js';
import type { TxMessage } from '../../runtime/codec/tx.js';
import { message } from './messages.js';

/** An asset in genesis, as proto JSON has it. */
export const volatileAsset = {
  id: 1,
  denom: 'ubtc',
  kind: 'COLLATERAL_KIND_VOLATILE',
  base_exponent: -8,
  price_exponent: -6,
  oracle_pair_id: 1,
  discount_ppm: 20_000,
  risk_rate_ppm: 100_000,
  total_share_ppm: 100_000,
  cover_share_ppm: 500_000,
  market_id: 1,
  barred_market_ids: [] as number[],
  closed: false,
};

export const stableAsset = {
  ...volatileAsset,
  id: 2,
  denom: 'uusdt',
  kind: 'COLLATERAL_KIND_STABLE',
  base_exponent: -6,
  oracle_pair_id: 9,
  discount_ppm: 5_000,
  risk_rate_ppm: 20_000,
  market_id: 0,
};

/** Accepts the assets, gives everybody some, and lets a pair price USDT. */
export function acceptCollateral(
  state: AppState,
  owners: readonly SigningKey[],
  assets: readonly (typeof volatileAsset)[] = [volatileAsset, stableAsset],
): void {
  const { pairs } = state['oracle'] as { pairs: Record<string, unknown>[] };
  pairs.push({ id: 9, symbol: 'USDT-USD', exponent: -6, clamp_floor_ppm: 0 });
  const perps = state['perps'] as { collateral: { assets: unknown[] } };
  perps.collateral.assets.push(...assets);
  for (const { address } of owners) {
    addBalance(state, address, 'ubtc', 100_000_000_000n);
    addBalance(state, address, 'uusdt', 1_000_000_000_000n);
  }
}

const coinOf = (denom: string, amount: bigint) => ({ denom, amount: amount.toString() });

export const depositOf = (
  { address: owner }: SigningKey,
  denom: string,
  amount: bigint,
  subaccountNumber = 0,
): TxMessage => message('MsgDeposit', MsgDeposit, { owner, subaccountNumber, amount: coinOf(denom, amount) });
export const withdrawOf = ({ address: owner }: SigningKey, denom: string, amount: bigint): TxMessage =>
  message('MsgWithdraw', MsgWithdraw, { owner, subaccountNumber: 0, amount: coinOf(denom, amount) });
export const transferOf = ({ address: owner }: SigningKey, denom: string, amount: bigint, to: number): TxMessage =>
  message('MsgTransfer', MsgTransfer, {
    owner,
    fromSubaccountNumber: 0,
    toSubaccountNumber: to,
    amount: coinOf(denom, amount),
  });
export const buy = ({ address: buyer }: SigningKey, denom: string, amount: bigint, maxPrice: bigint): TxMessage =>
  message('MsgBuyCollateral', MsgBuyCollateral, { buyer, amount: coinOf(denom, amount), maxPrice });
