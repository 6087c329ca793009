import { sdkErrors } from '../../../runtime/baseapp/errors.js';
import { parseAddress } from '../../../runtime/baseapp/address.js';
import type { BankKeeper } from '../expected_keepers.js';
import type { AnteScope } from './index.js';

/** Module account that collects transaction fees. */
export const feeCollector = 'fee_collector';

/** Price of one unit of gas in a denomination, as a fraction: amount / 10^scale. */
export interface GasPrice {
  readonly denom: string;
  readonly amount: bigint;
  readonly scale: number;
}

export type GasPrices = readonly GasPrice[];

/**
 * Reads "0.025uusdc,0.1uplim". An empty text asks for nothing.
 * @throws Error naming the part that does not parse
 */
export function parseGasPrices(text: string): GasPrices {
  if (text.trim() === '') return [];
  return text.split(',').map((part) => {
    const match = /^(\d{1,18})(?:\.(\d{1,18}))?([a-zA-Z][a-zA-Z0-9/:._-]{2,127})$/.exec(part.trim());
    if (match === null)
      throw new Error(`gas price ${JSON.stringify(part)}: expected a decimal and a denomination, like 0.025uusdc`);
    const fraction = match[2] ?? '';
    return { denom: match[3]!, amount: BigInt(match[1]! + fraction), scale: fraction.length };
  });
}

/** Takes the fee from the first signer (or the named payer). Its price is only checked by the node that admits the transaction. */
export function deductFee({ ctx, tx }: AnteScope, bank: BankKeeper, minimum: GasPrices): void {
  const fee = tx.authInfo.fee!;
  let previous = '';
  for (const { denom, amount } of fee.amount) {
    if (!/^[1-9]\d{0,38}$/.test(amount)) {
      throw sdkErrors.invalidCoins(
        `auth_info.fee.amount: ${JSON.stringify(amount)} ${denom} is not a positive integer`,
      );
    }
    if (denom <= previous)
      throw sdkErrors.invalidCoins('auth_info.fee.amount: denominations must be sorted and differ');
    previous = denom;
  }
  if (ctx.mode === 'check' && minimum.length > 0) checkPrice(fee, minimum);
  const payer = parseAddress(tx.signers[0]!, 'signer');
  const text = fee.amount.map(({ denom, amount }) => `${amount}${denom}`).join(',');
  for (const { denom, amount } of fee.amount) bank.sendToModule(ctx, payer, feeCollector, denom, BigInt(amount));
  ctx.events.emit('tx', [
    ['fee', text],
    ['fee_payer', tx.signers[0]!],
  ]);
}

function checkPrice(
  fee: { readonly amount: readonly { readonly denom: string; readonly amount: string }[]; readonly gasLimit: bigint },
  minimum: GasPrices,
): void {
  const required = minimum.map(({ denom, amount, scale }) => {
    const unit = 10n ** BigInt(scale);
    return { denom, amount: (amount * fee.gasLimit + unit - 1n) / unit };
  });
  const enough = required.some(
    ({ denom, amount }) =>
      amount === 0n || fee.amount.some((coin) => coin.denom === denom && BigInt(coin.amount) >= amount),
  );
  if (!enough) {
    const list = (coins: readonly { readonly denom: string; readonly amount: bigint | string }[]): string =>
      coins.map(({ denom, amount }) => `${amount}${denom}`).join(',');
    throw sdkErrors.insufficientFee(`insufficient fees; got: ${list(fee.amount)} required: ${list(required)}`);
  }
}
