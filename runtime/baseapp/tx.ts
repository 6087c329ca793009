import type { DecodedTx } from '../codec/tx.js';
import type { Context } from './context.js';

/** A transaction ready to run: decoded, its messages known, its signers collected. */
export interface ExecutableTx extends DecodedTx {
  readonly calls: readonly {
    readonly typeName: string;
    readonly value: unknown;
    readonly signers: readonly string[];
  }[];
  /** Bech32 addresses that must sign, each once, in order of first mention; the fee payer comes first. */
  readonly signers: readonly string[];
}

/**
 * Everything that happens to a transaction before its messages: checks,
 * fees, signatures, sequence. Throws AppError to refuse; what it wrote then
 * leaves no trace. What it wrote when it returns is kept even if a message fails.
 */
export type AnteHandler = (ctx: Context, tx: ExecutableTx) => void;
