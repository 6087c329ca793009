import type { Event } from 'cosmjs-types/tendermint/abci/types';
import { TxMsgData } from '../../gen/cosmos/base/abci/v1beta1/abci.js';
import { IndexedEvent } from '../abci/encode.js';
import { encodeMessage } from '../store/encode.js';
import type { CacheMultiStore, MultiReader } from '../store/types.js';
import { isMachineFault } from './block-fault.js';
import { Context, type BlockInfo, type ExecMode } from './context.js';
import { AppError, internalError, sdkErrors } from './errors.js';
import { EventLog, TaggedEvent, type AppEvent } from './events.js';
import { CountingGasMeter, LimitedGasMeter } from './gas.js';
import type { Router } from './router.js';
import type { AnteHandler, ExecutableTx } from './tx.js';
import type { TypedEventEncoder } from './typed-events.js';

/** What became of a transaction. */
export interface TxOutcome {
  /** Undefined when it succeeded. */
  readonly error: AppError | undefined;
  /** What was thrown instead of a registered error: for the log, no part of the result. */
  readonly bug?: unknown;
  readonly gasWanted: bigint;
  readonly gasUsed: bigint;
  /** TxMsgData of a success. */
  readonly data: Uint8Array;
  readonly events: readonly AppEvent[];
}

const noBytes = new Uint8Array(0);
/** Largest gas limit: far above any block, and safe in every client's signed 64-bit field. */
const maxGasLimit = (1n << 63n) - 1n;

/**
 * Runs one transaction: the ante part, whose effects stay even when a message
 * fails, then all messages as one unit. Check modes stop after the ante part.
 * An error that nobody registered is a bug: it fails the transaction like any
 * other, so that nobody can stop the chain with it.
 * @throws a fault of the machine, which may come on this node alone
 */
export function runTx(
  tx: ExecutableTx,
  layer: CacheMultiStore,
  block: BlockInfo,
  mode: ExecMode,
  committed: MultiReader,
  typed: TypedEventEncoder,
  ante: AnteHandler,
  router: Router,
): TxOutcome {
  const gasWanted = tx.authInfo.fee?.gasLimit ?? 0n;
  if (gasWanted > maxGasLimit) {
    const error = sdkErrors.invalidGasLimit(`fee.gas_limit ${gasWanted} exceeds ${maxGasLimit}`);
    return { error, gasWanted: 0n, gasUsed: 0n, data: noBytes, events: [] };
  }
  const gas = mode === 'simulate' ? new CountingGasMeter() : new LimitedGasMeter(gasWanted);
  const events = new EventLog();
  const done = (error: AppError | undefined, data: Uint8Array = noBytes): TxOutcome => ({
    error,
    gasWanted,
    gasUsed: gas.used,
    data,
    events: events.list(),
  });
  const failed = (error: unknown, where = ''): TxOutcome => {
    if (isMachineFault(error)) throw error;
    if (!(error instanceof AppError)) return { ...done(internalError(where)), bug: error };
    return done(where === '' ? error : new AppError(error.codespace, error.code, `${where}${error.message}`));
  };

  try {
    const anteLayer = layer.branch();
    const ctx = new Context(anteLayer, block, mode, committed, typed, gas);
    ante(ctx, tx);
    anteLayer.write();
    events.append(ctx.events);
  } catch (error) {
    return failed(error);
  }
  if (mode === 'check' || mode === 'recheck') return done(undefined);

  const messageLayer = layer.branch();
  const messageEvents = new EventLog();
  const msgResponses: { typeUrl: string; value: Uint8Array }[] = [];
  for (const [index, { typeName, value, signers }] of tx.calls.entries()) {
    try {
      const ctx = new Context(messageLayer, block, mode, committed, typed, gas);
      const result = router.execute(ctx, typeName, value);
      msgResponses.push({ typeUrl: `/${result.typeName}`, value: result.bytes });
      const tag = ['msg_index', String(index)] as const;
      messageEvents.emit('message', [
        ['action', `/${typeName}`],
        ['sender', signers[0] ?? ''],
        ['module', moduleOf(typeName)],
        tag,
      ]);
      for (const event of ctx.events.list()) messageEvents.add(new TaggedEvent(event, tag));
    } catch (error) {
      return failed(error, `failed to execute message; message index: ${index}: `);
    }
  }
  messageLayer.write();
  events.append(messageEvents);
  return done(undefined, encodeMessage(TxMsgData, { data: [], msgResponses }));
}

/** `perps` of `plimsoll.perps.v1.MsgDeposit`. */
function moduleOf(typeName: string): string {
  return typeName.split('.')[1] ?? '';
}

export function toAbciEvents(events: readonly AppEvent[]): Event[] {
  return events.map((event) => new IndexedEvent(event));
}
