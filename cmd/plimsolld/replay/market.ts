import type { Market } from '../../../gen/plimsoll/perps/v1/types.js';
import { maxPrice, scaleDecimal } from '../../../x/oracle/decimal.js';
import { marketOfClass, type ClassName } from '../../../x/perps/params.js';
import { Failure } from '../failure.js';
import type { PriceFile } from './inputs.js';

/** Digits of the first price: six are left after a fall to a millionth. */
const startDigits = 12;
/** base_exponent + price_exponent + 6: at the first price a base quantum is worth 100 to 1,000 quote quanta. */
const scale = -9;
/** The tick is at most this part of the lowest price. */
const ticksInLowest = 10_000n;
/** A step is worth at most this at the highest price: ten cents. */
const stepWorth = 100_000n;

/** Lists a market whose units fit the whole range of the file. @throws Failure when no units do */
export function marketFor(file: PriceFile, id: number, className: ClassName): Market {
  const priceExponent = exponentOf(file);
  const prices = file.bars.flatMap(({ open, high, low, close }) =>
    [open, high, low, close].map((text) => scaleDecimal(text, priceExponent)),
  );
  let lowest = maxPrice;
  let highest = 0n;
  for (const price of prices) {
    if (price === undefined) {
      throw new Failure(
        `--prices ${file.symbol}: ${file.path}: prices span more than the oracle's 62 bits from the first bar on`,
      );
    }
    if (price < lowest) lowest = price;
    if (price > highest) highest = price;
  }
  return marketOfClass(className, {
    id,
    ticker: file.symbol,
    baseExponent: scale - 6 - priceExponent,
    priceExponent,
    tickSize: powerOfTenUpTo(lowest / ticksInLowest),
    stepSize: powerOfTenUpTo((stepWorth * 10n ** BigInt(-scale)) / highest),
    oraclePairId: id,
  });
}

function exponentOf({ bars, symbol, path }: PriceFile): number {
  for (let exponent = 6; exponent >= -27; exponent--) {
    const first = scaleDecimal(bars[0]!.open, exponent);
    if (first !== undefined && first >= 10n ** BigInt(startDigits - 1)) return exponent;
  }
  throw new Failure(`--prices ${symbol}: ${path}: first price ${bars[0]!.open} is out of range`);
}

/** The largest power of ten that is not above the value; at least 1. */
function powerOfTenUpTo(value: bigint): bigint {
  let power = 1n;
  while (power * 10n <= value) power *= 10n;
  return power;
}
