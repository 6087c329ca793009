import type { ExecTxResult, ValidatorUpdate as AbciValidatorUpdate } from 'cosmjs-types/tendermint/abci/types';
import type { AppError } from './errors.js';
import type { ValidatorUpdate } from './module.js';
import { toAbciEvents, type TxOutcome } from './run-tx.js';

const noBytes = new Uint8Array(0);

export function toAbciUpdates(updates: readonly ValidatorUpdate[]): AbciValidatorUpdate[] {
  return updates.map(({ pubKey, power }) => ({ pubKey: { ed25519: pubKey, secp256k1: undefined }, power }));
}

/** Of a transaction that was not run. */
export function failure(error: AppError): TxOutcome {
  return { error, gasWanted: 0n, gasUsed: 0n, data: noBytes, events: [] };
}

/** Of the price votes, which are no transaction. */
export function emptyResult(): ExecTxResult {
  return { code: 0, data: noBytes, log: '', info: '', gasWanted: 0n, gasUsed: 0n, events: [], codespace: '' };
}

export function toExecTxResult(outcome: TxOutcome): ExecTxResult {
  return {
    code: outcome.error?.code ?? 0,
    codespace: outcome.error?.codespace ?? '',
    log: outcome.error?.message ?? '',
    info: '',
    data: outcome.data,
    gasWanted: outcome.gasWanted,
    gasUsed: outcome.gasUsed,
    events: toAbciEvents(outcome.events),
  };
}
