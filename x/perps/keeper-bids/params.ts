import type { KeeperBidParams } from '../../../gen/plimsoll/perps/v1/keeper_bid_params.js';
import type { Params } from '../../../gen/plimsoll/perps/v1/types.js';
import { FatalError } from '../../../runtime/baseapp/errors.js';
import { errors } from '../errors.js';

export const defaultKeeperBidParams: KeeperBidParams = {
  maxBidsPerSubaccount: 50,
  maxBidsPerSide: 500,
  minNotional: '1000000000',
  maxAccountsPerBlock: 500,
};

/** Bids' own parameters. They are there: genesis and governance refuse parameters without them. */
export function keeperBidParams({ keeperBids }: Params): KeeperBidParams {
  if (keeperBids === undefined) throw new FatalError('parameters without those of keeper bids');
  return keeperBids;
}

/** @throws perps/25 naming the field */
export function validateKeeperBidParams(value: KeeperBidParams | undefined): void {
  if (value === undefined) throw errors.invalidParams('keeper_bids: missing');
  const range = (field: string, amount: number, low: number, high: number): void => {
    if (amount < low || amount > high)
      throw errors.invalidParams(`keeper_bids.${field}: ${amount}; expected ${low} to ${high}`);
  };
  range('max_bids_per_subaccount', value.maxBidsPerSubaccount, 1, 1_000);
  range('max_bids_per_side', value.maxBidsPerSide, 1, 10_000);
  if (!/^[1-9][0-9]{0,30}$/.test(value.minNotional))
    throw errors.invalidParams(
      `keeper_bids.min_notional: ${JSON.stringify(value.minNotional.slice(0, 40))} is not a positive amount in quote quanta`,
    );
  range('max_accounts_per_block', value.maxAccountsPerBlock, 1, 10_000);
}
