import type { StressParams } from '../../../../gen/plimsoll/perps/v1/stress.js';
import { errors } from '../../errors.js';
import type { SolvencyClass } from '../../types.js';

const usdc = 1_000_000n;

/** Defaults of docs/adr/0024-stress-tests.md. */
export const defaultStressParams: StressParams = {
  sweepAccountsPerBlock: 1_000,
  uninsuredOpenInterestA: (100_000_000n * usdc).toString(),
  uninsuredOpenInterestB: (20_000_000n * usdc).toString(),
  uninsuredOpenInterestC: (4_000_000n * usdc).toString(),
  uninsuredOpenInterestD: (1_000_000n * usdc).toString(),
};

const amounts: Readonly<Record<SolvencyClass, (params: StressParams) => string>> = {
  A: (params) => params.uninsuredOpenInterestA,
  B: (params) => params.uninsuredOpenInterestB,
  C: (params) => params.uninsuredOpenInterestC,
  D: (params) => params.uninsuredOpenInterestD,
};

/** Open interest that a market of the class may carry without insurance, quote quanta. */
export const uninsuredOpenInterest = (params: StressParams, name: SolvencyClass): bigint =>
  BigInt(amounts[name](params));

/** @throws perps/25 naming the field */
export function validateStressParams(value: StressParams | undefined): void {
  if (value === undefined) throw errors.invalidParams('stress: missing');
  const { sweepAccountsPerBlock: accounts } = value;
  if (accounts < 1 || accounts > 20_000)
    throw errors.invalidParams(`stress.sweep_accounts_per_block: ${accounts}; expected 1 to 20000`);
  for (const name of ['A', 'B', 'C', 'D'] as const) {
    const text = amounts[name](value);
    if (!/^(0|[1-9][0-9]{0,30})$/.test(text))
      throw errors.invalidParams(
        `stress.uninsured_open_interest_${name.toLowerCase()}: ${JSON.stringify(text.slice(0, 40))} is not an amount in quote quanta`,
      );
  }
}
