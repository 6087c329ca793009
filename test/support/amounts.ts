/** USDC in quote quanta, and prices of the demo markets: both count millionths. */
export const usdc = (amount: number): bigint => BigInt(Math.round(amount * 1e6));
export const usd = usdc;
/** BTC in base quanta of the demo markets. */
export const btc = (amount: number): bigint => BigInt(Math.round(amount * 1e8));
