import type { AnteHandler, ExecutableTx } from '../../../runtime/baseapp/tx.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import type { AminoJson } from '../../../runtime/codec/amino-json.js';
import type { BankKeeper } from '../expected_keepers.js';
import type { AuthKeeper } from '../keeper.js';
import type { Params } from '../../../gen/cosmos/auth/v1beta1/auth.js';
import { checkForm, checkMemo, checkTimeout } from './basic.js';
import { deductFee, type GasPrices } from './fee.js';
import { consumeSizeGas } from './size-gas.js';
import { signersOf, type Signer } from './signers.js';
import { checkSignatures, SignatureCache } from './signatures.js';
import { incrementSequences } from './sequence.js';
import { checkTimeoutTimestamp, defaultUnorderedTtlMs, useTimeout, withoutSequence } from './unordered.js';

export interface AnteOptions {
  readonly auth: AuthKeeper;
  readonly bank: BankKeeper;
  readonly amino: AminoJson;
  /** Least gas prices this node asks for in CheckTx; consensus knows none. */
  readonly minGasPrices: GasPrices;
  /** How far ahead an unordered transaction's timeout may lie, milliseconds; part of consensus. Ten minutes when not given. */
  readonly unorderedTtlMs?: bigint;
}

/** What each check sees. */
export interface AnteScope {
  readonly ctx: Context;
  readonly tx: ExecutableTx;
  readonly params: Params;
}

/** The checks before a transaction's messages, in the order of the Cosmos SDK. */
export function anteHandler(options: AnteOptions): AnteHandler {
  const verified = new SignatureCache();
  const { unorderedTtlMs = defaultUnorderedTtlMs } = options;
  return (ctx, tx) => {
    checkForm({ ctx, tx });
    const scope: AnteScope = { ctx, tx, params: options.auth.params(ctx) };
    checkTimeout(scope);
    checkTimeoutTimestamp(scope, unorderedTtlMs);
    checkMemo(scope);
    consumeSizeGas(scope);
    deductFee(scope, options.bank, options.minGasPrices);
    const signers: Signer[] = signersOf(scope, options.auth);
    const { unordered } = tx.body;
    checkSignatures(scope, unordered ? withoutSequence(signers) : signers, options.amino, verified);
    if (unordered) useTimeout(scope, signers, options.auth);
    else incrementSequences(ctx, signers, options.auth);
  };
}
