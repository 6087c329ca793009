import type { AnteScope } from './index.js';

/** Bytes of a signature with its tag and length: what a simulated transaction does not carry yet. */
const signatureSize = 66;

/** Charges for the room a transaction takes in the block. */
export function consumeSizeGas({ ctx, tx, params }: AnteScope): void {
  const missing = ctx.mode === 'simulate' ? tx.signatures.filter((signature) => signature.length === 0).length : 0;
  ctx.gas.consume(params.txSizeCostPerByte * BigInt(tx.size + missing * signatureSize), 'txSize');
}
