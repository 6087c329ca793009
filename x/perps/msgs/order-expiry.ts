import type { OrderParams } from '../../../gen/plimsoll/perps/v1/order_params.js';
import { TimeInForce } from '../../../gen/plimsoll/perps/v1/types.js';
import type { BlockInfo } from '../../../runtime/baseapp/context.js';
import { errors } from '../errors.js';

/** Until when an order is good; zero is for ever. */
export interface Expiry {
  /** Latest block time, milliseconds since 1970. */
  readonly goodTilTimeMs: bigint;
  /** Last height. */
  readonly goodTilBlock: bigint;
}

type Now = Pick<BlockInfo, 'height' | 'timeMs'>;

/** May no block from this one on fill the order? */
export const isExpired = ({ goodTilTimeMs, goodTilBlock }: Expiry, { height, timeMs }: Now): boolean =>
  (goodTilTimeMs !== 0n && timeMs > goodTilTimeMs) || (goodTilBlock !== 0n && height > goodTilBlock);

/** Blocks that one may be good for at most, as if each took a second. */
const msPerBlock = 1_000n;

/** Is the expiry ahead, and not too far? @throws perps/60, perps/62 */
export function requireAhead(expiry: Expiry, now: Now, params: OrderParams): void {
  const { goodTilTimeMs, goodTilBlock } = expiry;
  if (isExpired(expiry, now)) {
    throw goodTilTimeMs !== 0n && now.timeMs > goodTilTimeMs
      ? errors.expired(`good_til_time_ms: ${goodTilTimeMs}; the block's time is ${now.timeMs}`)
      : errors.expired(`good_til_block: ${goodTilBlock}; this is block ${now.height}`);
  }
  const latest = now.timeMs + params.maxGoodTilMs;
  if (goodTilTimeMs > latest) throw errors.expiryTooFar(`good_til_time_ms: ${goodTilTimeMs}; at most ${latest} now`);
  const last = now.height + params.maxGoodTilMs / msPerBlock;
  if (goodTilBlock > last) throw errors.expiryTooFar(`good_til_block: ${goodTilBlock}; at most ${last} now`);
}

/** Does the expiry fit the time in force? @throws perps/60, perps/61, perps/62 */
export function requireExpiry(
  msg: Expiry & { readonly timeInForce: TimeInForce },
  now: Now,
  params: OrderParams,
): void {
  const { goodTilTimeMs, goodTilBlock, timeInForce } = msg;
  const wantsTime = timeInForce === TimeInForce.TIME_IN_FORCE_GTT;
  const wantsBlock = timeInForce === TimeInForce.TIME_IN_FORCE_GTB;
  if (wantsTime !== (goodTilTimeMs !== 0n)) {
    throw errors.expiryMismatch(
      wantsTime
        ? 'good_til_time_ms: TIME_IN_FORCE_GTT needs one'
        : 'good_til_time_ms: only TIME_IN_FORCE_GTT has one; expected zero',
    );
  }
  if (wantsBlock !== (goodTilBlock !== 0n)) {
    throw errors.expiryMismatch(
      wantsBlock
        ? 'good_til_block: TIME_IN_FORCE_GTB needs one'
        : 'good_til_block: only TIME_IN_FORCE_GTB has one; expected zero',
    );
  }
  requireAhead(msg, now, params);
}
