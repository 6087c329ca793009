import { sdkErrors } from '../../../runtime/baseapp/errors.js';
import type { AnteScope } from './index.js';

/** The parts that must be there, and those that this chain does not know. */
export function checkForm({ tx, ctx }: Pick<AnteScope, 'ctx' | 'tx'>): void {
  const { body, authInfo } = tx;
  if (body.extensionOptions.length > 0) {
    throw sdkErrors.unknownExtensionOptions(
      `body.extension_options: ${body.extensionOptions[0]!.typeUrl} is not known`,
    );
  }
  if (body.nonCriticalExtensionOptions.length > 0) {
    throw sdkErrors.unknownExtensionOptions('body.non_critical_extension_options: none are known');
  }
  if (authInfo.fee === undefined) throw sdkErrors.invalidRequest('auth_info.fee: missing');
  if (authInfo.fee.granter !== '')
    throw sdkErrors.notSupported('auth_info.fee.granter: fee grants are not supported yet');
  if (ctx.mode !== 'simulate' && authInfo.fee.gasLimit === 0n) {
    throw sdkErrors.invalidGasLimit('auth_info.fee.gas_limit: must be positive');
  }
  if (tx.signers.length === 0) throw sdkErrors.noSignatures('no message names a signer');
}

export function checkTimeout({ tx, ctx }: AnteScope): void {
  const { timeoutHeight } = tx.body;
  if (timeoutHeight !== 0n && ctx.block.height > timeoutHeight) {
    throw sdkErrors.txTimeoutHeight(`block height: ${ctx.block.height}, timeout height: ${timeoutHeight}`);
  }
}

export function checkMemo({ tx, params }: AnteScope): void {
  const length = Buffer.byteLength(tx.body.memo, 'utf8');
  if (BigInt(length) > params.maxMemoCharacters) {
    throw sdkErrors.memoTooLarge(`maximum number of bytes is ${params.maxMemoCharacters} but received ${length}`);
  }
}
