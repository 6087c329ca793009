import type { BatchResult, MsgBatchOrders, MsgBatchOrdersResponse } from '../../../gen/plimsoll/perps/v1/tx.js';
import { AppError } from '../../../runtime/baseapp/errors.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import type { Deps } from '../deps.js';
import { errors } from '../errors.js';
import { requireSubaccountKey } from './common.js';
import { OrderDesk } from './order-desk.js';

/** Entries of one message at most: as many as orders may be open. */
const maxEntries = 200;

const done: BatchResult = { code: 0, codespace: '', log: '' };

/**
 * Cancels, shrinks and places, in this order: what is cancelled or shrunk
 * frees margin and room for what is placed. While trading is halted only
 * cancels are possible.
 */
export function batchOrders(ctx: Context, deps: Deps, msg: MsgBatchOrders): MsgBatchOrdersResponse {
  const entries = msg.cancels.length + msg.amends.length + msg.places.length;
  if (entries === 0) throw errors.invalidOrder('cancels, amends, places: all are empty');
  if (entries > maxEntries)
    throw errors.invalidOrder(`cancels, amends, places: ${entries} entries; at most ${maxEntries}`);
  if (msg.amends.length + msg.places.length > 0) deps.keeper.requireRunning(ctx);
  const desk = new OrderDesk(ctx, deps, requireSubaccountKey(msg.owner, msg.subaccountNumber));
  const each = <T>(field: string, list: readonly T[], work: (entry: T) => unknown): BatchResult[] =>
    list.map((entry, index) => {
      try {
        work(entry);
        return done;
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        const { code, codespace, message } = error;
        if (!msg.bestEffort) throw new AppError(codespace, code, `${field}[${index}]: ${message}`);
        return { code, codespace, log: message };
      }
    });
  return {
    cancels: each('cancels', msg.cancels, (entry) => desk.cancel(entry)),
    amends: each('amends', msg.amends, (entry) => desk.amend(entry)),
    places: each('places', msg.places, (entry) => desk.place(entry)),
  };
}
